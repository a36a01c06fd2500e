"""Paying: the truth is Stripe's, whatever the client says."""

import pytest

from tests.api.booking_desk import book, code, paths
from tests.api.house import booking


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


@pytest.mark.parametrize("path", ["confirm/", "create-intent/", "mock-confirm/"])
def test_no_client_says_what_is_to_be_paid(busy_house, path):
    made = book(busy_house)
    told = {"booking_number": made["booking"]["booking_number"]} if path == "create-intent/" else about(made)
    answer = busy_house.http.post(f"/api/payments/{path}", json=told | {"amount_cents": 100})
    assert (code(answer), paths(answer)) == ((422, "unexpected_field"), ["/amount_cents"])
    shown = busy_house.http.get(f"/api/payments/status/{told['booking_number']}/").json()["payment"]
    assert (shown["amount_cents"], shown["status"]) == (made["payment"]["amount_cents"], "pending")


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


@pytest.mark.parametrize("path", ["confirm/", "mock-confirm/"])
def test_the_answer_is_about_the_payment_that_was_named_also_when_there_is_a_later_one(busy_house, path):
    made = book(busy_house)
    for _ in range(3):
        pay(busy_house, made, card="4000000000000002")
    number = {"booking_number": made["booking"]["booking_number"]}
    later = busy_house.http.post("/api/payments/create-intent/", json=number).json()["payment"]
    old = busy_house.http.post("/api/payments/confirm/", json=about(made)).json()["payment"]
    assert (old["id"], old["status"]) == (made["payment"]["id"], "cancelled")
    named = number | {"payment_intent_id": later["stripe_payment_intent_id"]}
    assert busy_house.http.post(f"/api/payments/{path}", json=named).json()["payment"]["id"] == later["id"]


def test_what_stripe_took_is_not_told_to_who_has_only_the_number_of_a_guest(busy_house):
    made = book(busy_house)
    pay(busy_house, made)
    status = f"/api/payments/status/{made['booking']['booking_number']}/"
    ours, fees = {"X-Manage-Token": made["manage_token"]}, {}
    for who, headers in {"number": {}, "guessed": {"X-Manage-Token": "0" * 64}, "token": ours}.items():
        shown = busy_house.http.get(status, headers=headers).json()["payment"]
        confirmed = busy_house.http.post("/api/payments/confirm/", json=about(made), headers=headers).json()["payment"]
        fees[who] = {one["stripe_fee_cents"] is None for one in (shown, confirmed)}
        assert shown["status"] == confirmed["status"] == "succeeded"
    assert fees == {"number": {True}, "guessed": {True}, "token": {False}}


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


def test_paying_in_the_sandbox_exists_only_there(database):
    from api.app import create, policies
    from settings import Settings
    from tests.api.house import ENV

    app = create(Settings.from_env(ENV | {"DATABASE_URL": database, "TOTETAXI_STRIPE_API_URL": ""}))
    assert "POST /api/payments/mock-confirm/" not in policies(app)
