"""A customer's booking is paid with their session; the number of a guest's is enough."""

from datetime import UTC, datetime

import psycopg

from commands.accounts import session_of
from tests.api.own_bookings import book, get, refusal


def pay(house, made, headers, path="mock-confirm"):
    told = {"booking_number": made["booking"]["booking_number"]}
    if path != "create-intent":
        told["payment_intent_id"] = made["payment"]["stripe_payment_intent_id"]
    return house.http.post(f"/api/payments/{path}/", json=told, headers=headers)


def test_a_customers_booking_is_paid_with_their_session_alone(paying_house):
    ada, eve = paying_house.customer(), paying_house.customer("eve@example.com")
    made = book(paying_house, ada).json()
    status = f"/api/payments/status/{made['booking']['booking_number']}/"
    for path in ("create-intent", "confirm", "mock-confirm"):
        assert refusal(pay(paying_house, made, {}, path))[:2] == (401, "unauthenticated")
        assert refusal(pay(paying_house, made, eve.headers, path))[:2] == (404, "not_found")
    assert paying_house.http.get(status).status_code == 401
    assert get(paying_house, eve, status).status_code == 404
    assert pay(paying_house, made, ada.headers, "create-intent").json()["payment"] == made["payment"]
    paid = pay(paying_house, made, ada.headers).json()
    assert (paid["booking"]["status"], paid["payment"]["status"]) == ("paid", "succeeded")
    assert paid["booking"]["pickup_address"]["address_line_1"] == "1 Main St", "its owner sees the whole of it"
    assert get(paying_house, ada, status).json()["booking_status"] == "paid"


def test_a_customer_who_pays_by_cookie_needs_the_csrf_token(paying_house):
    ada = paying_house.customer()
    made = book(paying_house, ada).json()
    token = ada.headers["X-Session-Id"]
    cookie = {"Cookie": f"totetaxi_session={token}"}
    assert refusal(pay(paying_house, made, cookie))[:2] == (403, "csrf_failed")
    with psycopg.connect(paying_house.database) as db:
        csrf = session_of(db, "customer", token, datetime.now(UTC)).csrf_token
    assert pay(paying_house, made, cookie | {"X-CSRF-Token": csrf}).json()["booking"]["status"] == "paid"


def test_a_guests_booking_needs_its_number_only_whatever_session_comes_with_it(paying_house):
    made = paying_house.book().json()
    dead = {"X-Session-Id": "long over", "Cookie": "totetaxi_session=another"}
    assert pay(paying_house, made, dead).json()["booking"]["status"] == "paid"
