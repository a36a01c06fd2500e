"""Webhooks over HTTP: what Stripe did not sign, lately and for us, does nothing; what it did has its effect once."""

import hmac
import json
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from settings import Settings
from tests.api.booking_desk import book, code
from tests.api.house import ENV, serving
from tests.api.test_killed import Process, silent_stripe  # noqa: F401 - a fixture
from tests.integrations.stripe_account import SECRET, wait_until

WEBHOOK, PASSES = "/api/payments/webhook/", "4242424242424242"


def signed(event, secret=SECRET, at=None):
    body, at = json.dumps(event).encode(), int(at or time.time())
    signature = hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()
    return {"content": body, "headers": {"stripe-signature": f"t={at},v1={signature}"}}


def succeeded(intent, **changed):
    about = {"id": intent, "object": "payment_intent", "status": "succeeded", "amount": 1, "metadata": {}}
    event = {"id": f"evt_{uuid4().hex}", "type": "payment_intent.succeeded", "livemode": False}
    return event | {"data": {"object": about}} | changed


def intent_of(made):
    return made["payment"]["stripe_payment_intent_id"]


@pytest.fixture
def made(busy_house):
    return book(busy_house)


@pytest.fixture
def paid(made, sandbox):
    """At Stripe; we have not heard of it."""
    sandbox.client().confirm_with_card(intent_of(made), PASSES, "http://127.0.0.1/")
    return made


def send(house, sent):
    return house.http.post(WEBHOOK, **sent)


def effects(house, made):
    """What the log says that became of the money."""
    names = [recorded.name for recorded in house.store.history(UUID(made["booking"]["id"]))]
    return names.count("BookingPaid")


def noted(house, event):
    """Whether the event is noted, and whether as done."""
    with psycopg.connect(house.database) as db:
        asked = "select done_at is not null from api.webhook_inbox where source = 'stripe' and event_id = %s"
        return [is_done for (is_done,) in db.execute(asked, (event["id"],))]


@contextmanager
def counted(house, **more):
    """So many webhooks more, by what became of them, and no others."""
    before = outcomes(house)
    yield
    assert outcomes(house) - before == Counter(more)


def outcomes(house):
    lines = re.findall(r"totetaxi_webhooks_total\{(.+)\} (.+)", house.http.get("/metrics").text)
    return Counter({re.search('outcome="(.+?)"', labels)[1]: int(float(n)) for labels, n in lines})


# Not believed

UNBELIEVED = {
    "altered": (lambda e: signed(e) | {"content": json.dumps(e | {"type": "charge.refunded"}).encode()}, "forged"),
    "from the future": (lambda e: signed(e, at=time.time() + 400), "stale"),
    "of real money": (lambda e: signed(e | {"livemode": True}), "wrong_mode"),
    "old": (lambda e: signed(e, at=time.time() - 301), "stale"),
    "signed otherwise": (lambda e: signed(e, secret="whsec_other"), "forged"),
    "signed, and no event": (lambda e: signed({"id": e["id"]}), "no_event"),
    "unsigned": (lambda e: {"content": json.dumps(e).encode()}, "forged"),
}


@pytest.mark.parametrize("how", sorted(UNBELIEVED))
def test_what_is_not_believed_is_refused_and_counted_and_leaves_nothing(busy_house, paid, how):
    (make, reason), event = UNBELIEVED[how], succeeded(intent_of(paid))
    with counted(busy_house, **{reason: 1}):
        refused = code(send(busy_house, make(event)))
    assert refused == (400, "wrong_mode" if reason == "wrong_mode" else "invalid_signature")
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([], 0)


ABOUT_MANY = {"object": {"object": "charge", "payment_intent": {"id": "pi_1"}}}


def test_what_is_signed_and_odd_is_no_event(busy_house):
    odd = [{"id": None}, {"id": 5}, {"id": "evt_\0"}, {"type": None}, {"livemode": None}, {"data": ABOUT_MANY}]
    for wrong in odd:
        with counted(busy_house, no_event=1):
            assert code(send(busy_house, signed(succeeded("pi_1", **wrong)))) == (400, "invalid_signature")


def test_where_money_is_real_test_events_are_refused(busy_house):
    """The live one is believed: it is noted, and waits for a Stripe that is away."""
    settings = Settings.from_env(ENV | {"DATABASE_URL": busy_house.database, "STRIPE_SECRET_KEY": "sk_live_tests"})
    played, real = succeeded("pi_1"), succeeded("pi_1", livemode=True)
    with serving(settings) as url:
        answers = [httpx.post(f"{url}{WEBHOOK}", **signed(event)) for event in (played, real)]
    assert [code(answer) for answer in answers] == [(400, "wrong_mode"), (503, "temporarily_unavailable")]
    assert (noted(busy_house, played), noted(busy_house, real)) == ([], [False])


def test_a_webhook_that_says_paid_is_not_believed_when_stripe_says_otherwise(busy_house, made):
    assert send(busy_house, signed(succeeded(intent_of(made)))).status_code == 200
    assert effects(busy_house, made) == 0


# Believed


def test_a_webhook_brings_stripes_truth_and_counts_once(busy_house, paid):
    event = succeeded(intent_of(paid))
    with counted(busy_house, acted=1, repeated=2):
        assert [send(busy_house, signed(event)).status_code for _ in range(3)] == [200] * 3
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([True], 1)


def test_of_a_hundred_that_come_at_once_one_acts_and_all_are_answered(busy_house, paid):
    event = succeeded(intent_of(paid))
    with counted(busy_house, acted=1, repeated=99):
        assert at_once(busy_house, [event] * 100) == {200}
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([True], 1)


def test_events_that_tell_the_same_each_act_and_have_one_effect(busy_house, paid):
    events = [succeeded(intent_of(paid)) for _ in range(8)]
    with counted(busy_house, acted=8):
        assert at_once(busy_house, events) == {200}
    assert effects(busy_house, paid) == 1


def at_once(house, events):
    with ThreadPoolExecutor(len(events)) as senders:
        return {answer.status_code for answer in senders.map(lambda event: send(house, signed(event)), events)}


def test_a_webhook_about_what_is_not_in_our_account_is_heard_and_changes_nothing(busy_house):
    with counted(busy_house, nothing_of_ours=1):
        assert send(busy_house, signed(succeeded("pi_of_somebody_else"))).status_code == 200


def test_money_that_names_a_payment_and_is_not_its_own_is_neither_confirmed_nor_heard(busy_house, sandbox, made):
    stripe, told = sandbox.client(), {"payment_intent_id": "", "booking_number": made["booking"]["booking_number"]}
    for cents in (100, made["payment"]["amount_cents"]):
        asked = {"amount": cents, "currency": "usd", "metadata": {"payment_id": made["payment"]["id"]}}
        forged = stripe.v1.payment_intents.create(asked | {"automatic_payment_methods": {"enabled": True}}).id
        stripe.confirm_with_card(forged, PASSES, "http://127.0.0.1/")
        confirmed = busy_house.http.post("/api/payments/confirm/", json=told | {"payment_intent_id": forged})
        assert code(confirmed) == (404, "not_found")
        with counted(busy_house, nothing_of_ours=1):
            assert send(busy_house, signed(succeeded(forged))).status_code == 200
    assert effects(busy_house, made) == 0


# Not durable yet


def test_what_stripe_could_not_be_asked_about_is_not_acknowledged_and_done_when_it_comes_again(
    busy_house, sandbox, paid
):
    event = succeeded(intent_of(paid))
    sandbox.switch(fail=1)
    try:
        with counted(busy_house, failed=1):
            assert code(send(busy_house, signed(event))) == (503, "temporarily_unavailable")
    finally:
        sandbox.switch()
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([False], 0)
    with counted(busy_house, acted=1):
        assert send(busy_house, signed(event)).status_code == 200
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([True], 1)


def test_killed_between_noting_and_acting_it_is_done_when_it_comes_again(busy_house, paid, silent_stripe):  # noqa: F811
    event = succeeded(intent_of(paid))
    dying = Process(busy_house.database, silent_stripe)
    sending = threading.Thread(target=lambda: sent_to_the_dying(dying.house, event))
    sending.start()
    wait_until(lambda: noted(busy_house, event), 30)
    dying.kill()
    sending.join(30)
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([False], 0)
    assert send(busy_house, signed(event)).status_code == 200
    assert (noted(busy_house, event), effects(busy_house, paid)) == ([True], 1)


def sent_to_the_dying(house, event):
    with suppress(httpx.TransportError):
        send(house, signed(event))
