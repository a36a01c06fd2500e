"""What the simulator takes for a difference, and what it does not."""

from datetime import date

import pytest

from bench.counting import Booked, Seen, differences, history_wrong, told_wrong
from bench.guests import Outcome

DAY, NEXT, SERVICE, CENTS = date(2026, 11, 20), "2026-11-25", "mini_move", 99_500
PENDING_BEFORE = 3


def seen(statuses=(), cents=0, left=10, on=DAY, silver=0):
    """The read models with the bookings from before this run and those named by status."""
    by_status = {"pending": PENDING_BEFORE, "paid": 1, "cancelled": 0}
    for status, more in dict(statuses).items():
        by_status[status] += more
    by_service = {SERVICE: sum(by_status.values())}
    revenue = {"today_cents": cents, "month_cents": cents}
    people = sum(dict(statuses).values())
    tiers = {"bronze": 3 + people - silver, "silver": 1 + silver, "gold": 0, "platinum": 0}
    customers = {"total": 4 + people, "by_tier": tiers}
    bookings = {"by_status": by_status, "by_service_type": by_service}
    dashboard = {"revenue": revenue, "bookings": bookings, "customers": customers}
    return Seen(on, dashboard, {(NEXT, SERVICE): left, ("2026-11-26", SERVICE): 7})


def booked(status="paid", paid=True, cents=CENTS):
    return Booked(Outcome("g@example.com", "10.0.0.1", "TT1", NEXT, SERVICE, cents, paid), status)


def history(status="paid", cents=CENTS, payments=("succeeded",)):
    paid = [{"amount_cents": CENTS, "status": status} for status in payments]
    return {"bookings": [{"booking_number": "TT1", "status": status, "total_price_cents": cents, "payments": paid}]}


def test_read_models_that_moved_by_what_the_guests_did_do_not_differ():
    assert differences(seen(), seen({"paid": 1}, CENTS, 9), [booked()]) == []


@pytest.mark.parametrize(
    "after",
    [seen(), seen({"paid": 2}, CENTS, 9), seen({"pending": 1}, CENTS, 9), seen({"paid": 1}, CENTS - 1, 9),
     seen({"paid": 1}, CENTS, 10), seen({"paid": 1}, CENTS, 8)],
    ids=["nothing seen", "seen twice", "payment not seen", "a cent less", "place not taken", "two places taken"],
)  # fmt: skip
def test_everything_else_differs(after):
    assert differences(seen(), after, [booked()])


def test_a_guest_is_a_customer_under_the_tier_that_they_paid_for():
    dear = 250_000
    guests = [booked(cents=dear)]
    assert differences(seen(), seen({"paid": 1}, dear, 9, silver=1), guests) == []
    [wrong] = differences(seen(), seen({"paid": 1}, dear, 9), guests)
    assert wrong.startswith("dashboard customers")


def test_a_hold_from_before_that_ended_meanwhile_is_no_difference():
    after = seen({"paid": 1, "pending": -1, "cancelled": 1}, CENTS, 10)
    assert differences(seen(), after, [booked()]) == []


def test_a_guest_may_take_the_place_that_a_hold_gave_back():
    assert differences(seen(left=0), seen({"paid": 1, "pending": -1, "cancelled": 1}, CENTS, 0), [booked()]) == []


@pytest.mark.parametrize(
    "after",
    [seen({"paid": 1, "pending": -1, "cancelled": 1}, CENTS, 9), seen({"paid": 1, "cancelled": 1}, CENTS, 10),
     seen({"paid": 1, "pending": -1, "cancelled": 1}, CENTS, 11)],
    ids=["place still taken", "cancelled and pending", "two places free"],
)  # fmt: skip
def test_a_hold_that_ended_in_one_place_only_differs(after):
    assert differences(seen(), after, [booked()])


def test_more_holds_cannot_have_ended_than_there_were():
    after = seen({"pending": -4, "cancelled": 4}, 0, 14)
    assert differences(seen(), after, [])


def test_over_midnight_revenue_says_nothing_and_days_come_and_go():
    after = Seen(date(2026, 11, 21), seen({"paid": 1}, 5).dashboard, {(NEXT, SERVICE): 9, ("2027-02-19", SERVICE): 10})
    assert differences(seen(), after, [booked()]) == []


def test_a_guest_who_was_told_something_else_than_is_so_is_named():
    assert told_wrong([booked(), booked("pending", paid=False)]) == []
    assert len(told_wrong([booked("cancelled"), booked("paid", paid=False)])) == 2


@pytest.mark.parametrize(
    "found",
    [None, history("pending"), history(cents=1), history(payments=()), history(payments=("succeeded", "succeeded")),
     {"bookings": []}],
    ids=["nobody", "other status", "other price", "no payment", "paid twice", "no booking"],
)  # fmt: skip
def test_a_history_that_tells_another_story_is_wrong(found):
    assert history_wrong(booked(), found)


def test_a_history_that_tells_the_guests_story_is_right():
    assert history_wrong(booked(), history()) is None
    assert history_wrong(booked("pending", paid=False), history("pending", payments=("failed",))) is None
