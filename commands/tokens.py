"""Tokens that letters carry: each proves once, for a while, that whoever sends it reads the mail of an address.

A token is `<id>.<mac>`, made again from its row's id whenever the letter is sent again. The row holds its hash alone.
"""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import dict_row

from commands.accounts import COLUMNS, Account, account_in, digest
from domain import Refused, Value

SAME = timedelta(hours=1)  # so long a letter that is asked for again has the same token, if it is not used yet
STALE = "This link is no longer valid: ask for a new one."
# A token is worth nothing once the account has another address, or another password: who took the account over for a
# while loses with the password what they have asked for. Only that an address is somebody's stays true.
FITS = """t.used_at is null and t.expires_at > %(now)s and a.is_active
    and (t.purpose = 'change_mail' or t.mail = a.mail)
    and (t.purpose = 'verify_mail' or t.password_changed_at = a.password_changed_at)"""
OPEN = f"""
    select t.id, t.mail, t.made_at from api.tokens t join api.accounts a on a.id = t.account_id
    where a.id = %(account_id)s and t.purpose = %(purpose)s and {FITS} order by t.made_at desc limit 1"""
HELD = f"""
    select {COLUMNS}, t.mail as token_mail from api.tokens t join api.accounts a on a.id = t.account_id
    where t.token_hash = %(hash)s and t.purpose = %(purpose)s and {FITS}"""
NEW = """
    insert into api.tokens (token_hash, id, purpose, account_id, mail, password_changed_at, made_at, expires_at)
    select %(hash)s, %(id)s, %(purpose)s, id, %(mail)s, password_changed_at, %(now)s, %(expires_at)s
    from api.accounts where id = %(account_id)s"""
ALONE = """
    select id from api.accounts where id = (select account_id from api.tokens where token_hash = %(hash)s)
    for no key update"""


class Purpose(StrEnum):
    VERIFY_MAIL = "verify_mail"
    CHANGE_MAIL = "change_mail"
    RESET_PASSWORD = "reset_password"


VALID = {
    Purpose.VERIFY_MAIL: timedelta(hours=48),
    Purpose.CHANGE_MAIL: timedelta(hours=48),
    Purpose.RESET_PASSWORD: timedelta(hours=24),
}


class Proof(Value):
    """What a token is for: `mail` is the address that it goes to, which it proves."""

    purpose: Purpose
    account_id: UUID
    mail: str


class Held(Value):
    """What a token opened: the account as it is, and the address that is proven."""

    account: Account
    mail: str


def issue(db: Connection, secret: bytes, proof: Proof, now: datetime) -> str:
    """The token to be sent to the address; asked again within the hour, the same one.

    A new address takes the place of one that was to be proven before. Raises LookupError when there is no such account.
    """
    asked = {"account_id": proof.account_id, "purpose": proof.purpose, "now": now, "mail": proof.mail}
    with db.transaction():
        if not _rows(db, "select id from api.accounts where id = %(account_id)s for no key update", asked):
            raise LookupError(proof.account_id)
        for row in _rows(db, OPEN, asked):
            if row["mail"] == proof.mail and row["made_at"] > now - SAME:
                return _written(secret, row["id"])
        db.execute(
            "delete from api.tokens where account_id = %(account_id)s and purpose = %(purpose)s and mail <> %(mail)s",
            asked,
        )
        id = uuid4()
        token = _written(secret, id)
        db.execute(NEW, asked | {"hash": digest(token), "id": id, "expires_at": now + VALID[proof.purpose]})
    return token


def withdraw(db: Connection, account_id: UUID, purpose: Purpose) -> None:
    """What was sent for this purpose opens nothing any more."""
    db.execute("delete from api.tokens where account_id = %s and purpose = %s", (account_id, purpose))


def address_to_prove(db: Connection, account_id: UUID, now: datetime) -> str | None:
    """The address that the account is to have, once the token that was sent there comes back."""
    rows = _rows(db, OPEN, {"account_id": account_id, "purpose": Purpose.CHANGE_MAIL, "now": now})
    return rows[0]["mail"] if rows else None


def look(db: Connection, purpose: Purpose, token: str, now: datetime) -> Held:
    """What the token would open; it stays unused. Raises Refused("invalid_token")."""
    return _held(db, HELD, {"hash": digest(token), "purpose": purpose, "now": now})


def use(db: Connection, purpose: Purpose, token: str, now: datetime) -> Held:
    """Once, in the caller's transaction. Of two who use tokens of one account, the second waits and sees the rest.

    Raises Refused("invalid_token") for one that is unknown, used, expired, for something else, or overtaken.
    """
    asked = {"hash": digest(token), "purpose": purpose, "now": now}
    _rows(db, ALONE, asked)
    held = _held(db, HELD, asked)
    db.execute("update api.tokens set used_at = %(now)s where token_hash = %(hash)s", asked)
    return held


def _held(db: Connection, query: str, asked: dict[str, Any]) -> Held:
    if not (rows := _rows(db, query, asked)):
        raise Refused("invalid_token", STALE, "/token")
    return Held(account_in(rows[0]), rows[0]["token_mail"])


def _written(secret: bytes, id: UUID) -> str:
    return f"{id.hex}.{hmac.digest(secret, b'totetaxi token ' + id.bytes, 'sha256').hex()}"


def _rows(db: Connection, query: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return db.cursor(row_factory=dict_row).execute(query, asked).fetchall()
