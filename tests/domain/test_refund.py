"""A refund: asked for and approved by a policy of the house, then completed or failed."""

from functools import partial

from domain import refund
from domain.ids import booking_id, payment_id
from domain.refund import (
    RefundApproved,
    RefundCompleted,
    RefundFailed,
    RefundRequested,
    complete,
    fail,
    late_payment,
    of_cancellation,
    request,
    request_by_policy,
)
from tests import Given

given = partial(Given, refund)
BOOKING = booking_id("TT00000001")
PAYMENT = payment_id(BOOKING, 1)
REQUESTED = RefundRequested(PAYMENT, BOOKING, 99500, "late_payment: payment_expired", "system")
APPROVED, COMPLETED, FAILED = RefundApproved("system"), RefundCompleted("re_1", 99500), RefundFailed("expired_card")


def test_what_a_policy_gives_back_is_approved_by_the_system_at_once():
    given().when(request_by_policy, REQUESTED).then(REQUESTED, APPROVED)
    given(REQUESTED, APPROVED).when(request_by_policy, REQUESTED).then()


def test_what_staff_give_back_waits_for_somebody_else_unless_they_need_nobody():
    given().when(request, REQUESTED).then(REQUESTED)
    given().when(request, REQUESTED, "staff:ada").then(REQUESTED, RefundApproved("staff:ada"))
    assert [given(*events).state.status for events in ([REQUESTED], [REQUESTED, APPROVED])] == ["requested", "approved"]


def test_a_refund_is_requested_once_and_not_approved_by_asking_again():
    for history in ([REQUESTED], [REQUESTED, APPROVED], [REQUESTED, APPROVED, FAILED]):
        given(*history).when(request, REQUESTED).then()
        given(*history).when(request, REQUESTED, "staff:ada").then()


def test_a_payment_has_one_refund_for_its_cancellation_which_is_not_the_one_for_being_late():
    second = payment_id(BOOKING, 2)
    assert of_cancellation(PAYMENT) == of_cancellation(PAYMENT)
    assert len({of_cancellation(PAYMENT), of_cancellation(second), late_payment(PAYMENT), late_payment(second)}) == 4


def test_an_approved_refund_is_completed_once():
    given(REQUESTED, APPROVED).when(complete, "re_1").then(COMPLETED)
    given(REQUESTED, APPROVED, COMPLETED).when(complete, "re_1").then()


def test_nothing_is_paid_back_before_it_is_approved():
    given(REQUESTED).when(complete, "re_1").refused("invalid_transition")


def test_a_refund_fails_once_also_after_it_had_succeeded():
    given(REQUESTED, APPROVED).when(fail, "expired_card").then(FAILED)
    given(REQUESTED, APPROVED, COMPLETED).when(fail, "expired_card").then(FAILED)
    given(REQUESTED, APPROVED, FAILED).when(fail, "expired_card").then()


def test_the_state_says_how_far_it_is():
    steps = [REQUESTED, APPROVED, COMPLETED, FAILED]
    states = [given(*steps[: n + 1]).state.status for n in range(4)]
    assert states == ["requested", "approved", "completed", "failed"]


def test_a_payment_has_one_refund_for_being_late():
    assert late_payment(PAYMENT) == late_payment(PAYMENT) != late_payment(payment_id(BOOKING, 2))
