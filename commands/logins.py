"""Logging in: the password compared, failures counted, the account locked after five of them.

Whoever tries learns nothing from words or time: an address without an account, a disabled account, a locked one and a
wrong password cost the same statements and get the same answer.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import dict_row

from commands import Context
from commands.accounts import COLUMNS, Account, Kind, Session, account_in, log_out, open_session
from commands.contacts import normal_mail
from commands.one_time_codes import accept
from commands.passwords import is_right
from domain import Refused, Value, audit
from domain.audit import NOBODY, Action, StaffActed, Whence
from eventlog import timers
from eventlog.ids import new_id
from eventlog.store import Ref

LOCKED = timedelta(minutes=15)
FAILURES = 5
WRONG = "Mail address or password is wrong."
FOUND = f"""
    select {COLUMNS}, a.password_hash, coalesce(f.locked_until > %(now)s, false) as is_locked
    from (select %(mail_id)s::uuid as mail_id, %(kind)s::text as kind) asked
        left join api.accounts a using (mail_id, kind) left join api.login_failures f using (mail_id, kind)"""
FAILED = """
    insert into api.login_failures as f (mail_id, kind, failures, at) values (%(mail_id)s, %(kind)s, 1, %(now)s)
    on conflict (mail_id, kind) do update set at = %(now)s,
        failures = case when f.locked_until <= %(now)s then 1 else f.failures + 1 end,
        locked_until = case when f.locked_until > %(now)s then f.locked_until
                            when f.locked_until is null and f.failures + 1 = %(most)s then %(until)s end
    returning failures = %(most)s as is_new_lock"""
CLEARED = """
    insert into api.login_failures as f (mail_id, kind, failures, at) values (%(mail_id)s, %(kind)s, 0, %(now)s)
    on conflict (mail_id, kind) do update set at = %(now)s, failures = 0, locked_until = null
        where f.locked_until is null or f.locked_until <= %(now)s
    returning true"""


class Attempt(Value):
    """`mail` as it was typed; `former` is the token of a session that the request came with, which ends.

    `code` is that of a second factor.
    """

    kind: Kind
    mail: str
    password: str
    whence: Whence = Whence("", "")
    former: str = ""
    code: str = ""


def log_in(attempt: Attempt, ctx: Context) -> Session:
    """A new session for two weeks.

    Raises Refused: `unauthenticated`, also for the right password while five failures lock the account;
    `second_factor_required` for the right password alone where a factor is set. TooManyAtOnce, and nothing was done.
    """
    account, password_hash = known(attempt, ctx)
    with ctx.store.recorder.transaction() as db:
        if (
            _is_still(db, account, password_hash)
            and accept(account, attempt.code, ctx)
            and clear_failures(db, attempt.kind, account.mail_id, ctx.now)
        ):
            return _let_in(db, attempt, account, ctx)
    refuse(attempt, account, ctx)
    raise Refused("unauthenticated", WRONG)


def known(attempt: Attempt, ctx: Context) -> tuple[Account, str]:
    """Whose mail address and password these are, and the hash. Counts a failure and raises Refused, as `log_in`."""
    mail_id = mail_id_of(attempt.mail, ctx)
    with ctx.store.recorder.connection() as db:
        row = _first(db, FOUND, {"mail_id": mail_id, "kind": attempt.kind, "now": ctx.now})
    assert row
    account = account_in(row) if row["id"] else None
    if is_right(attempt.password, row["password_hash"]) and account and account.is_active and not row["is_locked"]:
        return account, row["password_hash"]
    refuse(attempt, account, ctx)
    raise Refused("unauthenticated", WRONG)


def mail_id_of(mail: str, ctx: Context) -> UUID:
    """What is no mail address is nobody's, and costs as much."""
    try:
        return ctx.store.vault.person_id(normal_mail(mail))
    except Refused:
        return ctx.store.vault.person_id(mail)


def count_failure(db: Connection, kind: Kind, mail_id: UUID, now: datetime) -> bool:
    """Whether this one locks. Failures during a lock do not prolong it; after it the count begins anew."""
    asked = {"mail_id": mail_id, "kind": kind, "now": now, "until": now + LOCKED, "most": FAILURES}
    row = _first(db, FAILED, asked)
    return bool(row and row["is_new_lock"])


def clear_failures(db: Connection, kind: Kind, mail_id: UUID, now: datetime) -> bool:
    """False, and nothing is done, while the account is locked: others may have guessed since it was looked at."""
    return _first(db, CLEARED, {"mail_id": mail_id, "kind": kind, "now": now}) is not None


def end_lock(db: Connection, kind: Kind, mail_id: UUID) -> datetime | None:
    """For whoever has proven otherwise who they are. Until when it would have lasted, where there was one."""
    query = "delete from api.login_failures where mail_id = %s and kind = %s returning locked_until as until"
    gone = db.cursor(row_factory=dict_row).execute(query, (mail_id, kind)).fetchone()
    return gone["until"] if gone else None


def _is_still(db: Connection, account: Account, password_hash: str) -> bool:
    """Who is disabled or gets another password while theirs is compared does not slip in after all sessions ended."""
    query = "select true as yes from api.accounts where id = %s and is_active and password_hash = %s for update"
    return db.execute(query, (account.id, password_hash)).fetchone() is not None


def _let_in(db: Connection, attempt: Attempt, account: Account, ctx: Context) -> Session:
    if attempt.former:
        log_out(db, attempt.former)
    seen = (ctx.now, attempt.whence.ip, account.id)
    db.execute("update api.accounts set last_login_at = %s, last_login_ip = %s where id = %s", seen)
    if account.kind is Kind.STAFF:
        _note(StaffActed(account.id, Action.LOGIN, _request(ctx), account.id, personal=attempt.whence), ctx)
    return open_session(db, account, ctx.now)


def refuse(attempt: Attempt, account: Account | None, ctx: Context) -> None:
    """Counts the failure; whoever has the account is told by mail when it is locked."""
    id, mail_id = account.id if account else None, mail_id_of(attempt.mail, ctx)
    with ctx.store.recorder.transaction() as db:
        if count_failure(db, attempt.kind, mail_id, ctx.now):
            timers.ask(db, "letter_locked", id or uuid4(), ctx.now)
        if attempt.kind is Kind.STAFF:
            what = {"staff_id": id, "subject": str(mail_id), "personal": attempt.whence}
            _note(StaffActed(id or NOBODY, Action.LOGIN_FAILED, _request(ctx), **what), ctx)


def _note(acted: StaffActed, ctx: Context) -> None:
    """An entry of its own: no act that failed with it is told as done, and no idempotency key used up by a refusal."""
    ctx.without_key().append([Ref(audit, new_id(), is_new=True)], lambda entry: [audit.record(entry, acted)])


def _request(ctx: Context) -> str:
    return ctx.origin.correlation_id


def _first(db: Connection, query: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    return db.cursor(row_factory=dict_row).execute(query, asked, prepare=True).fetchone()
