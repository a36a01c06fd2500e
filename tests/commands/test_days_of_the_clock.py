"""Days on which the clocks change, leap days and the turn of the year: New York's wall clock counts, to the minute."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from commands import NEW_YORK, booking_ref
from commands.booking_sheet import booking_sheet
from commands.bookings import place_booking
from commands.changing import ByStaff, Changes, NewTime, change_booking
from commands.ending import TooEarly, expire_hold
from domain import Refused
from domain.moment import Moment
from domain.selection import PickupTime, StandardDelivery
from projections import calendar
from projections.asking import reading
from tests.commands.wishes import WANTED, asks, booking, day
from tests.projections.conftest import pool  # noqa: F401 - a fixture

FORWARD, BACK, LEAP, NEW_YEAR = date(2027, 3, 14), date(2027, 11, 7), date(2028, 2, 29), date(2028, 1, 1)
DAYS, ONE = [FORWARD, BACK, NEW_YEAR, LEAP], timedelta(1)
AT_ONCE = StandardDelivery(3, is_same_day_delivery=True)


@pytest.fixture
def made(db):
    """The read models are in the template of the tests' databases."""
    return db


def at(day: date, *clock, fold=0) -> datetime:
    """The instant at which New York's clocks show it."""
    return datetime.combine(day, time(*clock, fold=fold), NEW_YORK).astimezone(UTC)


def wanted(day, **changes):
    return replace(WANTED, pickup_date=day, **changes)


def answer(ask, *args) -> str | None:
    try:
        ask(*args)
    except Refused as refused:
        return refused.code
    return None


def sheet(ctx, placed):
    return booking_sheet(ctx().store.history(placed.booking_id))


def clock(told: dict | str) -> str | list[str]:
    """The time of day in UTC of what a sheet tells."""
    return told[11:16] if isinstance(told, str) else [told["from"][11:16], told["until"][11:16]]


@pytest.mark.parametrize("on", DAYS)
def test_a_minute_before_midnight_it_is_tomorrow_and_a_minute_after_it_is_today(ctx, on):
    before, after = at(on - ONE, 23, 59), at(on, 0, 1)
    assert [ctx(now).today for now in (before, after)] == [on - ONE, on]
    assert answer(place_booking, asks("ada", wanted(on)), ctx(before)) is None
    assert answer(place_booking, asks("eve", wanted(on)), ctx(after)) == "same_day_required"
    assert answer(place_booking, asks("eve", wanted(on - ONE)), ctx(after)) == "pickup_in_past"
    assert answer(place_booking, asks("eve", wanted(on + ONE)), ctx(after)) is None


@pytest.mark.parametrize("on", DAYS)
def test_a_delivery_of_the_same_day_is_ordered_between_midnight_and_ten(ctx, on):
    orders = [(at(on - ONE, 23, 59), "same_day_not_today"), (at(on, 0, 1), None), (at(on, 9, 59, 59), None),
              (at(on, 10), "same_day_too_late"), (at(on, 23, 59), "same_day_too_late"),
              (at(on + ONE, 0, 1), "pickup_in_past")]  # fmt: skip
    asked = [asks(f"guest{n}", wanted(on, selection=AT_ONCE)) for n in range(len(orders))]
    answers = [answer(place_booking, ask, ctx(now)) for ask, (now, _) in zip(asked, orders, strict=True)]
    assert answers == [refused for _, refused in orders]


@pytest.mark.parametrize("last", DAYS)
def test_the_last_day_of_the_window_is_reached_at_midnight_in_new_york(ctx, pool, last):  # noqa: F811
    """Ninety days before it: between lies a change of the clocks, or the end of February."""
    today = last - timedelta(90)
    answers = []
    for n, now in enumerate((at(today - ONE, 23, 59), at(today, 0, 1))):
        with reading(pool, calendar) as db:
            [shown] = calendar.availability(db, last, last, ctx(now).today)
        answers.append((answer(place_booking, asks(f"guest{n}", wanted(last)), ctx(now)), shown["is_bookable"]))
    assert answers == [("outside_booking_window", False), (None, True)]


def test_the_calendar_turns_its_page_at_midnight_in_new_york(ctx, pool):  # noqa: F811
    for on in DAYS:
        today, tomorrow = (ctx(now).today for now in (at(on - ONE, 23, 59), at(on, 0, 1)))
        with reading(pool, calendar) as db:
            shown = [calendar.availability(db, on - ONE, on, now) for now in (today, tomorrow)]
        assert [[day["is_bookable"] for day in days] for days in shown] == [[True, True], [False, True]]


PROMISES = {
    FORWARD - ONE: ["13:00", "14:00", "15:00", "16:00"],
    FORWARD: ["12:00", "13:00", "14:00", "15:00"],
    BACK - ONE: ["12:00", "13:00", "14:00", "15:00"],
    BACK: ["13:00", "14:00", "15:00", "16:00"],
}


def test_the_promise_is_told_in_the_offset_of_its_day(ctx):
    for on, hours in PROMISES.items():
        now = at(on - timedelta(5), 12)
        placed = place_booking(asks("guest", wanted(on)), ctx(now))
        assert clock(sheet(ctx, placed)["promised_pickup"]) == [hours[0], hours[3]]
        for n, hour in enumerate((8, 9, 10)):
            chosen = wanted(on, pickup_time=PickupTime.MORNING_SPECIFIC, specific_pickup_hour=hour)
            placed = place_booking(asks(f"guest{n}", chosen), ctx(now))
            assert clock(sheet(ctx, placed)["promised_pickup"]) == hours[n : n + 2]


def test_who_is_moved_over_the_change_of_the_clocks_is_fetched_at_the_same_hour_of_the_clock(ctx):
    placed = place_booking(asks("ada", wanted(FORWARD - ONE)), ctx(at(FORWARD, 12) - timedelta(7)))
    assert clock(sheet(ctx, placed)["promised_pickup"]) == ["13:00", "16:00"]
    move = Changes(time=NewTime(pickup_date=FORWARD))
    change_booking(booking_ref(placed.booking_id), move, ctx(at(FORWARD - ONE, 23, 59)))
    assert clock(sheet(ctx, placed)["promised_pickup"]) == ["12:00", "15:00"]
    assert [bool(day(ctx, on).places) for on in (FORWARD - ONE, FORWARD)] == [False, True]


HOLDS = [
    (at(BACK, 1, 15), at(BACK, 1, 45)),
    (at(BACK, 1, 45), at(BACK, 1, 15, fold=1)),  # the clock shows half an hour less than when it began
    (at(BACK, 1, 30, fold=1), at(BACK, 2)),
    (at(FORWARD, 1, 45), at(FORWARD, 3, 15)),
]


def test_a_hold_is_thirty_minutes_whatever_the_clock_on_the_wall_shows(ctx):
    for begins, ends in HOLDS:
        placed = place_booking(asks("ada", wanted(begins.date() + ONE)), ctx(begins))
        assert booking(ctx, placed).placed.hold_expires_at == ends == begins + timedelta(minutes=30)
        with pytest.raises(TooEarly):
            expire_hold(placed.booking_id, ctx(ends - timedelta(milliseconds=1)))
        expire_hold(placed.booking_id, ctx(ends))
        assert booking(ctx, placed).reason == "payment_expired"


@pytest.mark.parametrize(
    ("on", "planned"),
    [
        (BACK, [(Moment(BACK, time(1, 30)), "05:30"), (Moment(BACK, time(1, 30), fold=1), "06:30")]),
        (FORWARD, [(Moment(FORWARD, time(1, 30)), "06:30"), (Moment(FORWARD, time(2, 30)), "07:30")]),
        (LEAP, [(Moment(LEAP, time(0, 1)), "05:01"), (Moment(LEAP, time(23, 59)), "04:59")]),
    ],
)
def test_what_is_planned_in_the_hour_that_is_twice_or_not_at_all_is_one_instant(ctx, on, planned):
    placed = place_booking(asks("ada", wanted(on)), ctx(at(on - timedelta(5), 12)))
    for moment, told in planned:
        plan = ByStaff(estimated_pickup=moment, estimated_delivery=None)
        change_booking(booking_ref(placed.booking_id), Changes(by_staff=plan), ctx())
        assert booking(ctx, placed).plan.estimated_pickup == moment
        assert clock(sheet(ctx, placed)["estimated_pickup_time"]) == told
