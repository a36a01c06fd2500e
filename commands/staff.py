"""What may be asked about staff: an account, a session for the right password, and its end.

Credentials and sessions are ordinary tables, not history. Whoever tries a mail address or a password learns nothing
from words or time about which of them was wrong.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from threading import BoundedSemaphore
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from pwdlib import PasswordHash

from commands.contacts import normal_mail
from domain import Refused, Value

SESSION = timedelta(days=14)
LOCKED = timedelta(minutes=15)
FAILURES = 5
MIN_PASSWORD = 10
HASHING = BoundedSemaphore(2)  # each hash takes 64 MB and a core for 50 ms
WRONG = "Mail address or password is wrong."


class TooManyAtOnce(Exception):
    """As many passwords are being looked at as this machine can do at a time: ask again in a moment."""


class StaffSession(Value):
    """Who is logged in. `token` is known to its holder alone."""

    staff_id: UUID
    email: str
    role: str
    token: str

    @property
    def csrf_token(self) -> str:
        return csrf_token(self.token)


def create_staff(db: Connection, email: str, password: str, role: str = "admin") -> UUID:
    """A staff account; one that exists gets the password, and all its sessions end.

    Raises Refused: `invalid_email`, `invalid_value` for a password of fewer than 10 characters.
    """
    if len(password) < MIN_PASSWORD:
        raise Refused("invalid_value", f"A password has {MIN_PASSWORD} characters or more.", "/password")
    hashed = _hash(password)
    with db.transaction():
        row = db.execute(
            """insert into api.staff_credentials (email, password_hash, role) values (%s, %s, %s)
               on conflict (email) do update set password_hash = excluded.password_hash, role = excluded.role,
                   failures = 0, locked_until = null, is_active = true, password_changed_at = now()
               returning id""",
            (normal_mail(email), hashed, role),
        ).fetchone()
        assert row
        id = next(iter(row.values())) if isinstance(row, dict) else row[0]
        db.execute("delete from api.staff_sessions where staff_id = %s", (id,))
    return id


def log_in(db: Connection, email: str, password: str, now: datetime) -> StaffSession:
    """A new session for two weeks.

    Raises Refused("unauthenticated"), also while five failures lock the account; TooManyAtOnce, and nothing was done.
    """
    found = _account(db, email)
    is_right = _verify(password, found["password_hash"] if found else _dummy())
    if not found or not found["is_active"] or (found["locked_until"] and found["locked_until"] > now):
        raise Refused("unauthenticated", WRONG)
    if not is_right:
        _note_failure(db, found["id"], now)
        raise Refused("unauthenticated", WRONG)
    session = StaffSession(found["id"], found["email"], found["role"], secrets.token_urlsafe(32))
    with db.transaction():
        db.execute(
            "update api.staff_credentials set failures = 0, locked_until = null, last_login_at = %s where id = %s",
            (now, found["id"]),
        )
        db.execute(
            "insert into api.staff_sessions (session_hash, staff_id, made_at, expires_at) values (%s, %s, %s, %s)",
            (_digest(session.token), found["id"], now, now + SESSION),
        )
    return session


def log_out(db: Connection, token: str) -> None:
    db.execute("delete from api.staff_sessions where session_hash = %s", (_digest(token),))


def session_of(db: Connection, token: str, now: datetime) -> StaffSession | None:
    """The session that a token opens, as long as it has not ended."""
    row = (
        db.cursor(row_factory=dict_row)
        .execute(
            """select c.id, c.email, c.role from api.staff_sessions s join api.staff_credentials c on c.id = s.staff_id
           where s.session_hash = %s and s.expires_at > %s and c.is_active""",
            (_digest(token), now),
        )
        .fetchone()
    )
    return StaffSession(row["id"], row["email"], row["role"], token) if row else None


def csrf_token(token: str) -> str:
    """Belongs to one session; tells nothing about it."""
    return hmac.digest(token.encode(), b"totetaxi csrf", "sha256").hex()


def end_old_sessions(db: Connection, now: datetime) -> int:
    """Takes away what has expired; answers how many."""
    return db.execute("delete from api.staff_sessions where expires_at <= %s", (now,)).rowcount


def _account(db: Connection, email: str) -> dict | None:
    try:
        mail = normal_mail(email)
    except Refused:
        return None
    query = "select * from api.staff_credentials where email = %s"
    return db.cursor(row_factory=dict_row).execute(query, (mail,)).fetchone()


def _note_failure(db: Connection, id: UUID, now: datetime) -> None:
    """The fifth failure locks the account; the count begins anew then."""
    db.execute(
        """update api.staff_credentials set failures = (failures + 1) %% %(most)s,
               locked_until = case when failures + 1 >= %(most)s then %(until)s else locked_until end
           where id = %(id)s""",
        {"most": FAILURES, "until": now + LOCKED, "id": id},
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _dummy() -> str:
    """What an unknown address is compared with, so that it takes as long as a known one."""
    return _hash(secrets.token_urlsafe(16))


def _hash(password: str) -> str:
    with HASHING:
        return _hasher().hash(password)


def _verify(password: str, hashed: str) -> bool:
    if not HASHING.acquire(blocking=False):  # who waits here would keep a connection and a thread from others
        raise TooManyAtOnce
    try:
        return _hasher().verify(password, hashed)
    finally:
        HASHING.release()
