"""Moments as people agree on them, and the instants that follow: also on the two days on which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.moment import Moment, instant, moment_of, promised_pickup

FORWARD, BACK = date(2027, 3, 14), date(2027, 11, 7)
ZONES = ["America/Los_Angeles", "America/New_York", "Europe/Berlin", "UTC"]


def utc(month, day, hour, minute=0, year=2027) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "when"),
    [
        (date(2027, 3, 13), time(8), utc(3, 13, 13)),  # the day before the clocks go forward: five hours from UTC
        (FORWARD, time(1, 59), utc(3, 14, 6, 59)),
        (FORWARD, time(3), utc(3, 14, 7)),  # the minute after
        (FORWARD, time(8), utc(3, 14, 12)),  # four hours
        (date(2027, 11, 6), time(8), utc(11, 6, 12)),
        (BACK, time(0, 59), utc(11, 7, 4, 59)),
        (BACK, time(2), utc(11, 7, 7)),
        (BACK, time(8), utc(11, 7, 13)),
        (date(2028, 2, 29), time(8), utc(2, 29, 13, year=2028)),
        (date(2027, 12, 31), time(23, 59), utc(1, 1, 4, 59, year=2028)),
    ],
)
def test_a_wall_time_is_the_instant_of_its_day(day, at, when):
    assert instant(Moment(day, at)) == when
    assert moment_of(when) == Moment(day, at)


def test_the_hour_that_the_clock_shows_twice_is_two_hours():
    first, second = (Moment(BACK, time(1, 30), fold=fold) for fold in (0, 1))
    assert [instant(first), instant(second)] == [utc(11, 7, 5, 30), utc(11, 7, 6, 30)]
    assert [moment_of(utc(11, 7, 5, 30)), moment_of(utc(11, 7, 6, 30))] == [first, second]


def test_the_hour_that_the_clock_leaves_out_is_as_much_later():
    assert instant(Moment(FORWARD, time(2, 30))) == utc(3, 14, 7, 30) == instant(Moment(FORWARD, time(3, 30)))
    assert moment_of(instant(Moment(FORWARD, time(2, 30)))) == Moment(FORWARD, time(3, 30))


def test_a_moment_is_of_its_own_zone_and_told_without_seconds():
    assert instant(Moment(FORWARD, time(9), "Europe/Berlin")) == utc(3, 14, 8)
    assert moment_of(utc(3, 14, 8).replace(second=59), "Europe/Berlin") == Moment(FORWARD, time(9), "Europe/Berlin")


@given(some.integers(0, 40_000_000), some.sampled_from(ZONES))
def test_any_minute_comes_back_as_it_was(minutes, zone):
    at = utc(1, 1, 0) + timedelta(minutes=minutes)
    assert instant(moment_of(at, zone)) == at


@pytest.mark.parametrize(
    ("day", "offset"),
    [(date(2027, 3, 13), 5), (FORWARD, 4), (date(2027, 7, 3), 4), (date(2027, 11, 6), 4), (BACK, 5)],
)
@pytest.mark.parametrize(
    ("pickup_time", "hour", "between"),
    [
        ("morning", None, (8, 11)),
        ("no_time_preference", None, (8, 11)),
        ("morning_specific", 8, (8, 9)),
        ("morning_specific", 9, (9, 10)),
        ("morning_specific", 10, (10, 11)),
    ],
)
def test_the_promise_is_the_morning_or_the_chosen_hour_on_new_yorks_clocks(day, offset, pickup_time, hour, between):
    told = promised_pickup(day, pickup_time, hour)
    assert [(moment.day, moment.at.hour, moment.at.minute) for moment in told] == [(day, h, 0) for h in between]
    assert [instant(moment) for moment in told] == [utc(day.month, day.day, h + offset) for h in between]


def test_a_promise_keeps_the_zone_that_it_was_given_in():
    told = promised_pickup(FORWARD, "morning", None, "America/Los_Angeles")
    assert [instant(moment) for moment in told] == [utc(3, 14, 15), utc(3, 14, 18)]
    told = promised_pickup(FORWARD, "morning_specific", 9, "America/Los_Angeles")
    assert [instant(moment) for moment in told] == [utc(3, 14, 16), utc(3, 14, 17)]
