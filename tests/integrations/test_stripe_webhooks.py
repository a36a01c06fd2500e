"""Webhooks are believed only when Stripe signed them, lately and with our secret."""

import json
import time
from uuid import uuid4

import pytest
import stripe as package

from integrations.stripe import ForgedWebhook, connect
from integrations.stripe_objects import RefundAsked
from tests.integrations.stripe_account import KEY, SECRET, SHOP, wait_until

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
    assert {"payment_intent.created", "payment_intent.succeeded", "refund.created", "charge.refunded"} < events.keys()
    assert {(event.intent_id, event.livemode) for event in events.values()} == {(intent.id, False)}


def why_not(stripe, body, signature):
    with pytest.raises(ForgedWebhook) as forged:
        stripe.webhook_event(body, signature)
    return forged.value.reason


def account(key=KEY, secrets=SECRET):
    return connect(key, "http://127.0.0.1:9", secrets)


def test_a_webhook_altered_on_its_way_is_refused(stripe):
    body, signature = signed(EVENT)
    assert stripe.webhook_event(body, signature).intent_id == "pi_1"
    assert why_not(stripe, body.replace(b"pi_1", b"pi_2"), signature) == "forged"


@pytest.mark.parametrize("age_seconds", [301, -310])
def test_a_webhook_that_is_old_or_from_the_future_is_refused(stripe, age_seconds):
    assert why_not(stripe, *signed(EVENT, at=int(time.time()) - age_seconds)) == "stale"
    stripe.webhook_event(*signed(EVENT, at=int(time.time()) - age_seconds // 2))


def test_an_old_webhook_with_a_new_time_is_forged(stripe):
    body, signature = signed(EVENT, at=int(time.time()) - 400)
    assert why_not(stripe, body, f"t={int(time.time())},{signature.split(',')[1]}") == "forged"


def test_a_webhook_signed_with_another_secret_is_refused(stripe):
    assert why_not(stripe, *signed(EVENT, "whsec_other")) == "forged"


def test_while_a_secret_is_replaced_both_are_believed_and_no_other():
    stripe = account(secrets="whsec_new, whsec_old")
    for secret in ("whsec_new", "whsec_old"):
        assert stripe.webhook_event(*signed(EVENT, secret)).id == "evt_1"
    for secret in ("", "whsec_new, whsec_old", "whsec_other"):
        assert why_not(stripe, *signed(EVENT, secret)) == "forged"
    body, signature = signed(EVENT, "whsec_older")
    by_both = f"{signature},{signed(EVENT, 'whsec_new')[1].split(',')[1]}"
    assert stripe.webhook_event(body, by_both).id == "evt_1"


def test_where_no_secret_is_set_nothing_is_believed():
    for secrets in ("", " ", ",", "whsec_a,"):
        assert why_not(account(secrets=secrets), *signed(EVENT, "")) == "forged"


@pytest.mark.parametrize(
    ("key", "live"),
    [("rk_live_1", True), ("rk_test_1", False), ("sk_live_1", True), ("sk_test_live_1", False), ("none", False)],
)
def test_only_events_of_the_mode_of_our_key_are_believed(key, live):
    stripe = account(key)
    assert stripe.webhook_event(*signed(EVENT | {"livemode": live})).livemode is live
    assert why_not(stripe, *signed(EVENT | {"livemode": not live})) == "wrong_mode"
    assert why_not(stripe, *signed(EVENT | {"livemode": not live}, "whsec_other")) == "forged"


@pytest.mark.parametrize("signature", ["", "nonsense", "t=,v1=", "t=1", "t=1,v1=ä", "t=x,v1=00", "v1=00"])
def test_a_signature_that_is_none_is_refused(stripe, signature):
    assert why_not(stripe, b"{}", signature) == "forged"


def test_a_time_that_two_would_read_otherwise_is_read_as_it_was_signed(stripe):
    body, signature = signed(EVENT)
    at, mark = signature.split(",")
    assert stripe.webhook_event(body, f"{at}=x,{mark},t=1").id == "evt_1"


def about(**changed):
    return EVENT | {"data": {"object": EVENT["data"]["object"] | changed}}


ODD = [None, 5, "", "\0", "x\0", "a b", "x\n", "\ud800", "é", "x" * 256, ["x"], {"id": "x"}, True]
NO_EVENTS = {
    **{f"{what} {n}": body for n, odd in enumerate(ODD) for what, body in {
        "id": EVENT | {"id": odd},
        "intent": about(object="payment_intent", id=odd),
        "object": about(object=odd),
        "type": EVENT | {"type": odd},
    }.items()},
    **{f"payment_intent {n}": about(payment_intent=odd) for n, odd in enumerate(ODD) if odd is not None},
    **{f"livemode {odd}": EVENT | {"livemode": odd} for odd in (None, 0, "false", [])},
    **{f"data {odd}": EVENT | {"data": odd} for odd in (None, {}, [], "x", {"object": "x"}, {"object": []})},
    **{f"body {odd}": odd for odd in (None, 5, "x", [], {}, {"id": "evt_1"})},
}  # fmt: skip


@pytest.mark.parametrize("how", sorted(NO_EVENTS))
def test_a_signed_body_that_is_no_event_is_refused(stripe, how):
    assert why_not(stripe, *signed(NO_EVENTS[how])) == "no_event"


@pytest.mark.parametrize("body", ["", "{", "[" * 200000, '{"a":' * 200000, '{"id": "evt_1"'])
def test_signed_text_that_is_no_json_is_refused(stripe, body):
    signature = package.WebhookSignature.generate_signature_header(body, SECRET)
    assert why_not(stripe, body.encode(), signature) == "no_event"


@pytest.mark.parametrize(
    ("event", "intent_id"),
    [
        (about(payment_intent=None), None),
        (about(last_payment_error=[1], metadata=[], latest_charge={}), "pi_1"),
        (EVENT | {"data": {"object": {"object": "balance", "livemode": False}}}, None),
        (about(object="payment_intent", id="pi_2", payment_intent=None), "pi_2"),
    ],
)
def test_what_is_not_looked_at_may_be_anything(stripe, event, intent_id):
    assert stripe.webhook_event(*signed(event)).intent_id == intent_id


def test_bytes_that_are_no_text_are_refused(stripe):
    assert why_not(stripe, b"\xff\xfe", f"t={int(time.time())},v1=00") == "forged"
