"""Accounts of customers and staff: who they are, their sessions, and what they may.

Credentials, sessions and tokens are ordinary tables, not history. Whoever tries a mail address or a password learns
nothing from words or time about which of them was wrong.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from msgspec import convert, to_builtins
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from domain import Value
from domain.permissions import Flags, Permission, Role, permissions

SESSION = timedelta(days=14)
COLUMNS = "a.id, a.kind, a.mail, a.mail_id, a.is_active, a.is_verified, a.role, a.flags"  # of an Account

NEW_ACCOUNT = """
    insert into api.accounts (id, kind, mail, mail_id, password_hash, password_changed_at, is_active, is_verified, role,
                              flags, made_at)
    values (%(id)s, %(kind)s, %(mail)s, %(mail_id)s, %(hash)s, %(now)s, %(is_active)s, %(is_verified)s, %(role)s,
            %(flags)s, %(now)s)
    on conflict do nothing"""


class Kind(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"


class Account(Value):
    """A row of api.accounts. `id` is the stream of the Customer or StaffMember; `role` is None for a customer.

    `mail_id` is the person's id of the mail address.
    """

    id: UUID
    kind: Kind
    mail: str
    mail_id: UUID
    is_active: bool = True
    is_verified: bool = False
    role: Role | None = None
    flags: Flags = Flags()

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions(self.role, self.flags) if self.role else frozenset()


class Session(Value):
    """Who is logged in. `token` is known to its holder alone."""

    account: Account
    token: str

    @property
    def csrf_token(self) -> str:
        """Belongs to one session; tells nothing about it."""
        return hmac.digest(self.token.encode(), b"totetaxi csrf", "sha256").hex()


def create_account(db: Connection, account: Account, password_hash: str, now: datetime) -> bool:
    """False when the mail address is taken, by a customer or by staff: it is the one or the other."""
    row = to_builtins(account) | {"flags": Jsonb(to_builtins(account.flags)), "hash": password_hash, "now": now}
    return db.execute(NEW_ACCOUNT, row).rowcount == 1


def account_of(db: Connection, mail: str) -> Account | None:
    """The account of an address in its normal form, of either kind, disabled or not."""
    row = db.cursor(row_factory=dict_row).execute(f"select {COLUMNS} from api.accounts a where a.mail = %s", (mail,))
    return account_in(found) if (found := row.fetchone()) else None


def set_password(db: Connection, account_id: UUID, password_hash: str, now: datetime) -> None:
    """Ends all sessions; the tokens for a reset that were made before are worth nothing from now on."""
    db.execute(
        "update api.accounts set password_hash = %s, password_changed_at = %s where id = %s",
        (password_hash, now, account_id),
    )
    end_sessions(db, account_id)


def open_session(db: Connection, account: Account, now: datetime) -> Session:
    session = Session(account, secrets.token_urlsafe(32))
    db.execute(
        "insert into api.sessions (session_hash, account_id, made_at, expires_at) values (%s, %s, %s, %s)",
        (digest(session.token), account.id, now, now + SESSION),
    )
    return session


def session_of(db: Connection, kind: Kind, token: str, now: datetime) -> Session | None:
    """The session that a token opens, as long as it has not ended and the account is active."""
    row = (
        db.cursor(row_factory=dict_row)
        .execute(
            f"""select {COLUMNS}
               from api.sessions s join api.accounts a on a.id = s.account_id
               where s.session_hash = %s and s.expires_at > %s and a.kind = %s and a.is_active""",
            (digest(token), now, kind),
        )
        .fetchone()
    )
    return Session(account_in(row), token) if row else None


def log_out(db: Connection, token: str) -> None:
    db.execute("delete from api.sessions where session_hash = %s", (digest(token),))


def end_sessions(db: Connection, account_id: UUID) -> None:
    """Everywhere, at once."""
    db.execute("delete from api.sessions where account_id = %s", (account_id,))


def account_in(row: dict[str, Any]) -> Account:
    return convert({name: row[name] for name in Account.__struct_fields__}, Account, strict=False)


def digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
