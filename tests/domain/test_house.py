"""The settings of the house: each is changed once, kept whole, and refused out of its range."""

from decimal import Decimal
from functools import partial

import msgspec
import pytest

from domain import house
from domain.house import (
    BookingWindowSet,
    DailyCapacitySet,
    DeliveryDistanceLimited,
    GeographicThresholdSet,
    HoldTimeSet,
    House,
    HouseCoiFeeSet,
    InstructionZipsSet,
    OrganizingTaxSet,
    PaymentMaximumSet,
    ZipPrefixesExcluded,
    change,
)
from domain.selection import ServiceType
from tests import Given

given = partial(Given, house)
TAX = OrganizingTaxSet(Decimal("9.125"))
CHANGES = [
    TAX,
    GeographicThresholdSet(40),
    BookingWindowSet(60),
    HoldTimeSet(45),
    DailyCapacitySet(ServiceType.MINI_MOVE, 5),
    PaymentMaximumSet(3_000_000),
    HouseCoiFeeSet(6000),
    ZipPrefixesExcluded(("149", "14201")),
    InstructionZipsSet(("06390",)),
    DeliveryDistanceLimited(150),
]


@pytest.mark.parametrize("wish", CHANGES)
def test_each_setting_is_changed_once_and_stored_whole(wish):
    given().when(change, wish).then(wish)
    given(wish).when(change, wish).then()
    assert msgspec.json.decode(msgspec.json.encode(wish), type=type(wish)) == wish


def test_the_house_begins_with_its_own_figures():
    assert (House().organizing_tax_percentage, House().payment_maximum_cents) == (Decimal("8.875"), 2_000_000)
    assert (House().booking_window_days, House().hold_minutes, House().coi_fee_cents) == (90, 30, 5000)


def test_a_setting_as_it_is_by_default_changes_nothing():
    given().when(change, OrganizingTaxSet(Decimal("8.8750"))).then()


def test_changes_add_up():
    state = given(*CHANGES, HoldTimeSet(20)).state
    assert state == House(
        Decimal("9.125"), 40, 60, 20, {ServiceType.MINI_MOVE: 5}, 3_000_000, 6000, ("149", "14201"), ("06390",), 150
    )


def test_a_service_without_a_capacity_of_its_own_has_the_default():
    state = given(DailyCapacitySet(ServiceType.MINI_MOVE, 5)).state
    assert [state.places(service) for service in ("mini_move", "blade_transfer")] == [5, 10]


def test_a_limit_of_distance_is_lifted():
    lifted = DeliveryDistanceLimited(None)
    given(DeliveryDistanceLimited(150)).when(change, lifted).then(lifted)


@pytest.mark.parametrize(
    "wish",
    [
        OrganizingTaxSet(Decimal("100.1")),
        OrganizingTaxSet(Decimal("-0.1")),
        OrganizingTaxSet(Decimal("NaN")),
        BookingWindowSet(-1),
        HoldTimeSet(0),
        DailyCapacitySet(ServiceType.MINI_MOVE, -1),
        PaymentMaximumSet(-1),
        ZipPrefixesExcluded(("",)),
        ZipPrefixesExcluded(("123456",)),
        ZipPrefixesExcluded(("NY",)),
        InstructionZipsSet(("0639",)),
        DeliveryDistanceLimited(-1),
    ],
)
def test_a_setting_out_of_its_range_is_refused(wish):
    given().when(change, wish).refused("invalid_value")
