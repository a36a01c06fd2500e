"""What can be booked at all: days, hours and addresses, each refused with its own code."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from domain import Refused
from domain.address import Area, Street
from domain.house import House
from domain.offer import check_addresses, check_day, check_flight, check_hour, last_day
from domain.pricing import PriceRequest
from domain.selection import BladeTransfer, ItemQuantity, MiniMove, PickupTime, SpecialtyItems, StandardDelivery, Tier
from tests.domain.price_lists import ITEMS

TODAY = date(2027, 1, 4)
MORNING, TEN = (datetime(2027, 1, 4, *at, tzinfo=ZoneInfo("America/New_York")) for at in ((9, 59, 59), (10,)))
MOVE = PriceRequest(MiniMove(Tier.PETITE), TODAY, PickupTime.MORNING, None, False, False)
SAME_DAY = replace(MOVE, selection=StandardDelivery(3, True))
CRIB = SpecialtyItems((ItemQuantity(ITEMS["Crib"], 1),))
CRIB_TODAY = replace(MOVE, selection=replace(CRIB, is_same_day_delivery=True))
BLADE = BladeTransfer("JFK", TODAY, time(14, 30), 3, time(9))
HOUSE = House()


def code(check, *args) -> str | None:
    try:
        check(*args)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("asked", "days", "now", "refused"),
    [
        (MOVE, -1, MORNING, "pickup_in_past"),
        (SAME_DAY, -1, MORNING, "pickup_in_past"),
        (MOVE, 0, MORNING, "same_day_required"),
        (SAME_DAY, 0, MORNING, None),
        (SAME_DAY, 0, TEN, "same_day_too_late"),
        (SAME_DAY, 1, MORNING, "same_day_not_today"),
        (replace(MOVE, selection=CRIB), 0, MORNING, "same_day_required"),
        (CRIB_TODAY, 0, MORNING, None),
        (CRIB_TODAY, 0, TEN, "same_day_too_late"),
        (CRIB_TODAY, 1, MORNING, "same_day_not_today"),
        (replace(MOVE, selection=BLADE), 0, MORNING, "same_day_required"),
        (replace(MOVE, selection=BLADE), 1, TEN, None),
        (MOVE, 1, TEN, None),
        (MOVE, 90, TEN, None),
        (MOVE, 91, TEN, "outside_booking_window"),
    ],
)
def test_which_days_can_be_booked(asked, days, now, refused):
    assert code(check_day, replace(asked, pickup_date=TODAY + timedelta(days)), now, HOUSE) == refused


def test_the_window_is_the_houses():
    assert last_day(TODAY, HOUSE) == date(2027, 4, 4)
    assert last_day(TODAY, House(booking_window_days=1)) == date(2027, 1, 5)


@pytest.mark.parametrize(
    ("time", "hour", "refused"),
    [
        (PickupTime.MORNING, None, None),
        (PickupTime.NO_TIME_PREFERENCE, None, None),
        (PickupTime.MORNING, 9, "pickup_hour_not_allowed"),
        (PickupTime.NO_TIME_PREFERENCE, 8, "pickup_hour_not_allowed"),
        (PickupTime.MORNING_SPECIFIC, None, "pickup_hour_required"),
        (PickupTime.MORNING_SPECIFIC, 7, "invalid_value"),
        (PickupTime.MORNING_SPECIFIC, 8, None),
        (PickupTime.MORNING_SPECIFIC, 10, None),
        (PickupTime.MORNING_SPECIFIC, 11, "invalid_value"),
    ],
)
def test_an_hour_goes_with_a_specific_morning(time, hour, refused):
    assert code(check_hour, replace(MOVE, pickup_time=time, specific_pickup_hour=hour)) == refused


def flight(days, leaves, ready):
    chosen = replace(BLADE, blade_flight_date=TODAY + timedelta(days), blade_flight_time=leaves, blade_ready_time=ready)
    return replace(MOVE, selection=chosen)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (flight(-1, time(14, 30), time(9)), "/blade_flight_date"),
        (flight(2, time(14, 30), time(9)), "/blade_flight_date"),
        (flight(0, time(9), time(9)), "/blade_ready_time"),
        (flight(0, time(9), time(9, 1)), "/blade_ready_time"),
    ],
)
def test_a_flight_that_bags_cannot_catch_is_refused(asked, path):
    with pytest.raises(Refused) as refused:
        check_flight(asked)
    assert (refused.value.code, refused.value.path) == ("blade_times", path)


@pytest.mark.parametrize(
    "asked",
    [
        flight(0, time(9, 1), time(9)),
        flight(1, time(14, 30), time(9)),
        flight(1, time(6), time(9)),  # the bags are ready the day before
        flight(1, time(0), time(23, 59)),
        flight(0, time(7), time(6)),  # before the van's morning: who asks for it knows when the bags can go
        MOVE,
    ],
)
def test_bags_that_are_ready_before_the_flight_are_taken(asked):
    assert code(check_flight, asked) is None


TOWN = Area("New York", "NY", "10013")


@pytest.mark.parametrize(
    ("area", "street", "refused"),
    [
        (TOWN, Street("1 Main St"), "same_address"),
        (TOWN, Street("  1  MAIN st"), "same_address"),
        (Area("NYC", "NY", "10013-1234"), Street("1 Main St", "", "Ring"), "same_address"),
        (TOWN, Street("1 Main St", "Apt 2"), None),
        (TOWN, Street("2 Main St"), None),
        (Area("New York", "NY", "10014"), Street("1 Main St"), None),
    ],
)
def test_pickup_and_delivery_are_two_doors(area, street, refused):
    assert code(check_addresses, (TOWN, Street("1 Main St")), (area, street)) == refused


def test_the_refusal_names_the_field_that_says_where_it_goes():
    airport = Area("Queens", "NY", "11430"), Street("John F. Kennedy International")
    with pytest.raises(Refused) as refused:
        check_addresses(airport, airport, "/blade_airport")
    assert refused.value.path == "/blade_airport"
