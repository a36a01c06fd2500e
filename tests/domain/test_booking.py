"""The status table of a booking, row by row; who may do what; and any story told in any order."""

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from domain import Refused, booking
from domain.address import Words
from domain.booking import (
    BookingBilledAgain,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDelayed,
    BookingPaid,
    BookingRefunded,
    BookingReinstated,
    BookingResumed,
    BookingStarted,
    Status,
    cancel,
    complete,
    confirm,
    delay,
    expire,
    pay,
    place,
    refund,
    reinstate,
    resume,
    start,
)
from domain.booking_balance import bill_again
from domain.ids import booking_id, payment_id
from tests import Given
from tests.samples import HOLD, MONDAY, person, placed

given = partial(Given, booking)
ID = booking_id("TT00000001")
FIRST, SECOND = payment_id(ID, 1), payment_id(ID, 2)
PRICE, SECOND_LATER = 99500, timedelta(seconds=1)
PLACED = placed()
BY_A_CUSTOMER = replace(PLACED, is_guest=False)
CONFIRMED, STARTED, DELAYED, COMPLETED = BookingConfirmed(), BookingStarted(), BookingDelayed(), BookingCompleted()
PAID, REINSTATED, REFUNDED = BookingPaid(FIRST, PRICE), BookingReinstated(FIRST, PRICE), BookingRefunded(PRICE)
BY_CUSTOMER = BookingCancelled("by_customer", MONDAY, person("ada"), Words("We stay."))
BY_STAFF = replace(BY_CUSTOMER, reason="by_staff")
EXPIRED = BookingCancelled("payment_expired", MONDAY, person("ada"))

HISTORIES = {
    "pending": [],
    "confirmed": [CONFIRMED],
    "paid": [PAID],
    "in_progress": [PAID, STARTED],
    "delayed": [PAID, STARTED, DELAYED],
    "completed": [PAID, COMPLETED],
    "cancelled": [BY_CUSTOMER],
    "expired": [EXPIRED],
    "refunded": [PAID, COMPLETED, REFUNDED],
}
# decision -> what is asked, what it answers, where it is allowed, and where it is so already
TABLE = {
    "confirm": ((confirm,), CONFIRMED, {"pending"}, {"confirmed"}),
    "pay": ((pay, FIRST, PRICE), PAID, {"pending", "confirmed"},
            {"paid", "in_progress", "delayed", "completed", "refunded"}),
    "start": ((start,), STARTED, {"confirmed", "paid"}, {"in_progress"}),
    "delay": ((delay,), DELAYED, {"in_progress"}, {"delayed"}),
    "resume": ((resume,), BookingResumed(), {"delayed"}, {"in_progress"}),
    "complete": ((complete,), COMPLETED, {"paid", "in_progress", "delayed"}, {"completed"}),
    "cancel": ((cancel, BY_STAFF, True), BY_STAFF, {"pending", "confirmed", "paid", "in_progress", "delayed"},
               {"cancelled", "expired"}),
    "refund": ((refund, PRICE), REFUNDED, {"completed"}, {"refunded", "cancelled", "expired"}),
    "reinstate": ((reinstate, FIRST, PRICE), REINSTATED, {"expired"}, {"paid"}),
}  # fmt: skip


@pytest.mark.parametrize("status", HISTORIES)
@pytest.mark.parametrize("asked", TABLE)
def test_each_row_of_the_status_table(asked, status):
    decision, event, allowed, already = TABLE[asked]
    story = given(PLACED, *HISTORIES[status]).when(*decision)
    if status in allowed:
        story.then(event)
    elif status in already:
        story.then()
    else:
        story.refused("invalid_transition")


@pytest.mark.parametrize("asked", TABLE)
def test_asked_twice_it_answers_nothing(asked):
    decision, event, allowed, _ = TABLE[asked]
    for status in allowed:
        given(PLACED, *HISTORIES[status], event).when(*decision).then()


@pytest.mark.parametrize("status", HISTORIES)
def test_the_histories_lead_where_they_say(status):
    wanted = "cancelled" if status == "expired" else status
    assert given(PLACED, *HISTORIES[status]).state.status == wanted


def test_a_booking_is_placed_once():
    given().when(place, PLACED).then(PLACED)
    given(PLACED).when(place, PLACED).then()


def test_a_customers_booking_is_paid_before_it_starts_a_guests_may_be_confirmed_only():
    given(BY_A_CUSTOMER, CONFIRMED).when(start).refused("invalid_transition")
    given(BY_A_CUSTOMER, CONFIRMED, PAID).when(start).then(STARTED)
    given(PLACED, CONFIRMED).when(start).then(STARTED)


def test_money_that_comes_when_a_guests_booking_is_under_way_or_done_leaves_its_status():
    under_way = [CONFIRMED, STARTED]
    for more, status in (([], "in_progress"), ([DELAYED], "delayed"), ([COMPLETED], "completed")):
        given(PLACED, *under_way, *more).when(pay, FIRST, PRICE).then(PAID)
        then = given(PLACED, *under_way, *more, PAID).state
        assert (then.status, then.is_paid, then.paid_cents) == (status, True, PRICE)


@pytest.mark.parametrize("status", ["confirmed", "paid", "in_progress", "delayed"])
def test_a_customer_cancels_only_what_is_pending(status):
    given(PLACED, *HISTORIES[status]).when(cancel, BY_CUSTOMER, False).refused("not_allowed")
    given(PLACED).when(cancel, BY_CUSTOMER, False).then(BY_CUSTOMER)


def test_a_hold_ends_at_its_moment_and_not_before():
    given(PLACED).when(expire, HOLD - SECOND_LATER).then()
    given(PLACED).when(expire, HOLD).then(EXPIRED)
    given(PLACED, EXPIRED).when(expire, HOLD).then()


@pytest.mark.parametrize("status", sorted(set(HISTORIES) - {"pending"}))
def test_a_hold_ends_nothing_but_what_is_pending(status):
    given(PLACED, *HISTORIES[status]).when(expire, HOLD + SECOND_LATER).then()


def test_a_booking_taken_up_again_is_paid_and_no_longer_expired():
    state = given(PLACED, EXPIRED, REINSTATED).state
    assert (state.status, state.is_paid, state.reason, booking.is_expired(state)) == ("paid", True, "", False)


def test_a_further_payment_is_counted_while_something_is_due():
    again = BookingBilledAgain(SECOND)
    for past in ([], [CONFIRMED], [CONFIRMED, STARTED], [CONFIRMED, STARTED, COMPLETED]):
        given(PLACED, *past).when(bill_again, SECOND).then(again)
    for status in set(HISTORIES) - {"pending", "confirmed"}:
        given(PLACED, *HISTORIES[status]).when(bill_again, SECOND).refused("invalid_transition")
    assert [given(PLACED, *[again] * n).state.payments for n in range(3)] == [1, 2, 3]


class AnyStory(RuleBasedStateMachine):
    """Everybody asks for anything in any order; what is refused changes nothing."""

    def __init__(self):
        super().__init__()
        self.state, self.path, self.late = booking.evolve(None, PLACED), [Status.PENDING], HOLD + SECOND_LATER

    def ask(self, decision, *args):
        try:
            events = decision(self.state, *args)
        except Refused:
            return
        for event in events:
            self.state = booking.evolve(self.state, event)
        if events:
            assert len(events) == 1
            if self.state.status is not self.path[-1]:  # a further payment or one that comes late leaves it
                self.path.append(self.state.status)
            if decision is not bill_again:
                assert decision(self.state, *args) == []

    @rule()
    def confirmed(self):
        self.ask(confirm)

    @rule()
    def paid(self):
        self.ask(pay, FIRST, PRICE)

    @rule()
    def billed_again(self):
        self.ask(bill_again, SECOND)

    @rule()
    def started(self):
        self.ask(start)

    @rule()
    def delayed(self):
        self.ask(delay)

    @rule()
    def resumed(self):
        self.ask(resume)

    @rule()
    def completed(self):
        self.ask(complete)

    @rule()
    def cancelled_by_staff(self):
        self.ask(cancel, BY_STAFF, True)

    @rule()
    def cancelled_by_customer(self):
        self.ask(cancel, BY_CUSTOMER, False)

    @rule()
    def hold_over(self):
        self.ask(expire, self.late)

    @rule()
    def money_late(self):
        self.ask(reinstate, FIRST, PRICE)

    @precondition(lambda self: self.state.is_paid)
    @rule()
    def refunded(self):
        self.ask(refund, PRICE)

    @invariant()
    def paid_is_never_expired(self):
        assert not (booking.is_expired(self.state) and self.state.is_paid)

    @invariant()
    def only_known_ways_lead_on(self):
        assert all(step in ALLOWED for step in zip(self.path, self.path[1:], strict=False))


ALLOWED = {
    (Status(a), Status(b))
    for a, to in {
        "pending": "confirmed paid cancelled",
        "confirmed": "paid in_progress cancelled",
        "paid": "in_progress completed cancelled",
        "in_progress": "completed delayed cancelled",
        "delayed": "in_progress completed cancelled",
        "completed": "refunded",
        "cancelled": "paid",
    }.items()
    for b in to.split()
}
AnyStory.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyStory = AnyStory.TestCase
