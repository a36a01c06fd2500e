"""What the house holds about a customer, over HTTP: dashboard, history, the export of everything, and forgetting."""

from uuid import UUID

import psycopg
import pytest

from domain.address import Words
from domain.customer import StaffNotesWritten, VipGranted
from projections.erasing import erase_person
from tests.api.doors import PROFILE, code, patch, read, remove, saved
from tests.api.house import PASSWORD, booking, in_days
from tests.api.own_bookings import book, happen, wish
from tests.api.projected import project

OWN = "/api/customer/"
DASHBOARD, HISTORY, EXPORT, ACCOUNT = (f"{OWN}{name}/" for name in ("dashboard", "history", "export", "account"))
OWN_READS = (
    PROFILE, DASHBOARD, HISTORY, EXPORT, "/api/customer/preferences/", "/api/customer/addresses/",
    "/api/customer/bookings/", "/api/customer/auth/user/",
)  # fmt: skip
NOTED = "a canary that staff noted"


@pytest.fixture
def ada(house):
    return house.customer()


def numbers(answer) -> list[str]:
    return [one["booking_number"] for one in answer.json()["bookings"]]


def number(made) -> str:
    return made.json()["booking"]["booking_number"]


def on(day, **changed):
    return wish(pickup_date=in_days(day), **changed)


def pay(house, made):
    intent = made.json()["payment"]["stripe_payment_intent_id"]
    asked = {"payment_intent_id": intent, "booking_number": number(made)}
    return house.http.post("/api/payments/mock-confirm/", json=asked)


def forget(house, who, **headers):
    return house.http.delete(ACCOUNT, headers=who.headers | headers)


def log_in(house, who):
    return house.http.post("/api/customer/auth/login/", json={"email": who.mail, "password": PASSWORD})


def test_the_dashboard_tells_statistics_new_bookings_addresses_and_payment_methods(house, ada):
    home = saved(house, ada)
    happen(house, ada, VipGranted())
    made = [book(house, ada, on(day)) for day in range(10, 17)]
    project(house)
    told = read(house, ada, DASHBOARD).json()
    assert told["statistics"] == {
        "total_bookings": 0, "total_spent_cents": 0, "loyalty_tier": "bronze", "is_vip": True,
        "last_booking_at": told["recent_bookings"][0]["placed_at"]}  # fmt: skip
    assert [one["booking_number"] for one in told["recent_bookings"]] == [number(one) for one in made[:1:-1]]
    assert ([one["id"] for one in told["saved_addresses"]], told["payment_methods"]) == ([home["id"]], [])


def test_what_a_guest_paid_counts_once_the_address_is_proven(paying_house):
    ada = paying_house.customer()
    made = paying_house.book(booking(ada.mail))
    assert pay(paying_house, made).status_code == 200
    project(paying_house)
    told = read(paying_house, ada, DASHBOARD).json()
    assert told["statistics"]["total_bookings"] == 1
    assert told["statistics"]["total_spent_cents"] == made.json()["payment"]["amount_cents"] > 250_000
    assert told["statistics"]["loyalty_tier"] == "silver"
    [paid] = read(paying_house, ada, HISTORY).json()["bookings"]
    assert [one["status"] for one in paid["payments"]] == ["succeeded"]


def test_a_history_is_of_the_account_and_of_its_proven_address_newest_first_in_pages(house, ada):
    made = [book(house, ada, on(11))]
    house.book(booking("eve@example.com", pickup_date=in_days(12)))
    made += [house.book(booking(ada.mail, pickup_date=in_days(day))) for day in (13, 14)]
    project(house)
    first = read(house, ada, f"{HISTORY}?limit=2")
    second = read(house, ada, f"{HISTORY}?limit=2&cursor={first.json()['next_cursor']}")
    assert numbers(first) + numbers(second) == [number(one) for one in reversed(made)]
    assert second.json()["next_cursor"] is None
    assert code(read(house, ada, f"{HISTORY}?limit=101")) == (422, "invalid_value")


def test_a_guests_bookings_are_not_those_of_somebody_who_only_says_that_the_address_is_theirs(house):
    house.book(booking("ada@example.com"))
    stranger = house.customer("ada@example.com", is_verified=False)
    project(house)
    assert numbers(read(house, stranger, HISTORY)) == []
    assert "1 Main St" not in read(house, stranger, EXPORT).text


def test_the_export_is_everything_held_as_a_document_to_keep(house, ada):
    gone = saved(house, ada, "Old place", address_line_1="9 Former St")
    remove(house, ada, gone["id"])
    saved(house, ada, "Home")
    patch(house, ada, last_name="Lovelace", marketing_consent=True, email="new@example.com")
    guest = house.book(booking(ada.mail, special_instructions="Mind the cat"))
    own = book(house, ada, on(11))
    project(house)
    answer = read(house, ada, EXPORT)
    told = answer.json()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (told["profile"]["last_name"], told["account"]["email"]) == ("Lovelace", ada.mail)
    assert [(one["nickname"], one["is_active"]) for one in told["addresses"]] == [("Old place", False), ("Home", True)]
    assert [one["email"] for one in told["email_addresses"] if one["verified_at"]] == [ada.mail]
    [consent] = [one for one in told["changes"] if one["what"] == "PreferencesChosen"]
    assert (consent["told"]["preferences"]["marketing_consent"], bool(consent["at"])) == (True, True)
    assert [(one["purpose"], one.get("email")) for one in told["letters"]] == [
        ("change_mail", "new@example.com"), ("letter_change", None)]  # fmt: skip
    assert len(told["sessions"]) == 1
    assert numbers(answer) == [number(own), number(guest)]
    assert told["bookings"][1]["special_instructions"] == "Mind the cat"
    assert told["bookings"][0]["customer_info"]["last_name"] == "Lovelace"
    assert told["bookings"][0]["timeline"]


def test_the_export_is_of_all_pages(house, ada, monkeypatch):
    monkeypatch.setattr("api.routes.customer_overview.PAGE", 2)
    made = [book(house, ada, on(day)) for day in range(10, 15)]
    project(house)
    assert numbers(read(house, ada, EXPORT)) == [number(one) for one in reversed(made)]


def test_no_secret_is_in_an_export(house, ada):
    patch(house, ada, email="new@example.com")
    text = read(house, ada, EXPORT).text
    with psycopg.connect(house.database) as db:
        hashes = db.execute("select password_hash from api.accounts").fetchone()
    assert ada.headers["X-Session-Id"] not in text
    assert hashes[0] not in text
    assert "token_hash" not in text


def test_what_staff_noted_is_nowhere_shown_to_the_customer(house, ada):
    happen(house, ada, StaffNotesWritten(ada.id, Words(NOTED)))
    made = book(house, ada).json()["booking"]
    home = saved(house, ada)
    project(house)
    own = (f"/api/customer/bookings/{made['id']}/", f"/api/customer/addresses/{home['id']}/")
    answers = [read(house, ada, path) for path in (*OWN_READS, *own)] + [patch(house, ada, last_name="Lovelace")]
    answers.append(log_in(house, ada))
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.url for answer in answers if "canary" in answer.text.lower()] == []
    assert house.store.history(ada.id)[2].event.personal.text == NOTED


def test_who_is_forgotten_cannot_come_in_and_nothing_of_theirs_can_be_read(house, ada):
    made, guest = book(house, ada).json()["booking"], house.book(booking(ada.mail, pickup_date=in_days(12))).json()
    saved(house, ada, address_line_1="7 Canary Row")
    answer = forget(house, ada)
    assert answer.status_code == 200
    assert answer.json()["position"] > guest["position"]
    assert code(read(house, ada)) == (401, "unauthenticated")
    assert log_in(house, ada).status_code == 401
    assert house.count("api.sessions") == house.count("api.accounts") == 0
    project(house)
    with psycopg.connect(house.database, autocommit=True) as db:
        assert [erase_person(db, id) for id in (ada.id, house.mail_id(ada.mail))] == [0, 0]
    for stream in (UUID(made["id"]), UUID(guest["booking"]["id"]), ada.id):
        past = house.store.history(stream)
        assert [one.name for one in past if getattr(one.event, "personal", None)] == []
    assert house.http.get(f"/api/public/booking-status/{made['booking_number']}/").json()["status"] == "pending"


def test_a_cookie_goes_with_the_account(house, ada):
    told = log_in(house, ada).json()
    answer = house.http.delete(ACCOUNT, headers={"X-CSRF-Token": told["csrf_token"]})
    assert answer.status_code == 200
    assert 'totetaxi_session="";' in answer.headers["set-cookie"]


def test_forgetting_honours_what_was_read_and_needs_the_right_token_by_cookie(house, ada):
    assert code(forget(house, ada, **{"If-Match": '"1"'})) == (412, "version_conflict")
    log_in(house, ada)
    assert code(house.http.delete(ACCOUNT)) == (403, "csrf_failed")
    house.http.cookies.clear()
    assert read(house, ada).status_code == 200
    assert forget(house, ada, **{"If-Match": read(house, ada).headers["etag"]}).status_code == 200


def test_whoever_comes_back_with_the_same_address_is_somebody_new(house, ada):
    house.book(booking(ada.mail))
    forget(house, ada)
    registered = {"email": ada.mail, "password": PASSWORD, "first_name": "Ada", "last_name": "Again",
                  "phone": "+12125550123"}  # fmt: skip
    assert house.http.post("/api/customer/auth/register/", json=registered).status_code == 202
    again = log_in(house, ada).json()
    assert again["user"]["id"] != str(ada.id)
    profile = house.http.get(PROFILE, headers={"X-Session-Id": again["session_id"]}).json()["profile"]
    assert (profile["last_name"], profile["is_verified"]) == ("Again", False)


def test_a_stranger_with_somebodys_address_cannot_have_that_persons_bookings_forgotten(house):
    made = house.book(booking("ada@example.com")).json()["booking"]
    forget(house, house.customer("ada@example.com", is_verified=False))
    [placed, *_] = house.store.history(UUID(made["id"]))
    assert placed.event.personal.first_name == "Ada"
