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
    DisputeClosed,
    DisputeOpened,
    PaymentActionRequired,
    PaymentCancelled,
    PaymentFailed,
    PaymentOpened,
    PaymentProcessing,
    PaymentRequested,
    PaymentSucceeded,
    PaymentWithdrawn,
    RefundPaidOut,
    RefundReleased,
    RefundReserved,
    cancel,
    close_dispute,
    fail,
    givable_cents,
    is_spent,
    open_at_stripe,
    open_dispute,
    pay_out,
    process,
    refundable_cents,
    release_refund,
    request,
    require_action,
    reserve_refund,
    standing,
    succeed,
    withdraw,
)
from domain.payment_events import PaymentSecret
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


def test_the_last_try_that_fails_gives_the_intent_up_so_that_nobody_goes_on_trying():
    tries = [failed(n) for n in range(TRIES)]
    given(*OPEN, *tries[:-1]).when(fail, tries[-1]).then(tries[-1], PaymentWithdrawn("tries_used_up"))
    given(*OPEN, *tries, PaymentWithdrawn("tries_used_up")).when(fail, failed(TRIES)).then(failed(TRIES))


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


PAID = (*OPEN, SUCCEEDED)
ASIDE, OUT, RELEASED = RefundReserved(ONE, 60000), RefundPaidOut(ONE, 60000), RefundReleased(ONE)
OPENED_BY_BANK = DisputeOpened("dp_1", 99500, "fraudulent")
INQUIRY = DisputeOpened("dp_1", 0, "fraudulent")
WON, LOST = DisputeClosed("dp_1", "won"), DisputeClosed("dp_1", "lost")


def test_what_is_released_can_be_given_back_again_and_is_released_once():
    given(*PAID, ASIDE).when(release_refund, ONE).then(RELEASED)
    given(*PAID, ASIDE, RELEASED).when(release_refund, ONE).then()
    given(*PAID, ASIDE, RELEASED).when(reserve_refund, TWO, 99500).then(RefundReserved(TWO, 99500))
    given(*PAID, ASIDE, OUT, RELEASED).when(reserve_refund, ONE, 99500).then(RefundReserved(ONE, 99500))


def test_what_reached_the_payer_is_paid_out_once():
    given(*PAID, ASIDE).when(pay_out, ONE, 60000).then(OUT)
    given(*PAID, ASIDE, OUT).when(pay_out, ONE, 60000).then()


def test_what_stripe_paid_out_counts_also_where_nothing_was_set_aside_for_it():
    given(*PAID, ASIDE).when(pay_out, TWO, 50000).then(RefundReserved(TWO, 50000), RefundPaidOut(TWO, 50000))
    over = given(*PAID, ASIDE, RefundReserved(TWO, 50000), RefundPaidOut(TWO, 50000)).state
    assert (refundable_cents(over), givable_cents(over)) == (-10500, 0)


def test_a_dispute_opens_and_closes_once():
    given(*PAID).when(open_dispute, OPENED_BY_BANK).then(OPENED_BY_BANK)
    given(*PAID, OPENED_BY_BANK).when(open_dispute, OPENED_BY_BANK).then()
    given(*PAID, OPENED_BY_BANK).when(close_dispute, WON).then(WON)
    given(*PAID, OPENED_BY_BANK, WON).when(close_dispute, WON).then()
    given(*PAID).when(close_dispute, WON).then()


def test_what_the_bank_only_asked_about_may_become_a_dispute_and_never_the_other_way_round():
    given(*PAID).when(open_dispute, INQUIRY).then(INQUIRY)
    given(*PAID, INQUIRY).when(open_dispute, INQUIRY).then()
    given(*PAID, INQUIRY).when(open_dispute, OPENED_BY_BANK).then(OPENED_BY_BANK)
    given(*PAID, INQUIRY, OPENED_BY_BANK).when(open_dispute, INQUIRY).then()
    given(*PAID, INQUIRY, OPENED_BY_BANK, LOST).when(open_dispute, INQUIRY).then()


@pytest.mark.parametrize(
    ("history", "shown", "left"),
    [
        ([], "succeeded", 99500),
        ([ASIDE], "succeeded", 39500),
        ([ASIDE, OUT], "partially_refunded", 39500),
        ([ASIDE, OUT, RefundReserved(TWO, 39500), RefundPaidOut(TWO, 39500)], "refunded", 0),
        ([ASIDE, OUT, RELEASED], "succeeded", 99500),
        ([OPENED_BY_BANK], "disputed", 0),
        ([OPENED_BY_BANK, LOST], "disputed", 0),
        ([OPENED_BY_BANK, WON], "succeeded", 99500),
        ([ASIDE, OUT, OPENED_BY_BANK], "disputed", 0),
        ([OPENED_BY_BANK, WON, DisputeOpened("dp_2", 100, "general")], "disputed", 0),
        ([INQUIRY], "succeeded", 99500),
        ([INQUIRY, WON], "succeeded", 99500),
        ([INQUIRY, OPENED_BY_BANK], "disputed", 0),
        ([INQUIRY, OPENED_BY_BANK, LOST], "disputed", 0),
    ],
)
def test_it_shows_what_became_of_the_money_and_what_may_still_be_given_back(history, shown, left):
    state = given(*PAID, *history).state
    assert (standing(state), givable_cents(state)) == (shown, left)


@pytest.mark.parametrize("before", [[], [failed()], [CANCELLED], [PROCESSING]])
def test_before_its_money_came_it_shows_how_far_it_is_and_nothing_can_be_given_back(before):
    state = given(*OPEN, *before).state
    assert (standing(state), givable_cents(state)) == (state.status, 0)


@pytest.mark.parametrize("then", [[], [LOST]])
def test_while_a_bank_decides_and_when_it_has_taken_the_money_nothing_is_given_back(then):
    given(*PAID, OPENED_BY_BANK, *then).when(reserve_refund, ONE, 1).refused("payment_not_refundable")
    given(*PAID, OPENED_BY_BANK, WON).when(reserve_refund, ONE, 1).then(RefundReserved(ONE, 1))
