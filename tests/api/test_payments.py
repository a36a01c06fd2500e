"""Paying: the truth is Stripe's, whatever the client says; forged webhooks do nothing, genuine ones once."""

import hmac
import json
import time

import psycopg
import pytest

from tests.api.house import booking
from tests.integrations.stripe_account import SECRET


@pytest.fixture
def made(paying_house):
    return paying_house.book().json()


def about(made, **more):
    return {
        "payment_intent_id": made["payment"]["stripe_payment_intent_id"],
        "booking_number": made["booking"]["booking_number"],
    } | more


def pay(house, made, **more):
    return house.http.post("/api/payments/mock-confirm/", json=about(made, **more))


def signed(event, secret=SECRET, at=None):
    body, at = json.dumps(event).encode(), int(at or time.time())
    signature = hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()
    return {"content": body, "headers": {"stripe-signature": f"t={at},v1={signature}"}}


def succeeded(made, id="evt_1"):
    intent = made["payment"]["stripe_payment_intent_id"]
    about = {"id": intent, "object": "payment_intent", "status": "succeeded", "amount": 1, "metadata": {}}
    return {"id": id, "type": "payment_intent.succeeded", "livemode": False, "data": {"object": about}}


def test_a_paid_booking_is_paid(paying_house, made):
    answer = pay(paying_house, made).json()
    assert answer["booking"]["status"] == "paid"
    assert answer["payment"]["status"] == "succeeded"
    assert "pickup_address" not in answer["booking"]


def test_only_the_owner_is_shown_the_whole_booking(paying_house, made):
    headers = {"X-Manage-Token": made["manage_token"]}
    answer = paying_house.http.post("/api/payments/confirm/", json=about(made), headers=headers).json()
    assert answer["booking"]["pickup_address"]["address_line_1"] == "1 Main St"


def test_a_declined_card_answers_200_and_failed_and_can_be_tried_again(paying_house, made):
    declined = pay(paying_house, made, card="4000000000000002")
    assert (declined.status_code, declined.json()["payment"]["status"]) == (200, "failed")
    assert declined.json()["booking"]["status"] == "pending"
    assert pay(paying_house, made).json()["booking"]["status"] == "paid"


def test_three_d_secure_requires_action(paying_house, made):
    assert pay(paying_house, made, card="4000002760003184").json()["payment"]["status"] == "requires_action"


def test_confirming_does_not_believe_the_client(paying_house, made):
    answer = paying_house.http.post("/api/payments/confirm/", json=about(made)).json()
    assert (answer["booking"]["status"], answer["payment"]["status"]) == ("pending", "pending")


def test_an_intent_of_another_booking_is_not_found(paying_house, made):
    other = paying_house.book(booking("eve@example.com")).json()
    mixed = about(made) | {"booking_number": other["booking"]["booking_number"]}
    for path in ("/api/payments/confirm/", "/api/payments/mock-confirm/"):
        assert paying_house.http.post(path, json=mixed).status_code == 404


def test_what_is_no_payment_and_what_is_no_card_is_refused(paying_house, made):
    nothing = about(made) | {"payment_intent_id": "pi_none"}
    for path in ("/api/payments/confirm/", "/api/payments/mock-confirm/"):
        assert paying_house.http.post(path, json=nothing).json()["code"] == "not_found"
    odd = pay(paying_house, made, card="1234")
    assert (odd.status_code, odd.json()["code"]) == (409, "payment_failed")


def test_the_open_payment_is_served_again_and_none_when_nothing_is_due(paying_house, made):
    def ask():
        number = made["booking"]["booking_number"]
        return paying_house.http.post("/api/payments/create-intent/", json={"booking_number": number})

    assert ask().json()["payment"]["stripe_payment_intent_id"] == made["payment"]["stripe_payment_intent_id"]
    pay(paying_house, made)
    assert (ask().status_code, ask().json()["code"]) == (409, "invalid_transition")


def test_after_three_declined_tries_there_is_a_new_payment(paying_house, made):
    for _ in range(3):
        pay(paying_house, made, card="4000000000000002")
    number = made["booking"]["booking_number"]
    again = paying_house.http.post("/api/payments/create-intent/", json={"booking_number": number}).json()
    assert again["payment"]["id"] != made["payment"]["id"]
    assert pay(paying_house, again | {"booking": made["booking"]}).json()["booking"]["status"] == "paid"


def test_the_status_is_known_to_whoever_has_the_number(paying_house, made):
    path = f"/api/payments/status/{made['booking']['booking_number']}/"
    shown = paying_house.http.get(path).json()
    assert (shown["booking_status"], shown["payment"]["status"]) == ("pending", "pending")
    assert paying_house.http.get("/api/payments/status/TTAAAAAAAA/").status_code == 404


def test_when_stripe_is_away_create_intent_asks_to_come_back(house):
    number = house.book().json()["booking"]["booking_number"]
    answer = house.http.post("/api/payments/create-intent/", json={"booking_number": number})
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert "retry-after" in answer.headers


def test_a_webhook_brings_stripes_truth_and_counts_once(paying_house, sandbox, made):
    intent = made["payment"]["stripe_payment_intent_id"]
    sandbox.client().confirm_with_card(intent, "4242424242424242", "http://127.0.0.1/")
    for _ in range(3):
        assert paying_house.http.post("/api/payments/webhook/", **signed(succeeded(made))).status_code == 200
    assert paying_house.count("eventlog.stored_events where topic = 'BookingPaid'") == 1
    assert paying_house.count("api.webhook_inbox where done_at is not null") == 1


def test_a_webhook_that_says_paid_is_not_believed_when_stripe_says_otherwise(paying_house, made):
    assert paying_house.http.post("/api/payments/webhook/", **signed(succeeded(made))).status_code == 200
    assert paying_house.count("eventlog.stored_events where topic = 'BookingPaid'") == 0


def test_forged_and_old_webhooks_are_refused_and_leave_nothing(paying_house, made):
    forged = signed(succeeded(made), secret="whsec_other")
    old = signed(succeeded(made), at=time.time() - 400)
    tampered = signed(succeeded(made)) | {"content": json.dumps(succeeded(made, "evt_2")).encode()}
    for attempt in (forged, old, tampered, {"content": b"{}"}):
        answer = paying_house.http.post("/api/payments/webhook/", **attempt)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    assert paying_house.count("api.webhook_inbox") == 0


def test_a_webhook_about_what_is_not_in_our_account_is_heard_and_changes_nothing(paying_house):
    strange = {"payment": {"stripe_payment_intent_id": "pi_of_somebody_else"}}
    assert paying_house.http.post("/api/payments/webhook/", **signed(succeeded(strange))).status_code == 200


def test_a_webhook_whose_effect_is_not_durable_is_not_acknowledged(house):
    made = {"payment": {"stripe_payment_intent_id": "pi_1"}}
    assert house.http.post("/api/payments/webhook/", **signed(succeeded(made))).status_code == 503
    with psycopg.connect(house.database) as db:
        assert db.execute("select event_id, done_at from api.webhook_inbox").fetchall() == [("evt_1", None)]


def test_paying_in_the_sandbox_exists_only_there(database):
    from api.app import create, policies
    from settings import Settings
    from tests.api.house import ENV

    app = create(Settings.from_env(ENV | {"DATABASE_URL": database, "TOTETAXI_STRIPE_API_URL": ""}))
    assert "POST /api/payments/mock-confirm/" not in policies(app)
