"""The calendar: what is left of each day, when it can be booked, what it costs more."""

from datetime import timedelta
from decimal import Decimal

from domain import catalog, house, pickup_day
from domain.price_list import SurchargeRule, SurchargeType
from eventlog.ids import new_id
from projections import calendar
from tests.projections.stories import Story, tell
from tests.samples import MONDAY

TODAY = MONDAY - timedelta(7)


def of_monday(ask, today=TODAY):
    [day] = ask(calendar, calendar.availability, MONDAY, MONDAY, today)
    return day


def test_a_day_of_which_nothing_was_ever_heard_is_free(ask):
    days = ask(calendar, calendar.availability, MONDAY, MONDAY + timedelta(6), TODAY)
    free = {"mini_move": 10, "standard_delivery": 10, "specialty_item": 10, "blade_transfer": 10}
    assert [day["date"] for day in days][::6] == ["2027-01-11", "2027-01-17"]
    assert [day["is_weekend"] for day in days] == [False] * 5 + [True] * 2
    assert all(day["remaining"] == free and day["is_bookable"] and not day["is_blackout"] for day in days)


def test_each_booking_takes_a_place_and_a_cancelled_one_gives_it_back(store, ask):
    one, two = Story(store, 1), Story(store, 2, "eve")
    one.place()
    two.place()
    assert of_monday(ask)["remaining"]["mini_move"] == 8
    one.cancel()
    assert of_monday(ask)["remaining"] == {"mini_move": 9, "standard_delivery": 10, "specialty_item": 10,
                                           "blade_transfer": 10}  # fmt: skip


def test_a_day_with_more_bookings_than_places_has_none_left_and_not_fewer(store, ask):
    Story(store, 1).place()
    Story(store, 2, "eve").place()
    stream = pickup_day.stream(MONDAY)
    tell(store, stream, (stream, pickup_day.LimitSet(MONDAY, "mini_move", 1)))
    assert of_monday(ask)["remaining"]["mini_move"] == 0
    assert of_monday(ask)["is_bookable"]


def test_a_day_whose_services_are_all_full_cannot_be_booked(store, ask):
    stream = pickup_day.stream(MONDAY)
    services = ("mini_move", "standard_delivery", "specialty_item", "blade_transfer")
    tell(store, stream, *((stream, pickup_day.LimitSet(MONDAY, service, 0)) for service in services))
    assert not of_monday(ask)["is_bookable"]


def test_a_blackout_day_cannot_be_booked_until_it_is_opened_again(store, ask):
    stream = pickup_day.stream(MONDAY)
    tell(store, stream, (stream, pickup_day.DayBlackedOut(MONDAY, "snow")))
    assert (of_monday(ask)["is_blackout"], of_monday(ask)["is_bookable"]) == (True, False)
    tell(store, stream, (stream, pickup_day.DayReopened(MONDAY)))
    assert (of_monday(ask)["is_blackout"], of_monday(ask)["is_bookable"]) == (False, True)


def test_only_the_booking_window_can_be_booked_and_its_last_day_is_in_it(store, ask):
    assert of_monday(ask, MONDAY - timedelta(90))["is_bookable"]
    assert not of_monday(ask, MONDAY - timedelta(91))["is_bookable"]
    assert not of_monday(ask, MONDAY + timedelta(1))["is_bookable"]
    tell(store, house.stream(), (house.stream(), house.BookingWindowSet(30)))
    assert not of_monday(ask, MONDAY - timedelta(31))["is_bookable"]


def test_the_house_sets_the_places_of_days_without_a_limit_of_their_own(store, ask):
    tell(store, house.stream(), (house.stream(), house.DailyCapacitySet("mini_move", 3)))
    stream = pickup_day.stream(MONDAY)
    tell(store, stream, (stream, pickup_day.LimitSet(MONDAY, "mini_move", 5)))
    monday, tuesday = ask(calendar, calendar.availability, MONDAY, MONDAY + timedelta(1), TODAY)
    assert (monday["remaining"]["mini_move"], tuesday["remaining"]["mini_move"]) == (5, 3)


def test_a_day_whose_limit_is_lifted_takes_what_the_house_takes(store, ask):
    stream = pickup_day.stream(MONDAY)
    tell(store, stream, (stream, pickup_day.LimitSet(MONDAY, "mini_move", 3)))
    assert of_monday(ask)["remaining"]["mini_move"] == 3
    tell(store, stream, (stream, pickup_day.LimitLifted(MONDAY, "mini_move")))
    assert of_monday(ask)["remaining"]["mini_move"] == 10
    lifted = pickup_day.LimitLifted(MONDAY, "mini_move")
    again = [pickup_day.LimitSet(MONDAY, "mini_move", 2), lifted, pickup_day.LimitSet(MONDAY, "mini_move", 4)]
    tell(store, stream, *((stream, event) for event in again))
    assert of_monday(ask)["remaining"]["mini_move"] == 4


def test_the_surcharges_of_a_day_are_shown_as_they_were_set_last(store, ask):
    rule = SurchargeRule(new_id(), SurchargeType.PEAK_DATE, "Fair", "", "all", Decimal("25"), specific_date=MONDAY)
    dearer = SurchargeRule(rule.id, SurchargeType.PEAK_DATE, "Fair", "", "all", Decimal("30"), specific_date=MONDAY)
    tell(store, catalog.stream(), (catalog.stream(), catalog.SurchargeRuleSet(rule)))
    tell(store, catalog.stream(), (catalog.stream(), catalog.SurchargeRuleSet(dearer)))
    assert of_monday(ask)["surcharges"] == [{"name": "Fair", "calculation_type": "percentage", "percentage": "30.00",
                                             "applies_to_service_types": "all"}]  # fmt: skip
