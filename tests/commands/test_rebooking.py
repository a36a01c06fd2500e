"""The same once more: whose it is, what is taken along of it, what refuses it; and once, whoever asks twice."""

from functools import partial

import pytest
from msgspec.structs import replace

from commands import booking_ref
from commands.customers import forget_customer
from commands.ending import delete_booking
from commands.persons import forget
from commands.readdressing import Ends
from commands.rebooking import Again, rebook
from domain import Refused
from domain.house import InstructionZipsSet, PaymentMaximumSet, ZipPrefixesExcluded
from domain.selection import Extras, PickupTime, StandardDelivery
from eventlog.store import EventStore
from tests.commands.accounts_made import registered, verified
from tests.commands.changes import NEAR, TUESDAY, black_out, change, furnish, limit, refused
from tests.commands.wishes import WANTED, asks, day, place_booking, together
from tests.samples import NOON

TODAY, EARLY = NOON.date(), NOON.replace(hour=14)
AT_ONCE = replace(WANTED, pickup_date=TODAY, selection=StandardDelivery(3, is_same_day_delivery=True))


@pytest.fixture
def old(ctx):
    """What Ada booked as a guest before she had an account; `ada` proves the address."""
    return place_booking(asks(), ctx())


@pytest.fixture
def ada(ctx, old):
    return verified(ctx)


def once_more(ctx, placed, who, now=NOON, version=None, **told):
    again = Again(who, **({"pickup_date": TUESDAY, "pickup_time": PickupTime.MORNING} | told))
    return rebook(booking_ref(placed.booking_id)._replace(version=version), again, ctx(now))


def first(ctx, placed):
    return ctx().store.history(placed.booking_id)[0].event


def test_the_new_one_is_the_accounts_with_streets_and_words_of_the_old(ctx, old, ada):
    change(ctx, old, ends=Ends(NEAR), special_instructions="Ring once")
    new = first(ctx, once_more(ctx, old, ada))
    assert (new.person_id, new.is_guest, new.pickup_date) == (ada, False, TUESDAY)
    assert (new.personal.pickup.address_line_1, new.personal.delivery.address_line_1) == ("5 Park Ave", "2 Dune Rd")
    assert (new.personal.special_instructions, new.pickup_area.zip_code) == ("Ring once", "10016")


def test_what_is_somebody_elses_or_put_away_or_unreadable_is_not_found(ctx, old, ada):
    eve = registered(ctx, "eve")
    assert refused(ctx, once_more, old, eve)[0] == "not_found"
    delete_booking(booking_ref(old.booking_id), "A test", ctx())
    assert refused(ctx, once_more, old, ada)[0] == "not_found"
    other = place_booking(asks(), ctx())
    forget(first(ctx, other).person_id, ctx())
    assert refused(ctx, once_more, other, ada)[0] == "not_found"
    mine = once_more(ctx, place_booking(asks("kay"), ctx()), verified(ctx, "kay"))
    assert refused(ctx, once_more, replace(mine, booking_id=mine.payment_id), ada)[0] == "not_found"


def test_whose_account_was_closed_books_nothing(ctx, ada):
    mine = place_booking(asks(wanted=replace(WANTED, pickup_time=PickupTime.NO_TIME_PREFERENCE)), ctx())
    forget_customer(ada, ctx())
    assert refused(ctx, once_more, mine, ada)[0] == "not_found"


def full(ctx):
    limit(ctx, TUESDAY, 0)


def shut(ctx):
    black_out(ctx, TUESDAY)


@pytest.mark.parametrize(
    ("what", "code", "path"),
    [
        (full, "no_capacity", "/pickup_date"),
        (shut, "blackout_day", "/pickup_date"),
        (lambda ctx: furnish(ctx, ZipPrefixesExcluded(("119",))), "zip_not_served", ""),
        (lambda ctx: furnish(ctx, PaymentMaximumSet(100000)), "total_exceeds_maximum", ""),
    ],
    ids=["full", "shut", "not served", "too much"],
)
def test_what_cannot_be_had_any_more_is_refused_by_the_field_that_was_told(ctx, old, ada, what, code, path):
    what(ctx)
    assert refused(ctx, once_more, old, ada) == (code, path)


def test_the_driver_must_know_how_to_get_in(ctx, ada):
    quiet = place_booking(asks(special_instructions="", wanted=replace(WANTED, pickup_date=TUESDAY)), ctx())
    furnish(ctx, InstructionZipsSet(("10013",)))
    assert refused(ctx, once_more, quiet, ada)[0] == "instructions_required"


def test_same_day_delivery_is_had_again_only_where_it_is_told(ctx, ada):
    urgent = place_booking(asks(wanted=AT_ONCE), ctx(EARLY))
    assert not first(ctx, once_more(ctx, urgent, ada)).selection.is_same_day_delivery
    assert refused(ctx, once_more, urgent, ada, extras=Extras(is_same_day_delivery=True))[0] == "same_day_not_today"
    later = {"pickup_date": TODAY, "pickup_time": PickupTime.NO_TIME_PREFERENCE}
    assert first(ctx, once_more(ctx, urgent, ada, EARLY, **later)).selection.is_same_day_delivery


def test_asked_for_twice_at_once_by_two_processes_it_is_one(ctx, database, vault, old, ada):
    with EventStore(database, vault) as elsewhere:

        def ask(store):
            try:
                return rebook(booking_ref(old.booking_id), Again(ada, TUESDAY, PickupTime.MORNING), ctx(store=store))
            except Refused as refusal:
                return refusal.code

        told = together(*(partial(ask, store) for store in (ctx().store, elsewhere) for _ in range(4)))
    assert told.count("slot_taken") == 7
    assert len(day(ctx, TUESDAY).places) == 1


def test_a_version_that_was_not_seen_is_refused(ctx, old, ada):
    assert refused(ctx, once_more, old, ada, version=2) == ("version_conflict", "")
    once_more(ctx, old, ada, version=1)
