"""A forgotten password: a letter for the owner alone, and a new password for whoever has its token, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from commands.logins import FAILURES
from commands.tokens import Proof, Purpose, issue
from tests.api.entering import MAIL, is_in, log_in, refusal, told
from tests.api.house import ENV

NEW = "another good password"


def token(house, person, purpose=Purpose.RESET_PASSWORD) -> str:
    """The token that the letter carries."""
    with psycopg.connect(house.database, autocommit=True) as db:
        return issue(db, ENV["SECRET_KEY"].encode(), Proof(purpose, person.id, person.mail), datetime.now(UTC))


def ask_reset(house, mail):
    return house.http.post("/api/customer/auth/password-reset/", json={"email": mail})


def reset(house, token, password=NEW, **headers):
    body = {"token": token, "password": password}
    return house.http.post("/api/customer/auth/password-reset/confirm/", json=body, headers=headers)


def test_whoever_asks_for_a_reset_learns_nothing_and_only_the_owner_gets_a_letter(house):
    ada, grace = house.customer(MAIL), house.log_in_staff(mail="grace@example.com")
    answers = [ask_reset(house, mail) for mail in ("Ada@example.com", "nobody@example.com", grace.mail)]
    assert len({str(told(answer)) for answer in answers}) == 1
    assert answers[0].status_code == 202
    with psycopg.connect(house.database) as db:
        letters = [id for (id,) in db.execute("select about from eventlog.timers where kind = 'letter_reset'")]
    assert len(letters) == 3
    assert ada.id in letters
    assert grace.id not in letters


def test_a_reset_sets_the_password_ends_all_sessions_and_proves_the_address(house):
    ada = house.customer(MAIL, is_verified=False)
    answer = reset(house, token(house, ada))
    assert (answer.status_code, set(answer.json())) == (200, {"position"})
    assert not is_in(house, "customer", ada.headers)
    assert log_in(house, "customer").status_code == 401
    assert log_in(house, "customer", password=NEW).json()["user"]["is_verified"] is True
    assert [recorded.name for recorded in house.store.history(ada.id)][1:] == ["PasswordChanged", "MailVerified"]


def test_a_reset_ends_a_lock(house):
    ada = house.customer(MAIL)
    for _ in range(FAILURES):
        log_in(house, "customer", password="wrong")
    assert log_in(house, "customer").status_code == 401
    reset(house, token(house, ada))
    assert log_in(house, "customer", password=NEW).status_code == 200


def test_a_token_is_good_for_one_reset(house):
    used = token(house, house.customer(MAIL))
    assert reset(house, used).status_code == 200
    assert refusal(reset(house, used, "yet another password")) == (422, "invalid_token")
    assert log_in(house, "customer", password=NEW).status_code == 200


def test_asked_again_under_the_same_key_a_reset_is_answered_alike(house):
    used = token(house, house.customer(MAIL))
    first, second = (reset(house, used, **{"Idempotency-Key": "reset"}) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    other = reset(house, used, "yet another password", **{"Idempotency-Key": "reset"})
    assert refusal(other) == (422, "idempotency_mismatch")
    assert house.count("eventlog.stored_events where topic = 'PasswordChanged'") == 1


def test_of_many_resets_with_one_token_one_counts(house):
    used = token(house, house.customer(MAIL))
    with ThreadPoolExecutor(4) as many:
        answers = list(many.map(lambda n: reset(house, used, f"{NEW} {n}"), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    [winner] = [n for n, answer in enumerate(answers) if answer.status_code == 200]
    assert log_in(house, "customer", password=f"{NEW} {winner}").status_code == 200


def test_an_expired_token_is_refused(house):
    old = token(house, house.customer(MAIL))
    with psycopg.connect(house.database) as db:
        db.execute("update api.tokens set expires_at = now()")
    assert refusal(reset(house, old)) == (422, "invalid_token")


def test_a_token_from_before_the_password_changed_is_refused(house):
    ada = house.customer(MAIL)
    first = token(house, ada)
    with psycopg.connect(house.database) as db:
        db.execute("update api.tokens set made_at = made_at - interval '2 hours'")
    second = token(house, ada)
    assert first != second
    assert reset(house, second).status_code == 200
    assert refusal(reset(house, first, "yet another password")) == (422, "invalid_token")
    assert log_in(house, "customer", password=NEW).status_code == 200


def test_a_token_for_something_else_or_of_staff_resets_nothing(house):
    ada, grace = house.customer(MAIL), house.log_in_staff(mail="grace@example.com")
    for wrong in (token(house, ada, Purpose.VERIFY_MAIL), token(house, ada, Purpose.CHANGE_MAIL), token(house, grace)):
        assert refusal(reset(house, wrong)) == (422, "invalid_token")
    assert is_in(house, "customer", ada.headers)
    assert is_in(house, "staff", grace.headers)


@pytest.mark.parametrize("password", ["short", "1234567890", "Ada@example.com", "AdaByron12"[:8], "x" * 1001])
def test_a_weak_password_is_refused_and_the_token_is_still_good(house, password):
    kept = token(house, house.customer(MAIL))
    answer = reset(house, kept, password)
    assert refusal(answer) == (422, "weak_password")
    assert answer.json()["errors"][0]["path"] == "/password"
    assert reset(house, kept).status_code == 200


def test_what_is_no_mail_address_is_told(still_house):
    assert refusal(ask_reset(still_house, "no mail")) == (422, "invalid_email")
