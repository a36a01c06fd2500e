"""A second factor: set with password and code, asked for at each login, each code good once, removed when lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import psycopg
import pyotp
import pytest

from commands.logins import FAILURES
from tests.api.house import PASSWORD
from tests.api.staff_desk import acts_of, change, see

FACTOR = "/api/staff/auth/second-factor/"
MAIL = "op@example.com"
NO_CODE = "000000"


@pytest.fixture
def member(house):
    return house.log_in_staff("operator", MAIL)


def post(house, member, what="", **body):
    return house.http.post(f"{FACTOR}{what}", json=body, headers=member.headers)


def code_of(secret, steps=0):
    """A code that no clock between now and its use makes too old: this half minute's, or the next one's."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def set_up(house, member):
    """A factor that is set, and has used up no half minute."""
    secret = post(house, member, password=PASSWORD).json()["secret"]
    assert post(house, member, "confirm/", code=code_of(secret)).status_code == 200
    let_time_go_by(house)
    return secret


def let_time_go_by(house):
    with psycopg.connect(house.database) as db:
        db.execute("update api.second_factors set last_step = 0")


def log_in(house, password=PASSWORD, **code):
    answer = house.http.post("/api/staff/auth/login/", json={"email": MAIL, "password": password} | code)
    house.http.cookies.clear()
    return answer


def test_a_factor_begins_with_the_password_and_is_told_as_text_link_and_picture(house, member):
    assert post(house, member, password="wrong password").json()["code"] == "not_allowed"
    told = post(house, member, password=PASSWORD).json()
    link = urlsplit(told["otpauth_url"])
    assert (link.scheme, link.netloc) == ("otpauth", "totp")
    assert parse_qs(link.query) == {"secret": [told["secret"]], "issuer": ["ToteTaxi"]}
    assert ElementTree.fromstring(told["qr_svg"]).tag.endswith("svg")
    assert told["secret"] != post(house, member, password=PASSWORD).json()["secret"]


def test_a_factor_counts_once_it_is_confirmed(house, member):
    assert post(house, member, "confirm/", code=NO_CODE).json()["code"] == "invalid_transition"
    secret = post(house, member, password=PASSWORD).json()["secret"]
    assert log_in(house).status_code == 200
    wrong = post(house, member, "confirm/", code=NO_CODE)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    assert log_in(house).status_code == 200
    assert post(house, member, "confirm/", code=code_of(secret)).json()["second_factor"] is True
    assert log_in(house).status_code == 401
    assert post(house, member, password=PASSWORD).json()["code"] == "invalid_transition"


def test_a_login_asks_for_the_code_only_after_the_right_password(house, member):
    secret = set_up(house, member)
    asked = log_in(house)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor_required")
    assert log_in(house, "wrong password").json()["code"] == "unauthenticated"
    assert log_in(house, "wrong password", code=code_of(secret)).json()["code"] == "unauthenticated"
    assert log_in(house, code=code_of(secret)).status_code == 200


def test_a_wrong_code_is_answered_like_a_wrong_password(house, member):
    set_up(house, member)
    password, code = log_in(house, "wrong password"), log_in(house, code=NO_CODE)
    assert password.status_code == code.status_code
    assert password.json() | {"request_id": ""} == code.json() | {"request_id": ""}


def test_a_code_counts_once(house, member):
    secret = set_up(house, member)
    code = code_of(secret)
    with ThreadPoolExecutor(2) as both:
        answers = sorted(one.status_code for one in both.map(lambda _: log_in(house, code=code), range(2)))
    assert answers == [200, 401]
    assert log_in(house, code=code).status_code == 401
    assert log_in(house, code=code_of(secret, 1)).status_code == 200


def test_the_code_that_confirmed_opens_no_session(house, member):
    secret = post(house, member, password=PASSWORD).json()["secret"]
    code = code_of(secret)
    post(house, member, "confirm/", code=code)
    assert log_in(house, code=code).status_code == 401
    assert log_in(house, code=code_of(secret, 1)).status_code == 200


def test_wrong_codes_lock_the_account(house, member):
    secret = set_up(house, member)
    for _ in range(FAILURES):
        assert log_in(house, code=NO_CODE).status_code == 401
    assert log_in(house, code=code_of(secret)).json()["code"] == "unauthenticated"
    assert log_in(house).json()["code"] == "unauthenticated"
    with psycopg.connect(house.database) as db:
        db.execute("update api.login_failures set locked_until = now() - interval '1 second'")
    assert log_in(house, code=code_of(secret)).status_code == 200


@pytest.mark.parametrize("guess", ["", "confirm/", "remove/"], ids=["start", "confirm", "remove"])
def test_who_sits_at_an_open_session_guesses_no_more_than_at_the_door(house, member, guess):
    body = {
        "": {"password": "a guess"},
        "confirm/": {"code": NO_CODE},
        "remove/": {"password": PASSWORD, "code": NO_CODE},
    }
    if guess == "remove/":
        set_up(house, member)
    elif guess == "confirm/":
        post(house, member, password=PASSWORD)
    for _ in range(FAILURES):
        assert post(house, member, guess, **body[guess]).json()["code"] == "not_allowed"
    assert log_in(house).json()["code"] == "unauthenticated"
    assert post(house, member, password=PASSWORD).json()["code"] == "not_allowed"


def test_a_factor_is_removed_with_password_and_code(house, member):
    secret = set_up(house, member)
    assert post(house, member, "remove/", password="wrong password", code=code_of(secret)).status_code == 403
    assert post(house, member, "remove/", password=PASSWORD, code=NO_CODE).status_code == 403
    assert log_in(house).json()["code"] == "second_factor_required"
    gone = post(house, member, "remove/", password=PASSWORD, code=code_of(secret))
    assert gone.json()["second_factor"] is False
    assert log_in(house).status_code == 200
    assert post(house, member, "remove/", password=PASSWORD, code=NO_CODE).json()["code"] == "invalid_transition"


def test_confirming_again_under_its_key_gets_the_same_answer(house, member):
    secret = post(house, member, password=PASSWORD).json()["secret"]
    headers, body = member.headers | {"Idempotency-Key": "k1"}, {"code": code_of(secret)}
    first, again = (house.http.post(f"{FACTOR}confirm/", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (200, first.json())


def test_a_refusal_uses_up_no_key_and_is_no_act(house, member):
    """Asked again under its key, what was refused is refused; told is only that somebody guessed."""
    secret = post(house, member, password=PASSWORD).json()["secret"]
    headers = member.headers | {"Idempotency-Key": "k1"}
    for _ in range(2):
        refused = house.http.post(f"{FACTOR}confirm/", json={"code": NO_CODE}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert [act["action"] for act in acts_of(house, member)] == ["manage_staff", "login_failed", "login_failed"]
    assert post(house, member, "confirm/", code=code_of(secret)).json()["second_factor"] is True


def test_an_admin_removes_the_factor_of_a_lost_device(house, member):
    set_up(house, member)
    admin = house.log_in_staff()
    assert see(house, admin, member.id).json()["account"]["second_factor"] is True
    assert change(house, admin, member.id, {"second_factor": True}).status_code == 422
    changed = change(house, admin, member.id, {"second_factor": False})
    assert changed.json()["account"]["second_factor"] is False
    assert log_in(house).status_code == 200
    own = change(house, admin, admin.id, {"second_factor": False})
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")


def test_the_secret_cannot_be_read_in_the_database_and_the_audit_log_tells_of_the_factor(house, member):
    secret = set_up(house, member)
    with psycopg.connect(house.database) as db:
        [[sealed]] = db.execute("select sealed from api.second_factors").fetchall()
    assert secret.encode() not in sealed
    assert house.count(f"eventlog.stored_events where convert_from(state, 'UTF8') like '%{secret}%'") == 0
    begun, told = acts_of(house, member)
    assert (begun["action"], begun["subject"], begun["after"]) == ("manage_staff", "auth/second-factor", {})
    assert (told["action"], told["after"]) == ("manage_staff", {"staff_member": {"has_second_factor": True}})
