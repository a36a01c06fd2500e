"""A refund: asked for, approved by the house or by somebody else, or denied; completed, failed, tried again."""

from functools import partial

import pytest

from domain import refund
from domain.ids import booking_id, payment_id
from domain.refund import (
    BY_POLICY,
    RefundApproved,
    RefundCompleted,
    RefundDenied,
    RefundFailed,
    RefundRequested,
    RefundTriedAgain,
    approve,
    begun_at_stripe,
    complete,
    deny,
    fail,
    late_payment,
    of_cancellation,
    of_difference,
    record_from_stripe,
    request,
    try_again,
)
from tests import Given

given = partial(Given, refund)
BOOKING = booking_id("TT00000001")
PAYMENT = payment_id(BOOKING, 1)
REQUESTED = RefundRequested(PAYMENT, BOOKING, 99500, "late_payment: payment_expired", "system")
APPROVED, COMPLETED, FAILED = RefundApproved("system"), RefundCompleted("re_1", 99500), RefundFailed("expired_card")
BY_ADA = RefundRequested(PAYMENT, BOOKING, 99500, "by_staff", "staff:ada")
DENIED, AGAIN = RefundDenied("staff:eve"), RefundTriedAgain("staff:eve", 2)
LOST = RefundFailed("lost_or_stolen_card", "re_1")


def test_what_a_policy_gives_back_is_approved_by_the_system_at_once():
    given().when(request, REQUESTED, BY_POLICY).then(REQUESTED, APPROVED)
    given(REQUESTED, APPROVED).when(request, REQUESTED, BY_POLICY).then()


def test_what_staff_give_back_waits_for_somebody_else_unless_they_need_nobody():
    given().when(request, REQUESTED).then(REQUESTED)
    own = RefundApproved("staff:ada", is_own=True)
    given().when(request, BY_ADA, own).then(BY_ADA, own)
    assert [given(*events).state.status for events in ([REQUESTED], [REQUESTED, APPROVED])] == ["requested", "approved"]


def test_a_refund_is_requested_once_and_not_approved_by_asking_again():
    for history in ([REQUESTED], [REQUESTED, APPROVED], [REQUESTED, APPROVED, FAILED]):
        given(*history).when(request, REQUESTED).then()
        given(*history).when(request, REQUESTED, BY_POLICY).then()


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


def test_somebody_else_approves_and_twice_is_once():
    given(BY_ADA).when(approve, "staff:eve", False).then(RefundApproved("staff:eve"))
    for later in ([], [COMPLETED]):
        given(BY_ADA, RefundApproved("staff:eve"), *later).when(approve, "staff:kim", False).then()


def test_who_asked_for_it_approves_it_only_as_an_admin_and_that_is_recorded():
    given(BY_ADA).when(approve, "staff:ada", False).refused("needs_second_person")
    given(BY_ADA).when(approve, "staff:ada", True).then(RefundApproved("staff:ada", is_own=True))
    given(BY_ADA).when(approve, "staff:eve", True).then(RefundApproved("staff:eve", is_own=False))


def test_what_was_denied_or_has_failed_cannot_be_approved():
    for history in ([DENIED], [APPROVED, FAILED]):
        given(BY_ADA, *history).when(approve, "staff:eve", True).refused("invalid_transition")


def test_it_is_denied_once_and_only_before_it_was_approved():
    given(BY_ADA).when(deny, DENIED).then(DENIED)
    given(BY_ADA, DENIED).when(deny, DENIED).then()
    for history in ([APPROVED], [APPROVED, COMPLETED], [APPROVED, FAILED]):
        given(BY_ADA, *history).when(deny, DENIED).refused("invalid_transition")


def test_only_what_has_failed_is_tried_again_and_attempts_are_counted():
    given(BY_ADA, APPROVED, FAILED).when(try_again, "staff:eve").then(AGAIN)
    given(BY_ADA, APPROVED, FAILED, AGAIN).when(try_again, "staff:eve").then()
    given(BY_ADA, APPROVED, FAILED, AGAIN, FAILED).when(try_again, "staff:ada").then(RefundTriedAgain("staff:ada", 3))
    for history in ([], [DENIED]):
        given(BY_ADA, *history).when(try_again, "staff:eve").refused("invalid_transition")


def test_what_was_believed_never_made_is_completed_when_stripe_shows_it():
    given(BY_ADA, APPROVED, FAILED).when(complete, "re_1").then(COMPLETED)


@pytest.mark.parametrize("before", [[], [COMPLETED]])
def test_of_what_has_failed_at_stripe_no_older_word_counts(before):
    given(BY_ADA, APPROVED, *before).when(fail, "lost_or_stolen_card", "re_1").then(LOST)
    given(BY_ADA, APPROVED, *before, LOST).when(complete, "re_1").then()
    given(BY_ADA, APPROVED, *before, LOST, AGAIN).when(complete, "re_1").then()
    given(BY_ADA, APPROVED, *before, LOST, AGAIN).when(complete, "re_2").then(RefundCompleted("re_2", 99500))


def test_what_was_begun_at_stripe_has_happened_and_is_recorded_once():
    asked = RefundRequested(PAYMENT, BOOKING, 99500, "begun_at_stripe", "stripe")
    events = [asked, RefundApproved("stripe"), COMPLETED]
    given().when(record_from_stripe, asked, "re_1").then(*events)
    given(*events).when(record_from_stripe, asked, "re_1").then()


def test_each_cause_has_a_refund_of_its_own():
    made = [of_difference(BOOKING, 3), of_difference(BOOKING, 4), begun_at_stripe("re_1"), begun_at_stripe("re_2")]
    assert len({*made, late_payment(PAYMENT), of_cancellation(PAYMENT)}) == 6
    assert made[:3:2] == [of_difference(BOOKING, 3), begun_at_stripe("re_1")]
