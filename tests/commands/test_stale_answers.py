"""What Stripe answered is written down late, after a newer answer: it undoes nothing, and counts no try twice."""

import pytest

from commands import payment_ref
from commands.hearing import hear
from commands.payments import record
from domain.payment_events import PaymentActionRequired, PaymentProcessing
from integrations.stripe import StripeUnavailable
from tests.commands.money_back import intent_of
from tests.commands.wishes import ASKS, DECLINED, PASSES, at_stripe, booking, names, pay, payment, place, told


class Slow:
    """Stripe, from whom an answer is long on its way: `meanwhile` is called each time, before it is there."""

    def __init__(self, stripe, *meanwhile):
        self.stripe, self.meanwhile, self.asked = stripe, list(meanwhile), 0

    def __getattr__(self, name):
        return getattr(self.stripe, name)

    def retrieve_intent(self, id):
        self.asked += 1
        answer = self.stripe.retrieve_intent(id)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return answer


@pytest.fixture
def asks_3ds(ctx):
    """A payment whose bank wants to see the payer."""
    placed = place(ctx)
    pay(ctx, placed, ASKS)
    return placed


def fails_3ds(ctx, sandbox, placed):
    sandbox.http.post(f"/sandbox/3ds/{intent_of(ctx, placed)}", data={"result": "fail"})
    hear(told(intent_of(ctx, placed)), ctx())


def tried(ctx, placed):
    return str(payment(ctx, placed).status), payment(ctx, placed).failed_tries


def test_what_was_asked_before_a_try_failed_does_not_open_it_again(ctx, sandbox, asks_3ds):
    old = at_stripe(ctx, asks_3ds)
    fails_3ds(ctx, sandbox, asks_3ds)
    for each in (old, at_stripe(ctx, asks_3ds), old):
        record(each, ctx())
    assert tried(ctx, asks_3ds) == ("failed", 1)


def test_a_payment_that_goes_on_while_stripe_is_asked_is_asked_about_again(ctx, sandbox):
    """The payer tries a card, which fails, while whoever heard that the bank asks is still being answered."""
    placed = place(ctx)
    ctx().stripe.confirm_with_card(intent_of(ctx, placed), ASKS, "http://127.0.0.1/")
    slow = Slow(ctx().stripe, lambda: None, lambda: fails_3ds(ctx, sandbox, placed))
    hear(told(intent_of(ctx, placed)), ctx(stripe=slow))
    assert (tried(ctx, placed), slow.asked) == (("failed", 1), 3)


class Restless:
    """A store in which a payment goes on just before anything is appended."""

    def __init__(self, store, goes_on):
        self.store, self.goes_on = store, goes_on

    def __getattr__(self, name):
        return getattr(self.store, name)

    def append(self, *asked):
        self.goes_on()
        return self.store.append(*asked)


def going_on(ctx, placed):
    def goes_on():
        event = PaymentProcessing() if tried(ctx, placed)[0] != "processing" else PaymentActionRequired()
        ctx().append([payment_ref(placed.payment_id)], lambda _: [[event]])

    return goes_on


def test_money_that_came_is_recorded_at_once_whatever_goes_on_meanwhile(ctx, asks_3ds):
    ctx().stripe.confirm_with_card(intent_of(ctx, asks_3ds), PASSES, "http://127.0.0.1/")
    slow, restless = Slow(ctx().stripe), Restless(ctx().store, going_on(ctx, asks_3ds))
    hear(told(intent_of(ctx, asks_3ds)), ctx(stripe=slow, store=restless))
    assert (slow.asked, booking(ctx, asks_3ds).status) == (1, "paid")


def test_a_payment_that_never_stands_still_is_not_done_yet_and_stripe_sends_its_webhook_again(ctx):
    placed = place(ctx)
    ctx().stripe.confirm_with_card(intent_of(ctx, placed), DECLINED, "http://127.0.0.1/")
    with pytest.raises(StripeUnavailable):
        hear(told(intent_of(ctx, placed)), ctx(store=Restless(ctx().store, going_on(ctx, placed))))
    assert "PaymentFailed" not in names(ctx, placed.payment_id)
    hear(told(intent_of(ctx, placed)), ctx())
    assert tried(ctx, placed) == ("failed", 1)
