"""The checks of the money find out every program that lacks one protection, and nothing of those that have them all.

Each experiment is the same with and without it; where it is about a kill, a real process is killed at the worst place.
"""

import json
import time
from contextlib import suppress
from threading import Barrier

import psycopg
import pytest
from stripe import RequestsClient

from commands.bookings import place_booking
from commands.catalog import seed
from commands.payments import open_payment
from commands.refunds import approve_refund, pay_back
from domain import Refused
from integrations.sandbox.stripe.webhooks import signature
from integrations.stripe import StripeUnavailable
from tests.api.house import ENV, open_house
from tests.commands.money_back import EVE, PRICE, approved, asked_until_known, intent_of, paid, requested
from tests.commands.wishes import PASSES, asks, place, together
from tests.integrations.conftest import sandbox  # noqa: F401 - fixture
from tests.integrations.stripe_account import SECRET, SHOP, Sandbox, free_port
from tests.proofs.books import wrong_money
from tests.proofs.careless import WISHES, Careless, meeting
from tests.proofs.money import whole_log
from tests.samples import NOON
from tests.waiting import until
from tests.workers.acting import Acting, context, is_idle

WEBHOOK = "/api/payments/webhook/"
EVENTS = "stripe_sandbox.objects where kind = 'evt'"
UNDELIVERED = "stripe_sandbox.deliveries"
MOVED = "update stripe_sandbox.objects set body = jsonb_set(body, '{url}', %s::jsonb) where kind = 'we'"


@pytest.fixture
def ctx(store, sandbox):  # noqa: F811
    """ctx(actor=…): a context of its own for each command; the catalogue is stocked."""

    def make(actor="guest", stripe=None):
        return context(store, stripe or sandbox.client(), actor, NOON)

    seed(make())
    return make


@pytest.fixture
def without(monkeypatch):
    """Takes the protection away from this process; '' is none."""
    return lambda wish: wish and monkeypatch.setattr(*WISHES[wish])


def found(ctx, sandbox) -> str:  # noqa: F811
    """What the checks say; Stripe's ledger is that of other tests, too."""
    log = whole_log(ctx().store)
    ours = {str(recorded.originator_id) for recorded in log}
    return "\n".join(wrong_money(log, [line for line in sandbox.ledger() if line["metadata"]["payment_id"] in ours]))


def hurried(db: psycopg.Connection) -> bool:
    """Stripe tries again at once."""
    return db.execute("update stripe_sandbox.deliveries set due = now() where due > now()") is not None


def count(db: psycopg.Connection, what: str) -> int:
    return db.execute(f"select count(*) from {what}").fetchone()[0]


def is_told(expected: str, said: str) -> bool:
    return expected in said if expected else said == ""


@pytest.mark.parametrize(("wish", "expected"), [("", ""), ("random keys", "has 2 intents at Stripe")])
def test_an_intent_without_its_key_is_made_twice(ctx, sandbox, without, wish, expected):  # noqa: F811
    """Its first answer was lost."""
    without(wish)
    placed = place_booking(asks(), ctx())
    sandbox.switch(lose_replies=1)
    with pytest.raises(StripeUnavailable):
        open_payment(placed.booking_number, placed.payment_id, ctx())
    sandbox.switch()
    open_payment(placed.booking_number, placed.payment_id, ctx())
    assert is_told(expected, found(ctx, sandbox))


@pytest.mark.parametrize(("wish", "expected"), [("", ""), ("random keys", "has 2 at Stripe for attempt 1")])
def test_a_refund_without_its_key_is_made_twice(ctx, sandbox, monkeypatch, wish, expected):  # noqa: F811
    """By two jobs at once: the worker of one was believed dead."""
    id = approved(ctx, paid(ctx), PRICE // 3)
    if wish:
        monkeypatch.setattr(*WISHES[wish])
    monkeypatch.setattr(RequestsClient, "request", meeting(Barrier(2), RequestsClient.request))
    together(*[lambda: asked_until_known(lambda: pay_back(id, ctx()))] * 2)
    assert is_told(expected, found(ctx, sandbox))


@pytest.mark.parametrize(("wish", "expected"), [("", ""), ("set aside unseen", "are to go back, of which 117000")])
def test_set_aside_without_looking_more_is_promised_than_was_paid(ctx, sandbox, without, wish, expected):  # noqa: F811
    without(wish)
    placed = paid(ctx)

    def asks_and_another_approves():
        with suppress(Refused):
            approve_refund(requested(ctx, placed, PRICE // 3), False, ctx(actor=EVE))

    together(*[asks_and_another_approves] * 8)
    said = found(ctx, sandbox).splitlines()
    waiting = [line for line in said if "is approved and nothing came of it" in line]
    assert is_told(expected, "\n".join(line for line in said if line not in waiting))


@pytest.mark.parametrize(("wish", "expected"), [("", ""), ("position first", "is approved and nothing came of it")])
def test_a_position_stored_before_its_jobs_loses_a_refund(ctx, db, database, sandbox, wish, expected):  # noqa: F811
    approved(ctx, paid(ctx))
    env = ENV | {"DATABASE_URL": database}
    with Careless(env, "reactions", "stop before paying back", *filter(None, [wish])) as reactions:
        until(reactions.at_the_place, 60)
    with Acting("reactions", database), Acting("jobs", database, sandbox.url):
        until(lambda: is_idle(db), 60)
    assert is_told(expected, found(ctx, sandbox))


@pytest.mark.parametrize(("wish", "expected"), [("", ""), ("done before it is heard", "Stripe's ledger says")])
def test_a_webhook_that_is_done_before_its_effect_loses_money(ctx, db, database, wish, expected):
    port = free_port()
    env = ENV | {"DATABASE_URL": database}
    with Sandbox(database, f"http://127.0.0.1:{port}{WEBHOOK}", SECRET) as own:
        env |= {"TOTETAXI_STRIPE_API_URL": own.url}
        placed = place(lambda **more: ctx(stripe=own.client(), **more))
        with Careless(env, "api", str(port), "stop before hearing", *filter(None, [wish])) as api:
            own.client().confirm_with_card(intent_of(ctx, placed), PASSES, SHOP)
            until(lambda: hurried(db) and api.at_the_place() >= count(db, EVENTS), 60)
        with open_house(database, TOTETAXI_STRIPE_API_URL=own.url) as house:
            db.execute(MOVED, (json.dumps(f"{house.url}{WEBHOOK}"),))
            until(lambda: hurried(db) and count(db, UNDELIVERED) == 0, 60)
        assert is_told(expected, found(ctx, own))


@pytest.mark.parametrize(("wish", "answer"), [("", 200), ("nothing remembered", 503)])
def test_when_no_event_is_remembered_it_is_acted_on_again(ctx, database, sandbox, without, wish, answer):  # noqa: F811
    """Whoever acts asks Stripe, which answers the first time only."""
    without(wish)
    placed = paid(ctx)
    about = {"object": "charge", "payment_intent": intent_of(ctx, placed)}
    event = {"id": "evt_1", "type": "charge.succeeded", "livemode": False, "data": {"object": about}}
    payload = json.dumps(event).encode()
    with open_house(database, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        for expected in (200, answer):
            headers = {"stripe-signature": signature(payload, SECRET, int(time.time()))}
            assert house.http.post(WEBHOOK, content=payload, headers=headers).status_code == expected
            sandbox.switch(fail=1)
        sandbox.switch()
