"""The default catalogue is loaded once; what staff have changed since stays as they have it."""

from datetime import date

from msgspec.structs import replace

from commands.catalog import peak_days, seed
from domain import catalog
from domain.selection import Tier
from eventlog.store import Ref
from tests.samples import note

SHELF = Ref(catalog, catalog.stream())


def test_a_second_seed_changes_nothing(ctx, store):
    before = store.load(SHELF)
    assert seed(ctx()) == 0
    assert store.load(SHELF) == before
    assert len(before.state.mini_moves) == 3


def test_a_seed_leaves_a_changed_price_alone(ctx, store):
    package = replace(store.load(SHELF).state.mini_moves[Tier.PETITE], base_price_cents=100)
    store.append([SHELF], lambda shelf: [catalog.offer(shelf, package)], note())
    assert seed(ctx()) == 0
    assert store.load(SHELF).state.mini_moves[Tier.PETITE] == package


def test_a_seed_next_year_adds_the_peak_days_of_the_year_after(ctx):
    new_year = ctx().now.replace(year=2028)
    assert seed(ctx(new_year)) == 3
    assert seed(ctx(new_year)) == 0


def test_the_peak_days_are_the_fridays_before_the_long_weekends_and_the_third_of_july():
    assert peak_days(2027) == [date(2027, 5, 28), date(2027, 7, 3), date(2027, 9, 3)]
