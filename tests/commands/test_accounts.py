"""Accounts and sessions: an address is a customer's or a member of staff's, and a session is its holder's alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from commands.accounts import (
    SESSION,
    Account,
    Kind,
    account_of,
    create_account,
    end_sessions,
    log_out,
    open_session,
    session_of,
    set_password,
)
from domain.permissions import Flags, Permission, Role
from tests.samples import NOON

MAIL = "ada@example.com"
ROUNDS = 50
STAFF = {"kind": Kind.STAFF, "role": Role.OPERATOR, "flags": Flags(can_view_financials=True)}


def account(mail=MAIL, **told) -> Account:
    return Account(**({"id": uuid4(), "kind": Kind.CUSTOMER, "mail": mail, "mail_id": uuid4()} | told))


@pytest.fixture
def ada(db):
    ada = account()
    assert create_account(db, ada, "hash", NOON)
    return ada


@pytest.mark.parametrize("told", [{"is_verified": True}, {"is_active": False}, STAFF], ids=str)
def test_an_account_is_found_as_it_was_made(db, told):
    made = account(**told)
    assert create_account(db, made, "hash", NOON)
    assert account_of(db, MAIL) == made
    assert account_of(db, "nobody@example.com") is None


def test_role_and_flags_say_what_staff_may():
    assert Permission.VIEW_FINANCIALS in account(**STAFF).permissions
    assert Permission.MANAGE_STAFF not in account(**STAFF).permissions
    assert account().permissions == frozenset()


@pytest.mark.parametrize("second", sorted(Kind))
def test_an_address_that_is_taken_is_taken_for_both_kinds(db, ada, second):
    assert not create_account(db, account(kind=second), "another hash", NOON)
    assert not create_account(db, account("other@example.com", mail_id=ada.mail_id), "another hash", NOON)
    assert db.execute("select count(*), min(password_hash) from api.accounts").fetchone() == (1, "hash")


def test_customer_and_staff_at_the_same_moment_leave_one(database):
    start = Barrier(2)

    def attempts(kind):
        with psycopg.connect(database, autocommit=True) as db:
            made = []
            for n in range(ROUNDS):
                start.wait(20)
                made.append(create_account(db, account(f"{n}@example.com", kind=kind), kind, NOON))
            return made

    with ThreadPoolExecutor(2) as both:
        customers, staff = both.map(attempts, Kind)
    assert [first + second for first, second in zip(customers, staff, strict=True)] == [1] * ROUNDS


def test_a_session_is_known_by_its_token_until_it_ends(db, ada):
    session = open_session(db, ada, NOON)
    last = NOON + SESSION - timedelta(seconds=1)
    assert session_of(db, Kind.CUSTOMER, session.token, last) == session
    assert session_of(db, Kind.CUSTOMER, session.token, NOON + SESSION) is None
    assert session_of(db, Kind.STAFF, session.token, NOON) is None
    assert session_of(db, Kind.CUSTOMER, "another", NOON) is None
    log_out(db, session.token)
    assert session_of(db, Kind.CUSTOMER, session.token, NOON) is None


def test_all_sessions_of_an_account_end_at_once_and_no_other(db, ada):
    eve = account("eve@example.com")
    create_account(db, eve, "hash", NOON)
    mine, other = [open_session(db, ada, NOON) for _ in range(2)], open_session(db, eve, NOON)
    end_sessions(db, ada.id)
    assert [session_of(db, Kind.CUSTOMER, session.token, NOON) for session in mine] == [None, None]
    assert session_of(db, Kind.CUSTOMER, other.token, NOON) == other


def test_a_session_of_a_disabled_account_opens_nothing(db, ada):
    session = open_session(db, ada, NOON)
    db.execute("update api.accounts set is_active = false")
    assert session_of(db, Kind.CUSTOMER, session.token, NOON) is None


def test_a_session_has_what_its_account_may_now(db):
    grace = account(**STAFF)
    create_account(db, grace, "hash", NOON)
    session = open_session(db, grace, NOON)
    db.execute("update api.accounts set role = 'support', flags = '{}'")
    found = session_of(db, Kind.STAFF, session.token, NOON)
    assert found.account == replace(grace, role=Role.SUPPORT, flags=Flags())


def test_a_new_password_ends_all_sessions(db, ada):
    session = open_session(db, ada, NOON)
    set_password(db, ada.id, "another hash", NOON)
    assert session_of(db, Kind.CUSTOMER, session.token, NOON) is None
    assert db.execute("select password_hash, password_changed_at from api.accounts").fetchone() == (
        "another hash",
        NOON,
    )


def test_the_csrf_token_is_the_sessions_own_and_does_not_tell_it(db, ada):
    first, second = (open_session(db, ada, NOON) for _ in range(2))
    assert first.csrf_token != second.csrf_token
    assert first.csrf_token == session_of(db, Kind.CUSTOMER, first.token, NOON).csrf_token
    assert first.token not in first.csrf_token


def test_sessions_cannot_be_read_in_the_database(db, ada):
    token = open_session(db, ada, NOON).token
    [stored] = db.execute("select s::text from api.sessions s").fetchone()
    assert token not in stored
    assert token.encode().hex() not in stored
