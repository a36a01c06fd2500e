"""What is due after a change: asked for to the cent, or given back to the cent, and of what has ended neither."""

from functools import partial
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import booking
from domain.booking_balance import bill_again, check_due, pay_balance, return_difference
from domain.booking_events import (
    BookingBalancePaid,
    BookingBilledAgain,
    BookingCancelled,
    BookingCompleted,
    BookingPaid,
    BookingRefunded,
    BookingRescheduled,
    BookingStarted,
    DifferenceReturned,
)
from domain.ids import booking_id, payment_id
from tests import Given
from tests.samples import MONDAY, PRICING, person, placed

given = partial(Given, booking)
ID = booking_id("TT00000001")
FIRST, SECOND = payment_id(ID, 1), payment_id(ID, 2)
BACK, PLENTY = UUID(int=7), 99500
PLACED, PAID, COMPLETED = placed(), BookingPaid(FIRST, 99500), BookingCompleted()
CANCELLED = BookingCancelled("by_staff", MONDAY, person("ada"))
RETURNED = DifferenceReturned(BACK, 9500)


def priced(cents: int) -> BookingRescheduled:
    when = MONDAY, MONDAY, "morning", None, PLACED.selection
    return BookingRescheduled(person("ada"), *when, replace(PRICING, total_price_cents=cents))


CHEAPER, DEARER = priced(90000), priced(109500)


def due(*history) -> int:
    return booking.due_cents(given(PLACED, *history).state)


def test_what_is_due_is_the_price_of_now_less_what_was_paid_and_not_returned():
    assert [due(), due(PAID), due(PAID, DEARER), due(PAID, CHEAPER)] == [99500, 0, 10000, -9500]
    assert due(PAID, CHEAPER, RETURNED) == 0
    assert due(PAID, DEARER, BookingBalancePaid(SECOND, 10000)) == 0
    assert due(PAID, CHEAPER, RETURNED, DEARER) == 19500


def test_what_is_less_than_stripe_takes_is_let_off_but_counts_when_it_comes():
    for cents, history in ((49, [PAID, priced(99549)]), (1, [PAID, priced(99501)])):
        given(PLACED, *history).when(bill_again, SECOND).refused("invalid_transition")
        given(PLACED, *history).when(pay_balance, SECOND, cents).then(BookingBalancePaid(SECOND, cents))
    given(PLACED, PAID, priced(99550)).when(bill_again, SECOND).then(BookingBilledAgain(SECOND))


def test_a_further_payment_is_asked_for_only_while_something_is_due():
    given(PLACED, PAID, DEARER).when(bill_again, SECOND).then(BookingBilledAgain(SECOND))
    for history in ([PAID], [PAID, CHEAPER], [CANCELLED], [PAID, DEARER, CANCELLED], [PAID, COMPLETED]):
        given(PLACED, *history).when(bill_again, SECOND).refused("invalid_transition")
        given(PLACED, *history).when(check_due).refused("invalid_transition")


def test_the_rest_is_paid_and_says_what_is_due_after_it():
    given(PLACED, PAID, DEARER).when(pay_balance, SECOND, 10000).then(BookingBalancePaid(SECOND, 10000, 0))
    given(PLACED, PAID, DEARER).when(pay_balance, SECOND, 4000).then(BookingBalancePaid(SECOND, 4000, 6000))
    given(PLACED, PAID, DEARER).when(pay_balance, SECOND, 99500).then(BookingBalancePaid(SECOND, 99500, -89500))
    given(PLACED, PAID).when(pay_balance, SECOND, 10000).refused("invalid_transition")


@pytest.mark.parametrize("then", [[], [BookingStarted()], [COMPLETED]])
def test_what_was_paid_too_much_goes_back_once_also_when_all_is_done(then):
    given(PLACED, PAID, CHEAPER, *then).when(return_difference, BACK, PLENTY).then(RETURNED)
    given(PLACED, PAID, CHEAPER, *then, RETURNED).when(return_difference, BACK, PLENTY).then()


def test_no_more_goes_back_than_is_left():
    given(PLACED, PAID, CHEAPER).when(return_difference, BACK, 500).then(DifferenceReturned(BACK, 500))
    given(PLACED, PAID, CHEAPER).when(return_difference, BACK, 0).then()


@pytest.mark.parametrize(
    "history", [[], [CHEAPER], [PAID], [PAID, DEARER], [PAID, CHEAPER, CANCELLED], [PAID, CHEAPER, COMPLETED,
    BookingRefunded(99500)]],
)  # fmt: skip
def test_nothing_goes_back_of_what_is_unpaid_dearer_or_has_ended(history):
    given(PLACED, *history).when(return_difference, BACK, PLENTY).then()
