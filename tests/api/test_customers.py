"""Registering and proving a mail address over HTTP: who has an account, nobody is told but its owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from commands.tokens import Proof, Purpose, issue
from tests.api.doors import code, patch, read
from tests.api.house import ENV, PASSWORD, booking
from tests.api.projected import project

MAIL = "ada@example.com"
REGISTER, VERIFY = "/api/customer/auth/register/", "/api/customer/auth/verify-email/"
RESEND = "/api/customer/auth/resend-verification/"


def body(mail=MAIL, **changed):
    known = {"email": mail, "password": PASSWORD, "first_name": "Ada", "last_name": "Byron", "phone": "212 555 0123"}
    return known | changed


def register(house, mail=MAIL, **changed):
    return house.http.post(REGISTER, json=body(mail, **changed))


def verify(house, token, **headers):
    return house.http.post(VERIFY, json={"token": token}, headers=headers)


def resend(house, who=None, **told):
    return house.http.post(RESEND, json=told, headers=who.headers if who else {})


def log_in(house, mail=MAIL):
    return house.http.post("/api/customer/auth/login/", json={"email": mail, "password": PASSWORD})


def account_id(house, mail=MAIL):
    with psycopg.connect(house.database) as db:
        row = db.execute("select id from api.accounts where mail = %s", (mail,)).fetchone()
    return row and row[0]


def token(house, id, mail=MAIL, purpose=Purpose.VERIFY_MAIL, now=None):
    """As the letter has it."""
    with psycopg.connect(house.database, autocommit=True) as db:
        return issue(db, ENV["SECRET_KEY"].encode(), Proof(purpose, id, mail), now or datetime.now(UTC))


def letters(house) -> list:
    with psycopg.connect(house.database) as db:
        return db.execute("select kind, about from eventlog.timers where kind like 'letter%' order by kind").fetchall()


def test_who_registers_can_log_in_at_once_and_is_asked_to_prove_the_address(house):
    assert register(house).status_code == 202
    told = log_in(house, "ADA@example.com").json()
    assert told["user"] == {"id": str(account_id(house)), "email": MAIL, "is_verified": False}
    assert told["profile"]["phone"] == "+12125550123"
    assert letters(house) == [("letter_verify", account_id(house))]


def test_registering_opens_no_session(house):
    assert "set-cookie" not in register(house).headers
    assert "session" not in register(house, "eve@example.com").text


def test_a_known_address_a_proven_one_and_a_new_one_get_the_same_answer(house):
    house.customer("known@example.com")
    house.log_in_staff()
    answers = [register(house, mail) for mail in ("known@example.com", "staff@example.com", MAIL, MAIL)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert {kind for kind, _ in letters(house)} == {"letter_known", "letter_verify"}


def test_who_registers_twice_at_once_has_one_account(house):
    with ThreadPoolExecutor(4) as many:
        answers = list(many.map(lambda _: register(house), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert house.count("api.accounts") == 1
    assert house.count("eventlog.stored_events where topic = 'CustomerRegistered'") == 1


@pytest.mark.parametrize(
    ("wrong", "code_of", "path"),
    [
        ({"email": "no mail"}, "invalid_email", "/email"),
        ({"phone": "12"}, "invalid_phone", "/phone"),
        ({"password": "password123"}, "weak_password", "/password"),
        ({"is_vip": True}, "unexpected_field", "/is_vip"),
        ({"role": "admin"}, "unexpected_field", "/role"),
        ({"first_name": ""}, "invalid_value", "/first_name"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_where(still_house, wrong, code_of, path):
    answer = register(still_house, **wrong)
    assert code(answer) == (422, code_of)
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_the_letter_proves_the_address_once_and_brings_in_what_was_booked_as_a_guest(house):
    made = house.book(booking(MAIL)).json()["booking"]
    who = house.customer(MAIL, is_verified=False)
    project(house)
    history = "/api/customer/history/"
    assert read(house, who, history).json()["bookings"] == []
    proof = token(house, who.id)
    answer = verify(house, proof)
    assert answer.json() == {"email_verified": True, "position": answer.json()["position"]}
    late = who.headers | {"X-Consistency-Position": str(answer.json()["position"])}
    project(house)
    [shown] = house.http.get(history, headers=late).json()["bookings"]
    assert shown["booking_number"] == made["booking_number"]
    assert read(house, who).json()["profile"]["is_verified"] is True
    assert code(verify(house, proof)) == (422, "invalid_token")


def test_a_token_under_a_key_is_used_once_and_answered_the_same(house):
    who = house.customer(MAIL, is_verified=False)
    proof = token(house, who.id)
    first, again = (verify(house, proof, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.text) == (200, again.text)
    assert house.count("eventlog.stored_events where topic = 'MailVerified'") == 1


def test_an_expired_token_and_one_for_something_else_prove_nothing(house):
    who = house.customer(MAIL, is_verified=False)
    old = token(house, who.id, now=datetime.now(UTC) - timedelta(hours=48, seconds=1))
    other = token(house, who.id, purpose=Purpose.RESET_PASSWORD)
    for wrong in (old, other, "nothing", f"{who.id.hex}.{'0' * 64}"):
        assert code(verify(house, wrong)) == (422, "invalid_token")
    assert read(house, who).json()["profile"]["is_verified"] is False


def test_a_letter_is_sent_again_to_the_address_or_to_whoever_is_logged_in(house):
    who = house.customer(MAIL, is_verified=False)
    answers = [resend(house, email="nobody@example.com"), resend(house, email=MAIL), resend(house, who)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert [about for _, about in letters(house)].count(who.id) == 1
    assert len(letters(house)) == 2
    assert code(resend(house)) == (401, "unauthenticated")


def test_another_address_is_pending_until_its_letter_comes_back(house):
    who, new = house.customer(MAIL), "ada.b@example.com"
    told = patch(house, who, email="Ada.B@example.com").json()["profile"]
    assert (told["email"], told["pending_email"]) == (MAIL, new)
    assert read(house, who).json()["profile"]["pending_email"] == new
    assert letters(house) == [("letter_change", who.id)]
    assert log_in(house, new).status_code == 401
    assert verify(house, token(house, who.id, new, Purpose.CHANGE_MAIL)).status_code == 200
    told = read(house, who).json()["profile"]
    assert (told["email"], told["pending_email"], told["is_verified"]) == (new, None, True)
    assert (log_in(house, MAIL).status_code, log_in(house, new).status_code) == (401, 200)


def test_another_address_gets_the_same_answer_whether_somebody_has_it_or_not(house):
    who, eve = house.customer(MAIL), house.customer("eve@example.com")
    free, taken = patch(house, who, email="free@example.com"), patch(house, who, email=eve.mail)
    assert (free.status_code, taken.status_code) == (200, 200)
    assert free.text.replace("free@", "eve@") == taken.text
    assert code(verify(house, token(house, who.id, eve.mail, Purpose.CHANGE_MAIL))) == (422, "invalid_token")
    assert read(house, who).json()["profile"]["email"] == MAIL


def test_a_customer_moves_to_the_address_of_nobody_who_is_staff(house):
    who, staff = house.customer(MAIL), house.log_in_staff()
    assert patch(house, who, email=staff.mail).status_code == 200
    assert code(verify(house, token(house, who.id, staff.mail, Purpose.CHANGE_MAIL))) == (422, "invalid_token")
