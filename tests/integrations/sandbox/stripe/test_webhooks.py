"""Webhooks reach the shop signed, at least once, and as unreliably as the switches say."""

import asyncio
import socket
from uuid import uuid4

import httpx
import psycopg

from integrations.sandbox.stripe.store import Store
from integrations.sandbox.stripe.webhooks import Delivery, Postman
from tests.integrations.stripe_account import SECRET, Sandbox, Shop, free_port, wait_until

TRIED = "select id from stripe_sandbox.deliveries where attempts > 0"


def test_a_delivery_is_tried_until_it_is_taken(own_sandbox, shop):
    shop.status = 503
    stripe = own_sandbox.client()
    intent = stripe.create_intent(uuid4(), 9500, {})
    wait_until(lambda: shop.refused >= 2)
    shop.status = 200
    wait_until(lambda: shop.received)
    assert [(event.type, event.intent_id) for event in shop.events(stripe)] == [("payment_intent.created", intent.id)]


def test_a_shop_that_was_away_gets_what_it_missed(database):
    port = free_port()
    with Sandbox(database, f"http://127.0.0.1:{port}/webhook", SECRET) as sandbox:
        stripe = sandbox.client()
        intent = stripe.create_intent(uuid4(), 9500, {})
        with psycopg.connect(database, autocommit=True) as db:
            wait_until(lambda: db.execute(TRIED).fetchone())
        with Shop(port) as shop:
            wait_until(lambda: shop.received)
            assert [event.intent_id for event in shop.events(stripe)] == [intent.id]


def test_a_delivery_that_fails_in_an_odd_way_is_tried_again():
    """As uvloop does where the receiver was killed: the library has no error of its own for it."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("the handler is closed")

    postman = Postman(Store("nowhere"))
    client = httpx.AsyncClient(transport=httpx.MockTransport(broken))
    asyncio.run(postman.deliver(client, Delivery(7, 0, "http://shop.test/", SECRET, {"id": "evt_1"})))
    assert list(postman.again) == [7]


def test_a_delivery_can_come_twice(own_sandbox, shop):
    own_sandbox.switch(webhooks={"duplicate": 1})
    stripe = own_sandbox.client()
    stripe.create_intent(uuid4(), 9500, {})
    wait_until(lambda: len(shop.received) == 2)
    assert len({event.id for event in shop.events(stripe)}) == 1


def test_a_delivery_can_be_missing_while_the_event_is_listed(own_sandbox, shop):
    own_sandbox.switch(webhooks={"drop": 1})
    stripe = own_sandbox.client()
    lost = stripe.create_intent(uuid4(), 9500, {})
    own_sandbox.switch()
    sent = stripe.create_intent(uuid4(), 9500, {})
    wait_until(lambda: shop.received)
    assert [event.intent_id for event in shop.events(stripe)] == [sent.id]
    listed = own_sandbox.call("GET", "events", params={"type": "payment_intent.created"}).json()["data"]
    assert [event["data"]["object"]["id"] for event in listed] == [sent.id, lost.id]


def test_a_delivery_can_be_late(own_sandbox, shop):
    stripe = own_sandbox.client()
    own_sandbox.switch(webhooks={"delay_ms": 1000})
    late = stripe.create_intent(uuid4(), 9500, {})
    own_sandbox.switch()
    prompt = stripe.create_intent(uuid4(), 9500, {})
    wait_until(lambda: len(shop.received) == 2)
    assert [event.intent_id for event in shop.events(stripe)] == [prompt.id, late.id]


def test_a_shop_that_never_answers_holds_up_nobody_else(own_sandbox, shop):
    stripe = own_sandbox.client()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        own_sandbox.call("POST", "webhook_endpoints", data={"url": address, "enabled_events[0]": "*"})
        for _ in range(3):
            stripe.create_intent(uuid4(), 9500, {})
        wait_until(lambda: len(shop.received) == 3, 5)


def test_an_endpoint_gets_the_events_it_asked_for(own_sandbox, shop):
    path = shop.url + "/cancelled"
    made = own_sandbox.call(
        "POST", "webhook_endpoints", data={"url": path, "enabled_events[0]": "payment_intent.canceled"}
    ).json()
    stripe = own_sandbox.client()
    intent = stripe.create_intent(uuid4(), 9500, {})
    stripe.cancel_intent(intent.id)
    wait_until(lambda: len(shop.received) == 3)
    listed = own_sandbox.call("GET", "webhook_endpoints").json()["data"]
    assert [endpoint["url"] for endpoint in listed] == [path, shop.url]
    assert made["secret"]
    assert not any("secret" in endpoint for endpoint in listed)
    assert own_sandbox.call("DELETE", f"webhook_endpoints/{made['id']}").json()["deleted"]
    assert own_sandbox.call("DELETE", f"webhook_endpoints/{made['id']}").status_code == 404


def test_deliveries_can_be_held_back_behind_later_ones(own_sandbox, shop):
    stripe = own_sandbox.client()
    own_sandbox.switch(webhooks={"reorder": 1})
    first = stripe.create_intent(uuid4(), 9500, {})
    own_sandbox.switch()
    second = stripe.create_intent(uuid4(), 9500, {})
    wait_until(lambda: len(shop.received) == 2)
    assert [event.intent_id for event in shop.events(stripe)] == [second.id, first.id]
