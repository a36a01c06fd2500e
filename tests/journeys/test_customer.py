"""A customer's whole story over HTTP, mail and Kafka: from registering in a browser to being forgotten."""

import re

import httpx
import pytest

from settings import RUNNING, read_env_file
from tests.journeys.test_guest import GOOD_CARD, done, wednesday, wish
from tests.waiting import until
from tests.workers.platform import Platform

MAIL, PASSWORD = "Ada.Byron@example.com", "a lovelace of engines"
LOGIN = {"email": MAIL.upper(), "password": PASSWORD}
TOKEN = re.compile(r"token=([\w.-]+)")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What `totetaxi run` tells other shells, for a platform with Kafka."""
    with Platform(tmp_path_factory.mktemp("journey") / "data", "--kafka") as platform:
        platform.ready()
        yield read_env_file(platform.data / RUNNING)


def client(told, **headers):
    return httpx.Client(base_url=told["TOTETAXI_BASE_URL"], timeout=20, headers=headers)


@pytest.fixture
def web(told):
    """A browser: it keeps cookies and tells where its page is from."""
    with client(told, Origin=told["TOTETAXI_BASE_URL"]) as http:
        yield http


@pytest.fixture
def desk(told):
    """A member of staff."""
    login = {"email": told["TOTETAXI_STAFF_EMAIL"], "password": told["TOTETAXI_STAFF_PASSWORD"]}
    with client(told) as http:
        http.headers["X-Session-Id"] = done(http.post("/api/staff/auth/login/", json=login))["session_id"]
        yield http


def token_from(http, mail, subject):
    """The token of the newest letter with such a subject."""

    def newest():
        letters = done(http.get("/dev/inbox/letters/", params={"to": mail}))["letters"]
        return next((letter for letter in letters if subject in letter["subject"].lower()), None)

    return TOKEN.search(until(newest)["text"])[1]


def at(http, path, position):
    """What a read model answers once it has come to a position."""
    headers = {"X-Consistency-Position": str(position)}
    return until(lambda: done(http.get(path, headers=headers), behind_is_none=True))


def registered(web):
    who = {"email": MAIL, "password": PASSWORD, "first_name": "Ada", "last_name": "Byron", "phone": "(212) 555-0123"}
    assert web.post("/api/customer/auth/register/", json=who).status_code == 202
    token = token_from(web, MAIL, "confirm")
    return done(web.post("/api/customer/auth/verify-email/", json={"token": token}))


def logged_in(web):
    """From a browser: by cookie and CSRF token."""
    came_in = done(web.post("/api/customer/auth/login/", json=LOGIN))
    assert came_in["user"]["is_verified"]
    web.headers["X-CSRF-Token"] = came_in["csrf_token"]


def paid_from_a_phone(told, address):
    """A booking from a saved address, made and paid by the header of a mobile."""
    asked = {name: value for name, value in wish(MAIL, wednesday(6)).items() if name != "customer_info"}
    asked["pickup_address_id"] = asked.pop("pickup_address") and address["id"]
    with client(told) as mobile:
        mobile.headers["X-Session-Id"] = done(mobile.post("/api/customer/auth/login/", json=LOGIN))["session_id"]
        booked = done(mobile.post("/api/customer/bookings/create/", json=asked))
        intent, number = booked["payment"]["stripe_payment_intent_id"], booked["booking"]["booking_number"]
        paying = {"booking_number": number, "payment_intent_id": intent, "card": GOOD_CARD}
        paid = done(mobile.post("/api/payments/mock-confirm/", json=paying))
    assert paid["booking"]["status"] == "paid"
    with client(told) as stranger:
        assert stranger.get(f"/api/payments/status/{number}/").status_code == 401
    return paid


def held_about_them(web, paid):
    """History, overview and export show both bookings; answers the numbers in the history."""
    position, number = paid["position"], paid["booking"]["booking_number"]
    statistics = at(web, "/api/customer/dashboard/", position)["statistics"]
    assert (statistics["total_bookings"], statistics["total_spent_cents"]) == (1, paid["payment"]["amount_cents"])
    export = str(at(web, "/api/customer/export/", position))
    assert all(word in export for word in ("Ada", "Byron", "1 Main St", number, "+12125550123"))
    return [one["booking_number"] for one in at(web, "/api/customer/history/", position)["bookings"]]


def test_a_customer_registers_books_from_two_devices_pays_takes_their_data_and_is_forgotten(told, web, desk):
    as_guest = done(web.post("/api/public/guest-booking/", json=wish(MAIL.lower(), wednesday(5))))["booking"]
    assert registered(web)["email_verified"]
    logged_in(web)
    home = {"address_line_1": "1 Main St", "city": "New York", "state": "NY", "zip_code": "10013", "nickname": "Home"}
    paid = paid_from_a_phone(told, done(web.post("/api/customer/addresses/", json=home))["address"])
    assert held_about_them(web, paid) == [paid["booking"]["booking_number"], as_guest["booking_number"]]
    [seen] = at(desk, "/api/staff/customers/?search=byron", paid["position"])["customers"]

    closed = done(web.request("DELETE", "/api/customer/account/"))["position"]
    assert web.get("/api/customer/profile/").status_code == 401
    assert web.post("/api/customer/auth/login/", json=LOGIN).status_code == 401
    until(lambda: not at(desk, "/api/staff/customers/?search=byron", closed)["customers"])
    story = at(desk, f"/api/staff/customers/{seen['id']}/", closed)
    assert "Byron" not in str(story)
    assert [one["status"] for one in story["bookings"]] == ["paid", "pending"]
    about = {"customer_id": seen["id"], "action_type": "view_customer"}
    assert until(lambda: done(desk.get("/api/staff/audit/", params=about))["entries"])
