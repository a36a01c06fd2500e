"""The sandbox's bodies are Stripe's: every field that its schema requires; with TOTETAXI_PROVE=1 the whole schema.

The whole schema, and a stripe-mock to send our requests to, need Go and a way to its modules.
"""

import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
import stripe as package

from integrations.stripe import StripeRefused, connect
from integrations.stripe_objects import RefundAsked
from tests.integrations.sandbox.stripe import published
from tests.integrations.stripe_account import KEY, SECRET, SHOP, free_port, wait_until

IS_WHOLE = bool(os.environ.get("TOTETAXI_PROVE")) and published.is_reachable()
ALWAYS = {"id", "object", "created"}
REQUIRED = {
    "balance_transaction": {"amount", "available_on", "balance_type", "currency", "fee", "fee_details", "net"}
    | {"reporting_category", "status", "type"},
    "charge": {"amount", "amount_captured", "amount_refunded", "billing_details", "captured", "currency", "disputed"}
    | {"livemode", "metadata", "paid", "refunded", "status"},
    "customer": {"livemode"},
    "dispute": {"amount", "balance_transactions", "charge", "currency", "enhanced_eligibility_types", "evidence"}
    | {"evidence_details", "is_charge_refundable", "livemode", "metadata", "reason", "status"},
    "event": {"data", "livemode", "pending_webhooks", "type"},
    "payment_intent": {"livemode", "status"},
    "payment_method": {"billing_details", "livemode", "type"},
    "refund": {"amount", "currency"},
    "webhook_endpoint": {"enabled_events", "livemode", "metadata", "status", "url"},
}
PAY = {"amount": 10000, "currency": "usd", "confirm": True}


@pytest.fixture(scope="module")
def bodies(sandbox):
    """Every object of the account, and each as the events told it, after one of everything was done."""
    v1 = sandbox.package()
    one_of_everything(sandbox, v1)
    lists = ("balance_transactions", "charges", "customers", "disputes", "events", "payment_intents", "refunds")
    found = [one for name in lists for one in pages(sandbox, name)] + pages(sandbox, "webhook_endpoints")
    found += [event["data"]["object"] for event in found if event["object"] == "event"]
    return [body for body in found if not body.get("deleted")]


def pages(sandbox, name):
    found = sandbox.call("GET", name, params={"limit": 100}).json()["data"]
    assert found
    return found


def one_of_everything(sandbox, v1):
    customer = v1.customers.create({"metadata": {"customer_id": "c1"}, "email": "ann@example.com"}).id
    card = v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card}})
    v1.payment_intents.create(PAY | {"customer": customer, "payment_method": card})
    v1.payment_intents.create(PAY | {"payment_method": "pm_card_threeDSecure2Required", "return_url": SHOP})
    with pytest.raises(package.CardError):
        v1.payment_intents.create(PAY | {"payment_method": "pm_card_chargeDeclined"})
    v1.payment_intents.cancel(v1.payment_intents.create({"amount": 10000, "currency": "usd"}).id)
    for token, outcome in (("pm_card_pendingRefund", "succeeded"), ("pm_card_refundFail", "failed")):
        intent = v1.payment_intents.create(PAY | {"payment_method": token}).id
        refund = v1.refunds.create({"payment_intent": intent, "amount": 4000, "reason": "duplicate"}).id
        sandbox.act(f"refunds/{refund}/settle", outcome=outcome)
    for outcome in ("won", "lost"):
        intent = v1.payment_intents.create(PAY | {"payment_method": "pm_card_createDispute"}).id
        dispute = v1.disputes.list({"payment_intent": intent}).data[0].id
        sandbox.act(f"disputes/{dispute}/close", outcome=outcome)
    v1.payment_methods.detach(card)
    v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/none", "enabled_events": ["payout.paid"]})
    v1.customers.delete(v1.customers.create().id)


@contextmanager
def stripe_mock(folder):
    """stripe-mock, which takes no request that Stripe's specification does not describe."""
    subprocess.run(["go", "install", published.MODULE], env=os.environ | {"GOBIN": str(folder)}, check=True)
    port = free_port()
    running = subprocess.Popen([folder / "stripe-mock", "-http-port", str(port)], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_up(f"http://127.0.0.1:{port}"), 60)
        yield connect(KEY, f"http://127.0.0.1:{port}", SECRET, timeout_seconds=30)
    finally:
        running.terminate()
        running.wait(10)


def is_up(url):
    try:
        return bool(httpx.get(url, trust_env=False).status_code)
    except httpx.TransportError:
        return False


def every_call_of_ours(stripe):
    stripe.create_intent(uuid4(), 9500, {"booking_number": "TT2345WXYZ"})
    stripe.retrieve_intent("pi_1")
    stripe.cancel_intent("pi_1")
    stripe.refund(RefundAsked(uuid4(), "pi_1", 100, attempt=2))
    stripe.refunds_of("pi_1")
    stripe.disputes_of("pi_1")
    stripe.confirm_with_card("pi_1", "4242424242424242", SHOP)
    stripe.confirm_with_method("pi_1", "pm_1", SHOP)
    stripe.create_customer(uuid4())
    stripe.create_intent(uuid4(), 9500, {}, "cus_1")
    stripe.delete_customer("cus_1")
    stripe.attach_method("cus_1", "pm_1")
    stripe.detach_method("pm_1")
    stripe.methods_of("cus_1")
    stripe.make_default("cus_1", "pm_1")
    for since in (stripe.intents_since, stripe.refunds_since, stripe.disputes_since):
        list(since(datetime.now(UTC)))


def faults(body):
    """What Stripe requires and the body lacks; all that its schema says against it where that can be had."""
    name = body["object"]
    lacking = [f"{name}: no {field}" for field in sorted((ALWAYS | REQUIRED[name]) - set(body))]
    return lacking + (published.faults(name, body) + published.unknown(name, body) if IS_WHOLE else [])


def test_every_body_is_as_stripes_schema_says(bodies):
    assert {body["object"] for body in bodies} == set(REQUIRED)
    assert sorted({fault for body in bodies for fault in faults(body)}) == []
    assert faults({name: value for name, value in bodies[0].items() if name != "created"})


if IS_WHOLE:  # there is nothing to ask elsewhere

    def test_what_is_required_here_is_what_is_published():
        schemas = published.specification()["components"]["schemas"]
        assert {name: set(schemas[name]["required"]) for name in REQUIRED} == {
            name: ALWAYS | fields for name, fields in REQUIRED.items()
        }
        assert published.faults("refund", {"id": "re_1", "object": "refund", "amount": "x"})

    def test_every_call_of_ours_is_one_that_stripe_mock_takes(tmp_path):
        with stripe_mock(tmp_path) as mock:
            every_call_of_ours(mock)
            with pytest.raises(StripeRefused):
                mock.create_intent(uuid4(), "much", {})
