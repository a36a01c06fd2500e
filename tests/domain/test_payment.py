"""A payment comes to the same end in whatever order Stripe's words arrive, and never gives back more than it has."""

from contextlib import suppress
from functools import partial, reduce

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as some
from msgspec.structs import replace

from domain import Refused, payment
from domain.ids import booking_id, payment_id
from domain.payment import (
    TRIES,
    PaymentActionRequired,
    PaymentCancelled,
    PaymentFailed,
    PaymentOpened,
    PaymentProcessing,
    PaymentRequested,
    PaymentSecret,
    PaymentSucceeded,
    PaymentWithdrawn,
    RefundReserved,
    cancel,
    fail,
    is_spent,
    open_at_stripe,
    process,
    refundable_cents,
    request,
    require_action,
    reserve_refund,
    succeed,
    withdraw,
)
from tests import Given
from tests.samples import person

given = partial(Given, payment)
BOOKING = booking_id("TT00000001")
REQUESTED = PaymentRequested(BOOKING, person("ada"), 99500)
OPENED = PaymentOpened("pi_1", person("ada"), PaymentSecret("pi_1_secret"))
SUCCEEDED = PaymentSucceeded(99500, "ch_9", 2916)
WITHDRAWN, CANCELLED = PaymentWithdrawn("payment_expired"), PaymentCancelled()
PROCESSING, ACTION = PaymentProcessing(), PaymentActionRequired()
ONE, TWO = payment_id(BOOKING, 8), payment_id(BOOKING, 9)


def failed(n=1) -> PaymentFailed:
    return PaymentFailed("card_declined", f"ch_{n}")


OPEN = (REQUESTED, OPENED)
WORDS = {
    "process": ((process,), PROCESSING),
    "require_action": ((require_action,), ACTION),
    "fail": ((fail, failed()), failed()),
    "succeed": ((succeed, SUCCEEDED), SUCCEEDED),
    "cancel": ((cancel,), CANCELLED),
    "withdraw": ((withdraw, "payment_expired"), WITHDRAWN),
}


@pytest.mark.parametrize("word", WORDS)
def test_each_word_is_recorded_once(word):
    decision, event = WORDS[word]
    given(*OPEN).when(*decision).then(event)
    given(*OPEN, event).when(*decision).then()


@pytest.mark.parametrize("word", WORDS)
def test_after_success_nothing_is_news(word):
    given(*OPEN, SUCCEEDED).when(*WORDS[word][0]).then()


@pytest.mark.parametrize("word", sorted(set(WORDS) - {"succeed"}))
def test_after_the_end_only_money_is_news(word):
    given(*OPEN, CANCELLED).when(*WORDS[word][0]).then()


@pytest.mark.parametrize("before", [[], [PROCESSING], [ACTION], [failed()], [WITHDRAWN], [WITHDRAWN, CANCELLED]])
def test_money_that_came_counts_whatever_was_said_before(before):
    given(*OPEN, *before).when(succeed, SUCCEEDED).then(SUCCEEDED)


def test_a_payment_is_requested_and_opened_once():
    given().when(request, REQUESTED).then(REQUESTED)
    given(REQUESTED).when(request, REQUESTED).then()
    given(REQUESTED).when(open_at_stripe, OPENED).then(OPENED)
    given(*OPEN).when(open_at_stripe, replace(OPENED, stripe_payment_intent_id="pi_2")).then()


def test_each_declined_charge_is_one_try_and_three_are_enough():
    tries = [failed(n) for n in range(TRIES)]
    assert [is_spent(given(*OPEN, *tries[:n]).state) for n in range(TRIES + 1)] == [False, False, False, True]
    given(*OPEN, *tries).when(fail, failed(0)).then()


def test_a_failed_3d_secure_after_a_declined_card_is_a_further_try():
    given(*OPEN, failed(), ACTION).when(fail, failed()).then(failed())
    assert given(*OPEN, failed(), ACTION, failed()).state.failed_tries == 2


@pytest.mark.parametrize("end", [SUCCEEDED, CANCELLED, WITHDRAWN])
def test_a_payment_that_has_ended_or_is_withdrawn_cannot_be_paid(end):
    assert is_spent(given(*OPEN, end).state)


def test_a_refund_is_set_aside_once_and_only_of_what_is_left():
    paid = (*OPEN, SUCCEEDED)
    given(*paid).when(reserve_refund, ONE, 60000).then(RefundReserved(ONE, 60000))
    given(*paid, RefundReserved(ONE, 60000)).when(reserve_refund, ONE, 60000).then()
    given(*paid, RefundReserved(ONE, 60000)).when(reserve_refund, TWO, 39500).then(RefundReserved(TWO, 39500))
    given(*paid, RefundReserved(ONE, 60000)).when(reserve_refund, TWO, 39501).refused("refund_exceeds_payment")
    given(*paid).when(reserve_refund, ONE, 0).refused("refund_exceeds_payment")


@pytest.mark.parametrize("before", [[], [failed()], [CANCELLED], [PROCESSING]])
def test_only_what_was_paid_can_be_given_back(before):
    given(*OPEN, *before).when(reserve_refund, ONE, 1).refused("payment_not_refundable")


TOLD = some.sampled_from(["process", "require_action", "fail", "withdraw", "cancel"])


@for_all(some.lists(TOLD, max_size=12), some.integers(0, 12), some.lists(TOLD, max_size=6))
def test_any_words_in_any_order_with_success_among_them_end_the_same(before, opened_at, after):
    """Also when the webhook comes before our own record of the intent, and whatever comes late or twice."""
    words = [WORDS[word][0] for word in before]
    words.insert(min(opened_at, len(words)), (open_at_stripe, OPENED))
    words += [(succeed, SUCCEEDED), (open_at_stripe, OPENED), (succeed, SUCCEEDED)]
    words += [WORDS[word][0] for word in after]
    state = reduce(told, words, given(REQUESTED).state)
    aside = {"failed_charges": frozenset(), "failed_tries": 0, "is_withdrawn": False}
    assert replace(state, **aside) == given(*OPEN, SUCCEEDED).state


def told(state, word):
    decision, *about = word
    return reduce(payment.evolve, decision(state, *about), state)


@for_all(some.lists(some.tuples(some.uuids(), some.integers(-5, 60000))))
def test_no_asking_gives_back_more_than_was_paid(asked):
    state = given(*OPEN, SUCCEEDED).state
    for id, cents in asked:
        with suppress(Refused):
            state = told(state, (reserve_refund, id, cents))
    assert 0 <= refundable_cents(state) == 99500 - sum(state.refunds.values())
