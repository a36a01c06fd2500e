"""The sandbox as Stripe's reference describes the API: keys, errors, and a state that survives a kill."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from integrations.stripe import StripeUnavailable
from tests.integrations.stripe_account import SHOP, wait_until

ASKED = {"amount": "9500", "currency": "usd", "metadata[booking]": "b1"}


def keyed(key):
    return {"headers": {"idempotency-key": key}}


def open_intent(sandbox):
    return sandbox.call("POST", "payment_intents", data=ASKED).json()["id"]


def pay(sandbox, intent, token="pm_card_visa", **more):
    return sandbox.call("POST", f"payment_intents/{intent}/confirm", data={"payment_method": token}, **more)


def test_a_key_replays_its_first_answer(sandbox):
    first, again = (sandbox.call("POST", "payment_intents", data=ASKED, **keyed("replay")) for _ in range(2))
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_is_for_one_set_of_parameters_and_one_address(sandbox):
    sandbox.call("POST", "payment_intents", data=ASKED, **keyed("once"))
    for path, asked in (("payment_intents", ASKED | {"amount": "9501"}), ("refunds", ASKED)):
        answer = sandbox.call("POST", path, data=asked, **keyed("once"))
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_key_is_used_by_one_call_at_a_time(own_sandbox):
    own_sandbox.switch(delay_ms=1000)
    with ThreadPoolExecutor(6) as callers:
        asked = [
            callers.submit(own_sandbox.call, "POST", "payment_intents", data=ASKED, **keyed("twin")) for _ in range(6)
        ]
        answers = [each.result() for each in asked]
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    refused = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"idempotency_key_in_use"}
    assert len(own_sandbox.ledger()) == 1


def test_a_decline_is_kept_under_its_key_and_charges_once(sandbox):
    intent = open_intent(sandbox)
    first, again = (pay(sandbox, intent, "pm_card_chargeDeclined", **keyed(f"decline-{intent}")) for _ in range(2))
    assert (first.status_code, first.json()) == (402, again.json())
    assert first.json()["error"]["payment_intent"]["status"] == "requires_payment_method"
    charges = sandbox.call("GET", "charges", params={"payment_intent": intent}).json()["data"]
    assert [charge["status"] for charge in charges] == ["failed"]


def test_a_wrong_parameter_leaves_its_key_free(sandbox):
    wrong = sandbox.call("POST", "payment_intents", data=ASKED | {"amount": "x"}, **keyed("free"))
    assert wrong.status_code == 400
    assert sandbox.call("POST", "payment_intents", data=ASKED, **keyed("free")).status_code == 200


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"amount": "x"}, "amount", "parameter_invalid_integer"),
        ({"amount": "49"}, "amount", "amount_too_small"),
        ({"amount": "100000000"}, "amount", "amount_too_large"),
        ({"amount": None}, "amount", "parameter_missing"),
        ({"currency": None}, "currency", "parameter_missing"),
        ({"currency": "xxx"}, "currency", "parameter_invalid"),
        ({"amonut": "1"}, "amonut", "parameter_unknown"),
        ({"metadata": "x"}, "metadata", "parameter_invalid"),
        ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({"expand[0]": "nothing"}, "expand", "parameter_invalid"),
    ],
)
def test_wrong_parameters_are_named(sandbox, change, param, code):
    asked = {name: value for name, value in (ASKED | change).items() if value is not None}
    if change == {"metadata": "x"}:
        del asked["metadata[booking]"]
    answer = sandbox.call("POST", "payment_intents", data=asked)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["param"], error["code"]) == (
        400,
        "invalid_request_error",
        param,
        code,
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sk_live_x", "Bearer pk_test_x", "Basic %%%", "Basic eDo="])
def test_who_has_no_test_key_is_refused(sandbox, header):
    answer = sandbox.call("GET", "payment_intents", headers={"authorization": header})
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


def test_an_unknown_address_is_said_to_be_one(sandbox):
    for method, path in (("GET", "nothing"), ("DELETE", "payment_intents")):
        answer = sandbox.call(method, path)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == f"Unrecognized request URL ({method}: /v1/{path})."


def test_a_payer_who_may_be_sent_away_needs_a_way_back(sandbox):
    automatic = ASKED | {"automatic_payment_methods[enabled]": "true"}
    intent = sandbox.call("POST", "payment_intents", data=automatic).json()["id"]
    assert pay(sandbox, intent).json()["error"]["param"] == "return_url"
    confirmed = sandbox.call(
        "POST", f"payment_intents/{intent}/confirm", data={"payment_method": "pm_card_visa", "return_url": SHOP}
    )
    assert confirmed.json()["status"] == "succeeded"


def test_an_intent_made_and_confirmed_in_one_call_is_charged(sandbox):
    asked = ASKED | {"confirm": "true", "payment_method": "pm_card_visa", "expand[0]": "latest_charge"}
    intent = sandbox.call("POST", "payment_intents", data=asked).json()
    assert (intent["status"], intent["latest_charge"]["status"]) == ("succeeded", "succeeded")


def test_a_payment_method_keeps_no_card_number(sandbox):
    card = {"type": "card", "card[number]": "4242 4242 4242 4242", "card[exp_month]": "1", "card[exp_year]": "2034"}
    method = sandbox.call("POST", "payment_methods", data=card)
    assert method.json()["card"]["last4"] == "4242"
    assert "42424242" not in method.text


def test_a_card_that_is_real_is_declined_in_test_mode(sandbox):
    card = {"type": "card", "card[number]": "4539148803436467", "card[exp_month]": "1", "card[exp_year]": "2034"}
    answer = sandbox.call("POST", "payment_methods", data=card)
    assert (answer.status_code, answer.json()["error"]["decline_code"]) == (402, "test_mode_live_card")


def test_two_confirmations_at_once_charge_once(sandbox):
    intents = [open_intent(sandbox) for _ in range(10)]
    with ThreadPoolExecutor(8) as payers:
        answers = list(payers.map(lambda intent: pay(sandbox, intent).status_code, sorted(intents * 8)))
    assert sorted(answers) == [200] * 10 + [400] * 70
    assert [line["charges"] for line in sandbox.ledger() if line["id"] in intents] == [1] * 10


def test_a_killed_sandbox_forgets_nothing_and_delivers_what_was_pending(own_sandbox, shop):
    stripe, payment = own_sandbox.client(), uuid4()
    shop.status = 500
    intent = stripe.create_intent(payment, 9500, {})
    wait_until(lambda: shop.refused)
    own_sandbox.kill()
    shop.status = 200
    own_sandbox.start()
    wait_until(lambda: shop.received)
    assert [event.intent_id for event in shop.events(stripe)] == [intent.id]
    assert stripe.create_intent(payment, 9500, {}) == stripe.retrieve_intent(intent.id) == intent
    assert [line["id"] for line in own_sandbox.ledger()] == [intent.id]


def test_calls_that_a_kill_cut_off_are_done_once_when_asked_again(own_sandbox):
    payments = [uuid4() for _ in range(150)]

    def ask(payment):
        try:
            return own_sandbox.client().create_intent(payment, 9500, {})
        except StripeUnavailable as unknown:
            return unknown

    with ThreadPoolExecutor(8) as callers:
        asked = [callers.submit(ask, payment) for payment in payments]
        wait_until(own_sandbox.ledger)
        own_sandbox.kill()
        cut_off = [each for each in asked if isinstance(each.result(), StripeUnavailable)]
    assert cut_off
    own_sandbox.start()
    stripe = own_sandbox.client()
    made = {stripe.create_intent(payment, 9500, {}).id for payment in payments}
    assert sorted(line["id"] for line in own_sandbox.ledger()) == sorted(made)


def test_switches_outlive_a_restart_until_they_are_turned_off(own_sandbox):
    own_sandbox.switch(fail=1)
    own_sandbox.kill()
    own_sandbox.start()
    assert own_sandbox.call("GET", "payment_intents").status_code == 500
    own_sandbox.switch()
    assert own_sandbox.call("GET", "payment_intents").status_code == 200


@pytest.mark.parametrize("wrong", ['{"fial": 1}', '{"fail": 2}', '{"webhooks": {"drop": "often"}}', "x", '"\xe9"'])
def test_what_is_no_switch_is_refused(sandbox, wrong):
    assert sandbox.http.post("/sandbox/switches", content=wrong.encode("latin-1")).status_code == 400
    assert sandbox.call("GET", "payment_intents").status_code == 200
