"""The sandbox's clock, and what is different when it is later: ages of keys, times of making, refunds that change."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from integrations.stripe_objects import RefundAsked
from tests.integrations.conftest import new_sandbox
from tests.integrations.stripe_account import SECRET, SHOP, Shop, wait_until

HOUR = 3600
PASSES, PENDING, FAILING = "4242424242424242", "4000000000007726", "4000000000005126"
ASKED = {"amount": "9500", "currency": "usd"}


@pytest.fixture(scope="module")
def shop_of_module():
    with Shop() as shop:
        yield shop


@pytest.fixture(scope="module")
def later(server, shop_of_module):
    """A sandbox whose clock only these tests move on."""
    with new_sandbox(server, shop_of_module.url, SECRET) as sandbox:
        yield sandbox


def paid(stripe, number=PASSES):
    return stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, number, SHOP).id


def test_switches_are_off_and_the_clock_is_right_unless_somebody_says_otherwise(sandbox):
    off = {"duplicate": 0.0, "drop": 0.0, "reorder": 0.0, "delay_ms": 0}
    switches = {"lose_replies": 0.0, "delay_ms": 0, "fail": 0.0, "webhooks": off}
    assert sandbox.http.get("/sandbox/switches").json() == switches
    assert sandbox.http.get("/sandbox/clock").json()["advanced_seconds"] == 0


def test_a_key_means_a_new_call_after_a_day_and_the_same_until_then(later):
    key = {"headers": {"idempotency-key": "daily"}}
    first = later.call("POST", "payment_intents", data=ASKED, **key).json()["id"]
    later.advance(23 * HOUR)
    assert later.call("POST", "payment_intents", data=ASKED, **key).json()["id"] == first
    later.advance(2 * HOUR)
    changed = later.call("POST", "payment_intents", data=ASKED | {"amount": "9600"}, **key).json()["id"]
    assert changed != first
    again = later.call("POST", "payment_intents", data=ASKED | {"amount": "9600"}, **key)
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (changed, "true")


def test_a_refund_tried_again_after_its_key_was_pruned_is_one_refund(later):
    stripe, refund = later.client(), uuid4()
    intent = paid(stripe)
    made = stripe.refund(RefundAsked(refund, intent, 4000))
    later.advance(25 * HOUR)
    assert stripe.refund(RefundAsked(refund, intent, 4000)) == made
    assert next(line["refunded"] for line in later.ledger() if line["id"] == intent) == 4000


def test_refunds_of_some_cards_change_when_an_hour_has_passed(later):
    stripe = later.client()
    made = [stripe.refund(RefundAsked(uuid4(), paid(stripe, card), 4000)) for card in (PASSES, PENDING, FAILING)]
    assert [refund.status for refund in made] == ["succeeded", "pending", "succeeded"]

    def stages():
        return [stripe.refunds_of(refund.intent_id)[0].status for refund in made]

    later.advance(HOUR // 2)
    assert stages() == ["succeeded", "pending", "succeeded"]
    for _ in range(2):
        later.advance(HOUR // 2 + 1)
        assert stages() == ["succeeded", "succeeded", "failed"]


def test_what_is_made_later_says_so_while_its_webhook_is_signed_now(later, shop_of_module):
    stripe = later.client()
    later.advance(30 * HOUR)
    ahead = later.http.get("/sandbox/clock").json()["advanced_seconds"]
    shop_of_module.received.clear()
    intent = paid(stripe)
    wait_until(lambda: len(shop_of_module.received) == 3)
    assert {event.intent_id for event in shop_of_module.events(stripe)} == {intent}
    made = later.call("GET", f"payment_intents/{intent}").json()["created"]
    assert 0 <= made - ahead - (time.time() - 60) < 120
    instant = datetime.fromtimestamp(made, UTC)
    assert intent in [found.id for found in stripe.intents_since(instant)]
    assert intent not in [found.id for found in stripe.intents_since(instant + timedelta(seconds=1))]


def test_the_clock_goes_on_where_it_was_after_a_restart_and_never_back(later):
    later.advance(HOUR)
    ahead = later.http.get("/sandbox/clock").json()["advanced_seconds"]
    later.kill()
    later.start()
    assert later.http.get("/sandbox/clock").json()["advanced_seconds"] == ahead >= HOUR
    for wrong in ({"advance_seconds": -1}, {"advance_seconds": "x"}, {}, {"seconds": 1}):
        assert later.http.post("/sandbox/clock", json=wrong).status_code == 400
