"""The catalogue: an entry is offered whole, changes whole, and is refused when it makes no sense."""

from datetime import date
from decimal import Decimal
from functools import partial, reduce

import msgspec
import pytest
from msgspec.structs import replace

from domain import catalog
from domain.catalog import (
    AirportServed,
    DeliveryRatesSet,
    MiniMoveOffered,
    SurchargeRuleSet,
    introduce,
    offer,
    stock,
    told,
)
from domain.price_list import OrganizingService, SurchargeRule, SurchargeType
from domain.selection import Tier
from tests import Given
from tests.domain.price_lists import DEFAULT, ENTRIES, PEAK_DAYS

given = partial(Given, catalog)
PETITE = DEFAULT.mini_moves[Tier.PETITE]
DEARER = replace(PETITE, base_price_cents=105000)
PACKING = next(entry for entry in ENTRIES if isinstance(entry, OrganizingService))
WEEKEND = next(entry for entry in ENTRIES if isinstance(entry, SurchargeRule))
PEAK = next(rule for rule in DEFAULT.surcharges.values() if rule.surcharge_type is SurchargeType.PEAK_DATE)


def test_a_package_is_offered():
    given().when(offer, PETITE).then(MiniMoveOffered(PETITE))


def test_offering_the_same_again_changes_nothing():
    given(MiniMoveOffered(PETITE)).when(offer, PETITE).then()


def test_a_new_price_is_a_new_offer():
    given(MiniMoveOffered(PETITE)).when(offer, DEARER).then(MiniMoveOffered(DEARER))


def test_the_last_offer_holds():
    state = given(MiniMoveOffered(PETITE), MiniMoveOffered(DEARER)).state
    assert state.mini_moves == {Tier.PETITE: DEARER}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: getattr(entry, "name", "delivery"))
def test_every_entry_is_offered_once_and_stored_whole(entry):
    (event,) = offer(None, entry)
    assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event
    given(event).when(offer, entry).then()


def test_the_default_catalogue_is_complete():
    state = DEFAULT
    assert [len(part) for part in (state.mini_moves, state.organizing, state.specialty_items, state.airports)] == [
        3,
        6,
        7,
        2,
    ]
    assert state.delivery
    assert len(state.surcharges) == 3 + len(PEAK_DAYS)


def test_something_new_is_introduced_once_and_then_changed():
    given().when(introduce, PETITE).then(MiniMoveOffered(PETITE))
    given(MiniMoveOffered(PETITE)).when(introduce, DEARER).refused("already_offered")
    given(MiniMoveOffered(replace(PETITE, is_active=False))).when(introduce, PETITE).refused("already_offered")


def test_every_event_tells_its_entry():
    assert [told(event) for event in stock(None, ENTRIES)] == ENTRIES


def test_stocking_again_changes_nothing():
    given(*stock(None, ENTRIES)).when(stock, ENTRIES).then()


def test_stocking_again_keeps_what_staff_changed():
    given(*stock(None, ENTRIES), MiniMoveOffered(DEARER)).when(stock, ENTRIES).then()


def test_stocking_adds_what_is_new():
    known = [event for event in stock(None, ENTRIES) if event != SurchargeRuleSet(PEAK)]
    given(*known).when(stock, ENTRIES).then(SurchargeRuleSet(PEAK))


@pytest.mark.parametrize("entry", [PETITE, DEFAULT.delivery, DEFAULT.airports["JFK"], PACKING])
def test_a_negative_price_is_refused(entry):
    cents = next(name for name in entry.__struct_fields__ if name.endswith("_cents"))
    given().when(offer, replace(entry, **{cents: -1})).refused("invalid_value")


def test_what_no_price_and_no_number_can_be_is_refused_at_its_field():
    given().when(offer, replace(PETITE, base_price_cents=100_000_000)).then(
        MiniMoveOffered(replace(PETITE, base_price_cents=100_000_000))
    )
    given().when(offer, replace(PETITE, base_price_cents=100_000_001)).refused("invalid_value")
    given().when(offer, replace(PETITE, max_items=10_001)).refused("invalid_value")


@pytest.mark.parametrize(
    ("entry", "cheap"),
    [
        (PETITE, {"base_price_cents": 49}),
        (next(iter(DEFAULT.specialty_items.values())), {"base_price_cents": 49}),
        (DEFAULT.delivery, {"minimum_charge_cents": 49, "minimum_items": 7, "price_per_item_cents": 7}),
        (DEFAULT.airports["JFK"], {"minimum_bags": 7, "price_per_bag_cents": 7}),
    ],
)
def test_what_costs_less_than_can_be_paid_is_not_for_sale(entry, cheap):
    given().when(offer, replace(entry, **cheap)).refused("invalid_value")
    assert offer(None, replace(entry, **{name: n + 1 for name, n in cheap.items()}))


def test_organizing_is_named_after_its_tier_and_direction():
    given().when(offer, replace(PACKING, mini_move_tier=Tier.FULL)).refused("organizing_tier_mismatch")
    given().when(offer, replace(PACKING, is_packing_service=False)).refused("organizing_tier_mismatch")


@pytest.mark.parametrize(
    "amounts",
    [
        {"percentage": None},
        {"fixed_amount_cents": 100},
        {"percentage": Decimal("100.01")},
        {"percentage": Decimal("-1")},
        {"percentage": Decimal("12.345")},
        {"percentage": Decimal("NaN")},
    ],
)
def test_a_rule_has_a_fair_percentage_or_a_fixed_amount(amounts):
    given().when(offer, replace(WEEKEND, **amounts)).refused("invalid_value")


def test_a_rule_needs_its_days():
    given().when(offer, replace(PEAK, specific_date=None)).refused("missing_field")
    given().when(offer, replace(WEEKEND, applies_saturday=False, applies_sunday=False)).refused("missing_field")


def test_the_least_is_no_more_than_the_most():
    rates, airport = DEFAULT.delivery, DEFAULT.airports["EWR"]
    given().when(offer, replace(rates, max_items=0)).refused("invalid_value")
    given().when(offer, replace(airport, minimum_bags=21)).refused("invalid_value")
    given().when(offer, replace(rates, max_items=1)).then(DeliveryRatesSet(replace(rates, max_items=1)))
    given().when(offer, replace(airport, minimum_bags=20)).then(AirportServed(replace(airport, minimum_bags=20)))


def test_ids_are_the_same_in_every_database():
    assert str(PETITE.id) == "8a0d9d71-7c97-5d62-87cb-d505c5309302"
    assert len({entry.id for entry in ENTRIES if hasattr(entry, "id")}) == 3 + 6 + 7 + 3 + len(PEAK_DAYS)


def test_the_whole_catalogue_is_a_fold_of_its_events():
    assert reduce(catalog.evolve, stock(None, ENTRIES), None) == DEFAULT
    assert PEAK.specific_date == date(2027, 5, 28)
