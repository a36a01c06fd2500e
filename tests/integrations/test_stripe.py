"""Our client against the sandbox: every answer, every refusal, every outcome that nobody knows."""

import socket
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import psycopg
import pytest

from integrations.stripe import StripeRefused, StripeUnavailable, connect
from integrations.stripe_objects import RefundAsked
from tests.integrations.stripe_account import KEY, SECRET, SHOP, free_port, wait_until

PASSES = "4242424242424242"
STANDS = "update stripe_sandbox.objects set body = body || jsonb_build_object('status', %s::text) where id = %s"
ASKS = "4000002760003184"
DECLINES = {
    "4000000000000002": "generic_decline",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
    "4000000000000127": "incorrect_cvc",
    "4000000000000119": "processing_error",
}


def paid(stripe, amount_cents=10000):
    return stripe.confirm_with_card(stripe.create_intent(uuid4(), amount_cents, {}).id, PASSES, SHOP)


def test_a_payment_has_one_intent_however_often_it_is_asked_for(stripe):
    payment = uuid4()
    first, again = (stripe.create_intent(payment, 172500, {"booking_number": "TT2345WXYZ"}) for _ in range(2))
    assert first == again
    assert (first.status, first.amount_cents, first.charge_id) == ("requires_payment_method", 172500, None)
    assert first.metadata == {"booking_number": "TT2345WXYZ", "payment_id": str(payment)}
    assert first.client_secret.startswith(f"{first.id}_secret_")


def test_a_payment_cannot_have_an_intent_of_another_amount(stripe):
    payment = uuid4()
    stripe.create_intent(payment, 172500, {})
    with pytest.raises(StripeRefused) as refusal:
        stripe.create_intent(payment, 172501, {})
    assert refusal.value.code == "idempotency_error"


def test_a_card_that_passes_leaves_a_charge_and_its_fee(stripe):
    intent = paid(stripe, 172500)
    assert (intent.status, intent.failure_code, intent.fee_cents) == ("succeeded", None, 5033)
    assert intent.charge_id.startswith("ch_")
    assert stripe.retrieve_intent(intent.id) == intent


@pytest.mark.parametrize(("number", "code"), DECLINES.items())
def test_a_declined_card_leaves_an_intent_that_can_be_tried_again(stripe, number, code):
    intent = stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, number, SHOP)
    assert (intent.status, intent.failure_code, intent.fee_cents) == ("requires_payment_method", code, None)
    assert stripe.confirm_with_card(intent.id, PASSES, SHOP).status == "succeeded"


def test_a_card_that_is_no_test_card_is_refused(stripe):
    intent = stripe.create_intent(uuid4(), 9500, {})
    with pytest.raises(StripeRefused) as refusal:
        stripe.confirm_with_card(intent.id, "4242424242424241", SHOP)
    assert refusal.value.code == "incorrect_number"


@pytest.mark.parametrize(
    ("result", "status", "code"),
    [("complete", "succeeded", None), ("fail", "requires_payment_method", "payment_intent_authentication_failure")],
)
def test_3d_secure_sends_the_payer_to_a_page_and_back(stripe, sandbox, result, status, code):
    intent = stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, ASKS, SHOP)
    assert intent.status == "requires_action"
    page = f"{sandbox.url}/sandbox/3ds/{intent.id}"
    assert "Complete" in httpx.get(page).text
    back = httpx.post(page, data={"result": result})
    assert (back.status_code, back.headers["location"].split("&payment_intent_")[0]) == (
        303,
        f"{SHOP}&payment_intent={intent.id}",
    )
    after = stripe.retrieve_intent(intent.id)
    assert (after.status, after.failure_code) == (status, code)


def test_the_3d_secure_page_sent_twice_charges_once(stripe, sandbox):
    intent = stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, ASKS, SHOP)
    page = f"{sandbox.url}/sandbox/3ds/{intent.id}"
    assert [httpx.post(page, data={"result": "complete"}).status_code for _ in range(2)] == [303, 200]
    assert [line["charges"] for line in sandbox.ledger() if line["id"] == intent.id] == [1]


def test_an_open_intent_is_cancelled_and_cannot_be_paid(stripe):
    intent = stripe.create_intent(uuid4(), 9500, {})
    assert stripe.cancel_intent(intent.id).status == "canceled"
    assert stripe.cancel_intent(intent.id).status == "canceled"
    assert stripe.confirm_with_card(intent.id, PASSES, SHOP).status == "canceled"


def test_an_intent_at_which_stripe_is_at_work_cannot_be_cancelled_until_it_has_failed(stripe, sandbox):
    intent = stripe.create_intent(uuid4(), 9500, {})
    for status, then in (("processing", "processing"), ("requires_payment_method", "canceled")):
        with psycopg.connect(sandbox.arguments[0], autocommit=True) as db:
            db.execute(STANDS, (status, intent.id))
        assert stripe.cancel_intent(intent.id).status == then


def test_an_intent_that_was_paid_first_stays_paid(stripe):
    intent = paid(stripe)
    assert stripe.cancel_intent(intent.id) == intent
    assert stripe.confirm_with_card(intent.id, PASSES, SHOP) == intent


def test_what_does_not_exist_is_refused(stripe):
    for ask in (
        lambda: stripe.retrieve_intent("pi_none"),
        lambda: stripe.cancel_intent("pi_none"),
        lambda: stripe.refund(RefundAsked(uuid4(), "pi_none", 100)),
    ):
        with pytest.raises(StripeRefused) as refusal:
            ask()
        assert refusal.value.code == "resource_missing"


def test_a_wrong_key_says_nothing_about_what_was_asked(sandbox):
    with pytest.raises(StripeUnavailable):
        connect("sk_live_wrong", sandbox.url, SECRET).create_intent(uuid4(), 9500, {})


def test_a_refund_of_ours_is_one_refund_there(stripe):
    intent, refund = paid(stripe), uuid4()
    made = stripe.refund(RefundAsked(refund, intent.id, 4000))
    assert (made.status, made.amount_cents, made.intent_id) == ("succeeded", 4000, intent.id)
    assert made.metadata == {"refund_id": str(refund)}
    assert stripe.refund(RefundAsked(refund, intent.id, 4000)) == made
    assert stripe.refund(RefundAsked(uuid4(), intent.id, 4000)).id != made.id


def test_no_more_is_refunded_than_was_paid_by_any_number_at_once(stripe, sandbox):
    intent = paid(stripe)

    def ask(_):
        try:
            return stripe.refund(RefundAsked(uuid4(), intent.id, 3000)).status
        except StripeRefused as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as staff:
        answers = sorted(staff.map(ask, range(8)))
    assert answers == ["amount_too_large"] * 5 + ["succeeded"] * 3
    assert [line["refunded"] for line in sandbox.ledger() if line["id"] == intent.id] == [9000]


def test_the_whole_amount_is_refunded_only_once(stripe):
    intent = paid(stripe)
    stripe.refund(RefundAsked(uuid4(), intent.id, 10000))
    with pytest.raises(StripeRefused) as refusal:
        stripe.refund(RefundAsked(uuid4(), intent.id, 1))
    assert refusal.value.code == "charge_already_refunded"


def test_what_was_not_paid_cannot_be_refunded(stripe):
    with pytest.raises(StripeRefused) as refusal:
        stripe.refund(RefundAsked(uuid4(), stripe.create_intent(uuid4(), 9500, {}).id, 100))
    assert refusal.value.code == "charge_not_refundable"


def test_nobody_there_is_an_unknown_outcome():
    with pytest.raises(StripeUnavailable):
        connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET).create_intent(uuid4(), 9500, {})


def test_an_error_at_stripe_is_an_unknown_outcome(own_sandbox):
    own_sandbox.switch(fail=1)
    with pytest.raises(StripeUnavailable):
        own_sandbox.client().create_intent(uuid4(), 9500, {})
    assert own_sandbox.ledger() == []


def test_a_lost_reply_asked_for_again_leaves_one_intent(own_sandbox):
    stripe, payments = own_sandbox.client(), [uuid4() for _ in range(8)]
    own_sandbox.switch(lose_replies=1)
    for payment in payments:
        with pytest.raises(StripeUnavailable):
            stripe.create_intent(payment, 9500, {})
    own_sandbox.switch()
    answered = {stripe.create_intent(payment, 9500, {}).id for payment in payments}
    assert {line["id"] for line in own_sandbox.ledger()} == answered
    assert len(own_sandbox.ledger()) == len(payments)


def test_an_answer_that_takes_too_long_and_a_key_in_use_are_unknown_outcomes(own_sandbox):
    payment = uuid4()
    own_sandbox.switch(delay_ms=4000)
    with pytest.raises(StripeUnavailable, match="timed out"):
        own_sandbox.client(timeout_seconds=0.5).create_intent(payment, 9500, {})
    with pytest.raises(StripeUnavailable, match="in-progress"):
        own_sandbox.client().create_intent(payment, 9500, {})
    own_sandbox.switch()
    made = wait_until(own_sandbox.ledger)
    assert [line["id"] for line in made] == [own_sandbox.client().create_intent(payment, 9500, {}).id]


def test_as_many_threads_as_may_call_at_once_share_a_client(stripe):
    payments = [uuid4() for _ in range(80)]
    with ThreadPoolExecutor(24) as threads:
        made = list(threads.map(lambda payment: stripe.create_intent(payment, 9500, {}), payments))
    assert [intent.metadata["payment_id"] for intent in made] == [str(payment) for payment in payments]


def test_a_stripe_that_hangs_holds_no_more_than_its_share_of_threads():
    """Twenty-four calls wait for it; who comes then is told at once that the outcome is unknown."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as deaf, ThreadPoolExecutor(40) as pool:
        hanging = connect(KEY, f"http://127.0.0.1:{deaf.getsockname()[1]}", "unused", timeout_seconds=6)

        def ask(_):
            with pytest.raises(StripeUnavailable) as refusal:
                hanging.retrieve_intent("pi_1")
            return str(refusal.value)

        told = list(pool.map(ask, range(40)))
    assert told.count("too many calls are waiting for Stripe") == 16
