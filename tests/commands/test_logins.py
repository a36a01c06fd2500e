"""Logging in: whoever guesses learns nothing, is counted, and locks the account after five failures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from uuid import uuid4

import psycopg
import pytest

from commands.accounts import Account, Kind, create_account, open_session, session_of, set_password
from commands.logins import FAILURES, LOCKED, Attempt, clear_failures, count_failure, end_lock, log_in
from commands.passwords import hashed
from domain import Refused
from domain.audit import NOBODY, Action, StaffActed, Whence
from domain.permissions import Role
from eventlog.ids import new_id
from tests.samples import NOON
from tests.waiting import until

MAIL, PASSWORD = "ada@example.com", "correct horse battery"
MOMENT = timedelta(seconds=1)
WAITING = "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
WHENCE = Whence("192.0.2.7", "a browser")


@cache
def password_hash() -> str:
    return hashed(PASSWORD)


@pytest.fixture
def member(ctx, store, db):
    """member(kind): a new account with PASSWORD."""

    def make(kind=Kind.CUSTOMER, mail=MAIL, **told):
        role = Role.OPERATOR if kind is Kind.STAFF else None
        account = Account(new_id(), kind, mail, store.vault.person_id(mail), role=role, **told)
        assert create_account(db, account, password_hash(), NOON)
        return account

    return make


def attempt(ctx, kind=Kind.CUSTOMER, mail=MAIL, password=PASSWORD, now=NOON, former=""):
    return log_in(Attempt(kind, mail, password, WHENCE, former), ctx(now))


def refuses(ctx, **asked) -> str:
    with pytest.raises(Refused) as refusal:
        attempt(ctx, **asked)
    return f"{refusal.value.code}: {refusal.value}"


def fail(ctx, times, **asked):
    for _ in range(times):
        refuses(ctx, **({"password": "wrong"} | asked))


def entries(store) -> list[StaffActed]:
    with store.recorder.connection() as db:
        rows = db.execute("select originator_id from eventlog.stored_events where topic = 'StaffActed' order by 1")
        return [store.history(row["originator_id"])[0].event for row in rows.fetchall()]


@pytest.mark.parametrize("kind", sorted(Kind))
def test_the_right_password_opens_a_session(ctx, db, member, kind):
    account = member(kind)
    session = attempt(ctx, kind, " Ada@Example.com ")
    assert session.account == account
    assert session_of(db, kind, session.token, NOON) == session
    assert db.execute("select last_login_at, last_login_ip from api.accounts").fetchone() == (NOON, "192.0.2.7")


@pytest.mark.parametrize("kind", sorted(Kind))
def test_whatever_is_wrong_gets_the_same_words(ctx, member, kind):
    member(kind)
    member(kind, "gone@example.com", is_active=False)
    other = Kind.STAFF if kind is Kind.CUSTOMER else Kind.CUSTOMER
    wrong = [
        {"kind": kind, "password": "wrong"},
        {"kind": kind, "mail": "nobody@example.com"},
        {"kind": kind, "mail": "no mail"},
        {"kind": kind, "mail": "gone@example.com"},
        {"kind": other},
    ]
    assert {refuses(ctx, **asked) for asked in wrong} == {"unauthenticated: Mail address or password is wrong."}


def test_failures_lock_the_account_for_a_while_also_for_the_right_password(ctx, member):
    member()
    fail(ctx, FAILURES - 1)
    assert attempt(ctx)
    fail(ctx, FAILURES)
    refuses(ctx)
    refuses(ctx, now=NOON + LOCKED - MOMENT)
    assert attempt(ctx, now=NOON + LOCKED)


def test_who_tries_during_the_lock_does_not_prolong_it(ctx, member):
    member()
    fail(ctx, FAILURES)
    fail(ctx, 2 * FAILURES, now=NOON + LOCKED - MOMENT)
    assert attempt(ctx, now=NOON + LOCKED)


def test_after_the_lock_the_count_begins_anew(ctx, member):
    member()
    fail(ctx, FAILURES)
    fail(ctx, FAILURES - 1, now=NOON + LOCKED)
    assert attempt(ctx, now=NOON + LOCKED)
    fail(ctx, FAILURES, now=NOON + LOCKED)
    refuses(ctx, now=NOON + LOCKED)


def test_an_address_without_an_account_is_counted_and_locked_alike(ctx, db, member):
    member()
    fail(ctx, FAILURES)
    fail(ctx, FAILURES, mail="nobody@example.com")
    rows = db.execute("select failures, locked_until, at from api.login_failures").fetchall()
    assert rows == [(FAILURES, NOON + LOCKED, NOON)] * 2


def test_customers_and_staff_are_counted_apart(ctx, member):
    member()
    fail(ctx, FAILURES, kind=Kind.STAFF)
    assert attempt(ctx)


def test_the_owner_is_told_of_a_lock_once_and_of_no_one_else_is_more_known(ctx, db, member):
    account = member()
    fail(ctx, FAILURES - 1)
    assert db.execute("select count(*) from eventlog.timers").fetchone() == (0,)
    fail(ctx, 2 * FAILURES)
    fail(ctx, FAILURES, mail="nobody@example.com")
    told = db.execute("select about from eventlog.timers where kind = 'letter_locked'").fetchall()
    assert len(told) == 2
    assert (account.id,) in told


def test_many_at_once_are_all_counted_and_lock_once(database):
    mail_id = uuid4()

    def failure(_):
        with psycopg.connect(database) as db:
            return count_failure(db, Kind.CUSTOMER, mail_id, NOON)

    with ThreadPoolExecutor(8) as many:
        locks = list(many.map(failure, range(4 * FAILURES)))
    assert sum(locks) == 1
    with psycopg.connect(database) as db:
        row = db.execute("select failures, locked_until from api.login_failures").fetchone()
        assert row == (4 * FAILURES, NOON + LOCKED)


def test_who_is_let_in_at_last_was_not_locked_meanwhile(db):
    mail_id = uuid4()
    assert clear_failures(db, Kind.CUSTOMER, mail_id, NOON)
    for _ in range(FAILURES):
        count_failure(db, Kind.CUSTOMER, mail_id, NOON)
    assert not clear_failures(db, Kind.CUSTOMER, mail_id, NOON)
    end_lock(db, Kind.CUSTOMER, mail_id)
    assert clear_failures(db, Kind.CUSTOMER, mail_id, NOON)


def test_a_password_that_is_changed_while_it_is_compared_lets_nobody_in(ctx, db, database, member):
    account = member()
    with psycopg.connect(database) as changing, ThreadPoolExecutor(1) as one:
        set_password(changing, account.id, "another hash", NOON)
        late = one.submit(attempt, ctx)
        until(lambda: db.execute(WAITING, (changing.info.backend_pid,)).fetchone())
        changing.commit()
        with pytest.raises(Refused, match="is wrong"):
            late.result(20)
    assert db.execute("select count(*) from api.sessions").fetchone() == (0,)


def test_the_session_that_came_with_the_request_ends(ctx, db, member):
    former = open_session(db, member(), NOON).token
    session = attempt(ctx, former=former)
    assert session.token != former
    assert session_of(db, Kind.CUSTOMER, former, NOON) is None
    refuses(ctx, password="wrong", former=session.token)
    assert session_of(db, Kind.CUSTOMER, session.token, NOON)


def test_logins_of_staff_are_in_the_audit_log_those_of_customers_are_not(ctx, store, member):
    staff = member(Kind.STAFF)
    attempt(ctx, Kind.STAFF)
    refuses(ctx, kind=Kind.STAFF, password="wrong")
    refuses(ctx, kind=Kind.STAFF, mail="nobody@example.com")
    refuses(ctx, kind=Kind.CUSTOMER)
    nobody = str(store.vault.person_id("nobody@example.com"))
    told = [(one.action, one.person_id, one.staff_id, one.subject, one.personal) for one in entries(store)]
    assert told == [
        (Action.LOGIN, staff.id, staff.id, "", WHENCE),
        (Action.LOGIN_FAILED, staff.id, staff.id, str(staff.mail_id), WHENCE),
        (Action.LOGIN_FAILED, NOBODY, None, nobody, WHENCE),
    ]
