"""News from Stripe in any order, any number of times: disputes, and all that happens to the money of one payment."""

import os
from contextlib import nullcontext
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as for_all
from hypothesis import strategies as some
from structlog.testing import capture_logs

from commands import booking_ref, day_ref
from commands.ending import Cancellation, cancel_as_seen
from commands.hearing import hear, learn, record_dispute
from commands.payments import confirm
from integrations.stripe import StripeDispute, StripeRefused, StripeUnavailable
from tests.commands.money_back import (
    ADA,
    PRICE,
    approved,
    aside,
    begun_at_stripe,
    intent_of,
    news,
    paid,
    refused,
    requested,
    shown,
)
from tests.commands.test_payments import forge
from tests.commands.wishes import PASSES, booking, limit, names, payment, place, together, told
from tests.samples import MONDAY

OPENED, CLOSED = "charge.dispute.created", "charge.dispute.closed"


@pytest.fixture
def disputed(ctx, sandbox):
    placed = paid(ctx)
    dispute(ctx, sandbox, placed)
    return placed


def dispute(ctx, sandbox, placed):
    assert sandbox.act("disputes", intent=intent_of(ctx, placed), reason="fraudulent").is_success


def decide(ctx, sandbox, placed, outcome):
    (made,) = ctx().stripe.disputes_of(intent_of(ctx, placed))
    assert sandbox.act(f"disputes/{made.id}/close", outcome=outcome).is_success


def disputes(ctx, placed):
    return list(payment(ctx, placed).disputes.values())


def test_a_dispute_is_recorded_once_and_stops_refunds(ctx, disputed):
    together(*[lambda: hear(told(intent_of(ctx, disputed), OPENED), ctx())] * 4)
    (opened,) = [r.event for r in ctx().store.history(disputed.payment_id) if r.name == "DisputeOpened"]
    assert (opened.amount_cents, opened.reason, shown(ctx, disputed)) == (PRICE, "fraudulent", ("disputed", "paid"))
    assert refused(lambda: requested(ctx, disputed, 1)) == "payment_not_refundable"


@pytest.mark.parametrize(("outcome", "then"), [("won", "succeeded"), ("lost", "disputed")])
def test_how_a_dispute_ended_is_recorded_also_when_nobody_heard_of_it_before(ctx, sandbox, disputed, outcome, then):
    decide(ctx, sandbox, disputed, outcome)
    for kind in (CLOSED, OPENED, CLOSED):
        hear(told(intent_of(ctx, disputed), kind), ctx())
    assert names(ctx, disputed.payment_id)[-2:] == ["DisputeOpened", "DisputeClosed"]
    assert [one.outcome for one in disputes(ctx, disputed)] == [outcome]
    assert shown(ctx, disputed)[0] == then


def test_what_was_asked_before_a_dispute_was_decided_does_not_open_it_again(ctx, sandbox, disputed):
    (old,) = ctx().stripe.disputes_of(intent_of(ctx, disputed))
    decide(ctx, sandbox, disputed, "won")
    news(ctx, disputed)
    record_dispute(disputed.payment_id, old, ctx())
    assert (shown(ctx, disputed)[0], disputes(ctx, disputed)[0].outcome) == ("succeeded", "won")
    requested(ctx, disputed)


def test_a_question_of_the_bank_that_led_to_nothing_takes_no_money(ctx):
    placed = paid(ctx)
    for status in ("warning_needs_response", "warning_closed"):
        record_dispute(placed.payment_id, StripeDispute("du_1", status, PRICE, "general", None), ctx())
    assert (shown(ctx, placed)[0], disputes(ctx, placed)[0].outcome) == ("succeeded", "won")


def test_a_disputed_booking_can_be_cancelled_and_nothing_is_given_back_twice(ctx, disputed):
    news(ctx, disputed)
    cancel_as_seen(
        booking_ref(disputed.booking_id), Cancellation("Fraud", by_staff=True, refund_cents=0), ctx(actor=ADA)
    )
    assert (shown(ctx, disputed), aside(ctx, disputed)) == (("disputed", "cancelled"), 0)


def test_another_intent_with_the_name_of_a_payment_is_nothing_of_ours(ctx):
    placed = place(ctx)
    forged = [forge(ctx, placed, amount).id for amount in (100, PRICE)]
    with capture_logs() as said:
        assert [hear(told(id), ctx()) for id in forged] == [None, None]
    assert booking(ctx, placed).status == "pending"
    assert [(line["event"], line["intent"]) for line in said] == [("intent_does_not_fit", id) for id in forged]


def test_an_intent_with_the_name_of_something_that_is_no_payment_is_nothing_of_ours(ctx):
    placed = paid(ctx)
    asked = {"amount": PRICE, "currency": "usd", "metadata": {"payment_id": str(placed.booking_id)}}
    id = ctx().stripe.v1.payment_intents.create(asked).id
    assert hear(told(id), ctx()) is None
    assert refused(lambda: confirm(id, placed.booking_number, ctx())) == "not_found"


ODD = ["", "x", "0" * 32, "{00000000-0000-4000-8000-000000000000}", chr(0x661) * 32, "x" * 500, "null"]


def test_whatever_stands_in_metadata_money_is_counted(ctx, sandbox):
    placed = paid(ctx)
    others = [placed.booking_id, placed.payment_id, day_ref(MONDAY).stream, approved(ctx, paid(ctx, "eve"), 100)]
    for n, odd in enumerate([*ODD, *map(str, others)]):
        asked = {"amount": 9500, "currency": "usd", "metadata": {"payment_id": odd}}
        strange = ctx().stripe.v1.payment_intents.create(asked).id
        assert learn(strange, ctx()) is None
        mark = {"refund_id": odd, "attempt": odd}
        assert sandbox.act("refunds", intent=intent_of(ctx, placed), amount=100, metadata=mark).is_success
        news(ctx, placed)
        assert aside(ctx, placed) == 100 * (n + 1)


@pytest.mark.parametrize(("code", "then"), [("resource_missing", None), ("parameter_invalid", StripeUnavailable)])
def test_only_that_an_intent_is_missing_says_that_it_is_nothing_of_ours(ctx, disputed, code, then):
    """After any other refusal Stripe is to send the webhook again."""
    asked = ctx(stripe=Refusing(code))
    with pytest.raises(then) if then else nullcontext():
        assert hear(told(intent_of(ctx, disputed)), asked) is None


class Refusing:
    """A Stripe that refuses to show an intent."""

    def __init__(self, code):
        self.code = code

    def retrieve_intent(self, _):
        raise StripeRefused(self.code, "no")


def test_a_refund_of_which_only_the_charge_tells_is_learnt(ctx, sandbox):
    placed = paid(ctx)
    begun_at_stripe(ctx, sandbox, placed, 4000)
    hear(told(intent_of(ctx, placed), "charge.refunded"), ctx())
    assert aside(ctx, placed) == 4000


def test_all_that_was_missed_is_learnt_when_stripe_is_asked(ctx, sandbox):
    placed = place(ctx)
    ctx().stripe.confirm_with_card(intent_of(ctx, placed), PASSES, "http://127.0.0.1/")
    begun_at_stripe(ctx, sandbox, placed, 4000)
    dispute(ctx, sandbox, placed)
    first = learn(intent_of(ctx, placed), ctx())
    assert (shown(ctx, placed), aside(ctx, placed)) == (("disputed", "paid"), 4000)
    assert learn(intent_of(ctx, placed), ctx()) == first


WEBHOOKS = ["payment_intent.processing", "payment_intent.succeeded", "charge.succeeded", "refund.created",
            "charge.refunded", "refund.updated", OPENED, CLOSED]  # fmt: skip
STEPS = [
    lambda ctx, sandbox, placed: ctx().stripe.confirm_with_card(intent_of(ctx, placed), PASSES, "http://127.0.0.1/"),
    lambda ctx, sandbox, placed: begun_at_stripe(ctx, sandbox, placed, 3000),
    lambda ctx, sandbox, placed: begun_at_stripe(ctx, sandbox, placed, 2000),
    dispute,
    lambda ctx, sandbox, placed: decide(ctx, sandbox, placed, "won"),
]


@settings(
    max_examples=90 if os.environ.get("TOTETAXI_PROVE") else 12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@for_all(some.lists(some.sampled_from(WEBHOOKS), max_size=4), some.permutations(WEBHOOKS), some.integers(0, 5))
def test_any_permutation_and_duplication_of_webhooks_folds_to_the_same(ctx, sandbox, twice, order, early):
    """Some are heard between what happens at Stripe, all of them after it, in any order."""
    limit(ctx, 99)
    placed = place(ctx, f"g{uuid4().hex}")
    for n, step in enumerate(STEPS):
        step(ctx, sandbox, placed)
        for kind in twice if n < early else []:
            hear(told(intent_of(ctx, placed), kind), ctx())
    for kind in (*order, *twice):
        hear(told(intent_of(ctx, placed), kind), ctx())
    state = payment(ctx, placed)
    folded = sorted(state.paid_out.values()), aside(ctx, placed), [d.outcome for d in disputes(ctx, placed)]
    assert (folded, shown(ctx, placed)) == (([2000, 3000], 5000, ["won"]), ("partially_refunded", "paid"))
    kinds = names(ctx, placed.payment_id)
    assert sorted(kinds) == sorted([
        "PaymentRequested", "PaymentOpened", "PaymentSucceeded", *["RefundReserved", "RefundPaidOut"] * 2,
        "DisputeOpened", "DisputeClosed",
    ])  # fmt: skip
