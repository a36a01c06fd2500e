"""The settings of the house: each is changed once, kept whole, and refused out of its range."""

from decimal import Decimal
from functools import partial

import msgspec
import pytest

from domain import Refused, house
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
    change_all,
    wishes,
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
        OrganizingTaxSet(Decimal("8.87501")),
        GeographicThresholdSet(1_001),
        BookingWindowSet(0),
        BookingWindowSet(731),
        HoldTimeSet(0),
        HoldTimeSet(1_441),
        DailyCapacitySet(ServiceType.MINI_MOVE, -1),
        DailyCapacitySet(ServiceType.MINI_MOVE, 1_001),
        PaymentMaximumSet(99),
        PaymentMaximumSet(100_000_000),
        HouseCoiFeeSet(-1),
        ZipPrefixesExcluded(("104",) * 1_001),
        ZipPrefixesExcluded(("",)),
        ZipPrefixesExcluded(("123456",)),
        ZipPrefixesExcluded(("NY",)),
        InstructionZipsSet(("0639",)),
        DeliveryDistanceLimited(0),
    ],
)
def test_a_setting_out_of_its_range_is_refused(wish):
    given().when(change, wish).refused("invalid_value")


def test_several_settings_are_changed_at_once_each_that_is_otherwise():
    told = {"hold_minutes": 30, "coi_fee_cents": 6000, "daily_capacity": {ServiceType.MINI_MOVE: 5}}
    changes = [HouseCoiFeeSet(6000), DailyCapacitySet(ServiceType.MINI_MOVE, 5)]
    given().when(change_all, wishes(told)).then(*changes)
    given(*changes).when(change_all, wishes(told)).then()


def test_of_several_settings_one_that_makes_no_sense_is_named_and_refuses_all():
    with pytest.raises(Refused) as refusal:
        change_all(None, wishes({"coi_fee_cents": 6000, "daily_capacity": {ServiceType.MINI_MOVE: 1_001}}))
    assert refusal.value.path == "/daily_capacity/mini_move"
