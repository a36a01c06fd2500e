"""What the simulator takes for a difference, and what it does not."""

from datetime import date

import pytest

from bench.counting import Booked, Seen, customer_wrong, differences, history_wrong, list_wrong, told_wrong
from bench.kept import Kept

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


def booked(status="paid", cents=CENTS, **known):
    paid = cents if status == "paid" else 0
    told = {"status": status, "price_cents": cents, "paid_cents": paid} | known
    return Booked(Kept("g@example.com", "TT1", day=NEXT, service=SERVICE, **told), status)


def history(status="paid", cents=CENTS, payments=("succeeded",), back=0):
    paid = [{"amount_cents": CENTS, "status": status, "refunded_cents": back} for status in payments]
    return {"bookings": [{"booking_number": "TT1", "status": status, "total_price_cents": cents, "payments": paid}]}


def line(**changed):
    shown = {"status": "paid", "pickup_date": NEXT, "service_type": SERVICE, "total_price_cents": CENTS}
    return {"TT1": shown | changed}


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


def test_what_was_paid_and_given_back_is_earned_by_nobody_and_its_place_is_free():
    given_back = booked("cancelled", paid_cents=CENTS, returned_cents=CENTS)
    assert differences(seen(), seen({"cancelled": 1}), [given_back]) == []
    assert differences(seen(), seen({"cancelled": 1}, CENTS), [given_back])
    assert differences(seen(), seen({"cancelled": 1}, left=9), [given_back])


def test_who_registers_is_a_customer_without_a_booking():
    assert len(differences(seen(), seen(), [], ["ada@example.com"])) == 1
    assert differences(seen(), seen({"paid": 1}, CENTS, 9), [booked()], ["g@example.com"]) == []


def test_a_client_who_was_told_something_else_than_is_so_is_named():
    assert told_wrong([booked(), booked("pending")]) == []
    lied_to = [booked("cancelled"), booked("paid"), booked("cancelled")]
    for one, told in zip(lied_to, ("paid", "pending", "pending"), strict=True):
        one.kept.status = told
    assert len(told_wrong(lied_to)) == 2


@pytest.mark.parametrize(
    "found",
    [None, history("pending"), history(cents=1), history(payments=()), history(payments=("succeeded", "succeeded")),
     history(payments=("refunded",), back=CENTS), {"bookings": []}],
    ids=["nobody", "other status", "other price", "no payment", "paid twice", "given back", "no booking"],
)  # fmt: skip
def test_a_history_that_tells_another_story_is_wrong(found):
    assert history_wrong("g@example.com", [booked()], found)


def test_a_history_that_tells_the_clients_story_is_right():
    assert history_wrong("g@example.com", [booked()], history()) is None
    assert history_wrong("g@example.com", [booked("pending")], history("pending", payments=("failed",))) is None
    back = booked("cancelled", paid_cents=CENTS, returned_cents=500)
    shown = history("cancelled", payments=("partially_refunded",), back=500)
    assert history_wrong("g@example.com", [back], shown) is None


@pytest.mark.parametrize(
    "found", [{}, line(status="pending"), line(pickup_date="2026-11-26"), line(total_price_cents=1)]
)
def test_a_list_that_shows_it_otherwise_is_wrong(found):
    assert list_wrong([booked()], found)
    assert list_wrong([booked()], line()) == []


@pytest.mark.parametrize("found", [{}, {"total_bookings": 2, "total_spent_cents": CENTS}])
def test_statistics_that_count_otherwise_are_wrong(found):
    assert customer_wrong("g@example.com", [booked()], found)
    assert customer_wrong("g@example.com", [booked()], {"total_bookings": 1, "total_spent_cents": CENTS}) is None
