"""Lists are paged newest first, filtered, and expanded as Stripe does it."""

from uuid import uuid4

import pytest
import stripe as package

from integrations.stripe_objects import RefundAsked
from tests.integrations.stripe_account import KEY, SHOP

PAID = {"payment_method": "pm_card_visa", "confirm": True}


def test_the_package_pages_through_everything(own_sandbox):
    stripe = own_sandbox.client()
    made = [stripe.create_intent(uuid4(), 9500, {}).id for _ in range(7)]
    v1 = package.StripeClient(KEY, base_addresses={"api": own_sandbox.url}).v1
    assert [intent.id for intent in v1.payment_intents.list({"limit": 3}).auto_paging_iter()] == made[::-1]


def test_refunds_are_listed_by_their_intent(stripe, sandbox):
    intents = [
        stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, "4242424242424242", SHOP).id
        for _ in range(2)
    ]
    refunds = [stripe.refund(RefundAsked(uuid4(), intent, 100)).id for intent in intents for _ in range(2)]
    listed = sandbox.call("GET", "refunds", params={"payment_intent": intents[0]}).json()["data"]
    assert [refund["id"] for refund in listed] == refunds[1::-1]
    assert sandbox.call("GET", f"refunds/{refunds[0]}").json() == listed[1]
    assert sandbox.call("GET", "refunds/re_none").status_code == 404


def test_a_list_is_bounded_by_time(stripe, sandbox):
    stripe.create_intent(uuid4(), 9500, {})
    newest = sandbox.call("GET", "payment_intents", params={"limit": 1}).json()["data"][0]
    for bound, expected in (("gte", True), ("gt", False), ("lte", True), ("lt", False)):
        found = sandbox.call("GET", "payment_intents", params={"limit": 100, f"created[{bound}]": newest["created"]})
        assert (newest["id"] in [intent["id"] for intent in found.json()["data"]]) is expected


def test_each_member_of_a_list_can_be_expanded(stripe, sandbox):
    stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, "4242424242424242", SHOP)
    path = "data.latest_charge.balance_transaction"
    newest = sandbox.call("GET", "payment_intents", params={"limit": 1, "expand[0]": path}).json()["data"][0]
    assert newest["latest_charge"]["balance_transaction"]["net"] == 9500 - 306


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"starting_after": "pi_none"}, {"customre": "x"}]
)
def test_a_page_that_cannot_be_is_refused(sandbox, wrong):
    assert sandbox.call("GET", "payment_intents", params=wrong).status_code == 400


def test_events_are_listed_by_their_types(sandbox):
    v1 = sandbox.package()
    intent = v1.payment_intents.create({"amount": 9500, "currency": "usd"} | PAID).id
    v1.refunds.create({"payment_intent": intent})

    def newest(**asked):
        return [event.type for event in v1.events.list({"limit": 2} | asked).data]

    assert newest(type="charge.*") == ["charge.refunded", "charge.succeeded"]
    assert newest(types=["payment_intent.created", "refund.created"]) == ["refund.created", "payment_intent.created"]
    assert newest(type="payment.intent.created") == []
    [event] = v1.events.list({"type": "refund.created", "limit": 1}).data
    assert v1.events.retrieve(event.id) == event


def test_what_the_balance_moved_is_listed_by_type_source_and_time(sandbox):
    v1 = sandbox.package()
    intent = v1.payment_intents.create({"amount": 9500, "currency": "usd"} | PAID)
    refund = v1.refunds.create({"payment_intent": intent.id})
    for type, source, net in (("charge", intent.latest_charge, 9194), ("refund", refund.id, -9500)):
        [newest] = v1.balance_transactions.list({"type": type, "limit": 1}).data
        assert (newest.source, newest.net) == (source, net)
        assert [txn.id for txn in v1.balance_transactions.list({"source": source}).data] == [newest.id]
        second = {"source": source, "created": {"gte": newest.created, "lte": newest.created}}
        assert len(v1.balance_transactions.list(second).data) == 1
        assert v1.balance_transactions.list(second | {"created": newest.created + 1}).data == []
