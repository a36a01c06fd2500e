"""Webhooks are believed only when Stripe signed them, lately and with our secret."""

import json
import time
from uuid import uuid4

import pytest
import stripe as package

from integrations.stripe import ForgedWebhook
from integrations.stripe_objects import RefundAsked
from tests.integrations.stripe_account import SECRET, SHOP, wait_until

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "charge.refunded",
    "livemode": False,
    "data": {"object": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}},
}


def signed(event, secret=SECRET, at=None):
    body = json.dumps(event)
    return body.encode(), package.WebhookSignature.generate_signature_header(body, secret, at)


def test_a_genuine_webhook_tells_what_it_is_about(own_sandbox, shop):
    stripe, refund = own_sandbox.client(), uuid4()
    intent = stripe.confirm_with_card(stripe.create_intent(uuid4(), 10000, {}).id, "4242424242424242", SHOP)
    stripe.refund(RefundAsked(refund, intent.id, 4000))
    wait_until(lambda: len(shop.received) == 5)
    events = {event.type: event for event in shop.events(stripe)}
    assert events["payment_intent.created"].intent.status == "requires_payment_method"
    assert events["payment_intent.succeeded"].intent.charge_id == intent.charge_id
    assert events["refund.created"].refund.metadata == {"refund_id": str(refund)}
    assert {event.intent_id for event in events.values()} == {intent.id}
    assert events["charge.refunded"].intent is events["charge.refunded"].refund is None


def test_a_webhook_altered_on_its_way_is_refused(stripe):
    body, signature = signed(EVENT)
    assert stripe.webhook_event(body, signature).intent_id == "pi_1"
    with pytest.raises(ForgedWebhook):
        stripe.webhook_event(body.replace(b"pi_1", b"pi_2"), signature)


@pytest.mark.parametrize("age_seconds", [301, -310])
def test_a_webhook_that_is_old_or_from_the_future_is_refused(stripe, age_seconds):
    with pytest.raises(ForgedWebhook):
        stripe.webhook_event(*signed(EVENT, at=int(time.time()) - age_seconds))
    stripe.webhook_event(*signed(EVENT, at=int(time.time()) - age_seconds // 2))


def test_a_webhook_signed_with_another_secret_is_refused(stripe):
    with pytest.raises(ForgedWebhook):
        stripe.webhook_event(*signed(EVENT, "whsec_other"))


@pytest.mark.parametrize("signature", ["", "t=1", "v1=00", "t=x,v1=00", "nonsense", "t=,v1="])
def test_a_signature_that_is_none_is_refused(stripe, signature):
    with pytest.raises(ForgedWebhook):
        stripe.webhook_event(b"{}", signature)


@pytest.mark.parametrize("body", [[], {}, {"id": "evt_1"}, EVENT | {"data": {}}, EVENT | {"data": {"object": "x"}}])
def test_a_signed_body_that_is_no_event_is_refused(stripe, body):
    with pytest.raises(ForgedWebhook):
        stripe.webhook_event(*signed(body))


def test_bytes_that_are_no_text_are_refused(stripe):
    with pytest.raises(ForgedWebhook):
        stripe.webhook_event(b"\xff\xfe", f"t={int(time.time())},v1=00")
