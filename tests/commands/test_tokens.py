"""Tokens of letters: good once, for a while, for one thing, and for the account as it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from commands import accounts, tokens
from commands.accounts import Account, Kind, create_account
from commands.tokens import SAME, VALID, Proof, Purpose, address_to_prove, issue, use
from domain import Refused
from tests.samples import NOON

SECRET = b"a secret of the tests"
MAIL = "ada@example.com"
MOMENT = timedelta(seconds=1)


@pytest.fixture
def ada(db):
    account = Account(uuid4(), Kind.CUSTOMER, MAIL, uuid4())
    create_account(db, account, "hash", NOON - timedelta(days=1))
    return account


def issued(db, ada, purpose=Purpose.RESET_PASSWORD, mail=MAIL, now=NOON):
    return issue(db, SECRET, Proof(purpose, ada.id, mail), now)


def refuses(db, token, purpose=Purpose.RESET_PASSWORD, now=NOON) -> bool:
    for ask in (tokens.look, use):
        with pytest.raises(Refused) as refusal:
            ask(db, purpose, token, now)
        assert (refusal.value.code, refusal.value.path) == ("invalid_token", "/token")
    return True


def test_a_token_opens_once(db, ada):
    token = issued(db, ada)
    assert tokens.look(db, Purpose.RESET_PASSWORD, token, NOON).account == ada
    assert use(db, Purpose.RESET_PASSWORD, token, NOON) == tokens.Held(ada, MAIL)
    assert refuses(db, token)


def test_of_many_at_once_one_uses_it(database, db, ada):
    token = issued(db, ada)

    def attempt(_):
        with psycopg.connect(database) as db:
            try:
                return use(db, Purpose.RESET_PASSWORD, token, NOON).account.id
            except Refused:
                return None

    with ThreadPoolExecutor(8) as many:
        assert sorted(map(str, many.map(attempt, range(8)))) == sorted([str(ada.id), *["None"] * 7])


def test_what_is_rolled_back_has_not_used_it(db, ada):
    token = issued(db, ada)
    with db.transaction(force_rollback=True):
        use(db, Purpose.RESET_PASSWORD, token, NOON)
    assert use(db, Purpose.RESET_PASSWORD, token, NOON)


@pytest.mark.parametrize("purpose", sorted(Purpose))
def test_a_token_expires(db, ada, purpose):
    token = issued(db, ada, purpose)
    assert refuses(db, token, purpose, NOON + VALID[purpose])
    assert use(db, purpose, token, NOON + VALID[purpose] - MOMENT)


def test_a_letter_that_is_sent_again_has_the_same_token(db, ada):
    token = issued(db, ada)
    assert issued(db, ada, now=NOON + SAME - MOMENT) == token
    later = issued(db, ada, now=NOON + SAME)
    assert later != token
    assert use(db, Purpose.RESET_PASSWORD, token, NOON + SAME)  # the letter before it still counts
    use(db, Purpose.RESET_PASSWORD, later, NOON + SAME)
    assert issued(db, ada, now=NOON + SAME) not in (token, later)


@pytest.mark.parametrize("token", ["", "x", "0" * 97, "é", f"{'0' * 32}.{'0' * 64}"])
def test_what_was_never_issued_opens_nothing(db, ada, token):
    issued(db, ada)
    assert refuses(db, token)


def test_a_token_is_for_one_thing(db, ada):
    token = issued(db, ada, Purpose.VERIFY_MAIL)
    assert refuses(db, token, Purpose.RESET_PASSWORD)
    assert refuses(db, token, Purpose.CHANGE_MAIL)
    assert use(db, Purpose.VERIFY_MAIL, token, NOON)


def test_a_token_made_with_another_secret_is_another(db, ada):
    token = issued(db, ada)
    assert issue(db, b"another", Proof(Purpose.RESET_PASSWORD, ada.id, MAIL), NOON) != token


@pytest.mark.parametrize("purpose", [Purpose.RESET_PASSWORD, Purpose.CHANGE_MAIL])
def test_a_token_from_before_the_password_changed_is_worth_nothing(db, ada, purpose):
    token = issued(db, ada, purpose)
    accounts.set_password(db, ada.id, "another hash", NOON + MOMENT)
    assert refuses(db, token, purpose, NOON + 2 * MOMENT)
    assert use(db, purpose, issued(db, ada, purpose, now=NOON + 2 * MOMENT), NOON + 2 * MOMENT)


def test_that_an_address_is_somebodys_stays_true_with_another_password(db, ada):
    token = issued(db, ada, Purpose.VERIFY_MAIL)
    accounts.set_password(db, ada.id, "another hash", NOON + MOMENT)
    assert use(db, Purpose.VERIFY_MAIL, token, NOON + MOMENT)


@pytest.mark.parametrize("purpose", [Purpose.RESET_PASSWORD, Purpose.VERIFY_MAIL])
def test_a_token_sent_to_the_former_address_is_worth_nothing(db, ada, purpose):
    token = issued(db, ada, purpose)
    db.execute("update api.accounts set mail = 'new@example.com'")
    assert refuses(db, token, purpose)


def test_a_disabled_account_has_no_tokens(db, ada):
    token = issued(db, ada)
    db.execute("update api.accounts set is_active = false")
    assert refuses(db, token)


def test_only_the_last_new_address_can_be_proven(db, ada):
    first = issued(db, ada, Purpose.CHANGE_MAIL, "first@example.com")
    assert address_to_prove(db, ada.id, NOON) == "first@example.com"
    second = issued(db, ada, Purpose.CHANGE_MAIL, "second@example.com", NOON + MOMENT)
    assert address_to_prove(db, ada.id, NOON + MOMENT) == "second@example.com"
    assert refuses(db, first, Purpose.CHANGE_MAIL)
    assert use(db, Purpose.CHANGE_MAIL, second, NOON + MOMENT).mail == "second@example.com"
    assert address_to_prove(db, ada.id, NOON + MOMENT) is None


def test_letters_sent_at_once_have_one_token(database, ada):
    def attempt(_):
        with psycopg.connect(database, autocommit=True) as db:
            return issued(db, ada)

    with ThreadPoolExecutor(8) as many:
        assert len(set(many.map(attempt, range(8)))) == 1


def test_nobody_gets_no_token(db, ada):
    with pytest.raises(LookupError):
        issue(db, SECRET, Proof(Purpose.VERIFY_MAIL, uuid4(), MAIL), NOON)


def test_tokens_cannot_be_read_in_the_database(db, ada):
    token = issued(db, ada)
    [stored] = db.execute("select t::text from api.tokens t").fetchone()
    for part in (token, token.partition(".")[2], token.encode().hex()):
        assert part not in stored
