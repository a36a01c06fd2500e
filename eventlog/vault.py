"""The vault: what is personal in an event is sealed with a key of its person; to forget a person is to destroy the key.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the id of the event is authenticated with the text, so that it
cannot be moved to another event. Keys lie wrapped by a master key; the first master key in the settings wraps new ones.
"""

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from os import urandom
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import tuple_row

from domain import Value

NONCE = 12


class Sealed(Value):
    """The personal part of an event: which key sealed it, and nonce with ciphertext."""

    key_id: UUID
    text: bytes


class PersonKey(Value):
    key_id: UUID
    secret: bytes


class KeyDestroyed(Exception):
    """The person was forgotten while something of theirs was being written: seal again with a new key."""


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, text: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(text[:NONCE], text[NONCE:], bound_to)


def seal(key: PersonKey, event_id: UUID, plain: bytes) -> Sealed:
    return Sealed(key.key_id, _encrypt(key.secret, plain, event_id.bytes))


def unseal(key: PersonKey, event_id: UUID, sealed: Sealed) -> bytes:
    """Raises InvalidTag when key, text or event do not belong together."""
    return _decrypt(key.secret, sealed.text, event_id.bytes)


class Vault:
    """Keys of persons. `masters` maps the id of a master key to its 32 bytes, current one first."""

    def __init__(self, masters: Mapping[str, bytes], identity_key: bytes):
        if not masters or any(len(key) != 32 for key in masters.values()):
            raise ValueError("TOTETAXI_MASTER_KEYS: at least one key of 32 bytes, as id:base64, the current one first")
        self._masters, self._identity = dict(masters), identity_key
        self._current = next(iter(masters))

    def person_id(self, normal_mail: str) -> UUID:
        """The same mail is the same person for ever; without the identity key a mail cannot be tried against ids."""
        digest = hmac.digest(self._identity, b"person:" + normal_mail.lower().encode(), sha256)
        return UUID(bytes=digest[:16], version=5)

    def key_for(self, db: Connection, person_id: UUID) -> PersonKey:
        """The person's key, made when there is none; durable before anything is sealed with it."""
        key_id, secret = uuid4(), urandom(32)
        wrapped = _encrypt(self._masters[self._current], secret, key_id.bytes)
        made = db.execute(
            """insert into eventlog.person_keys (key_id, person_id, wrapped, master_id) values (%s, %s, %s, %s)
               on conflict (person_id) do nothing returning key_id""",
            (key_id, person_id, wrapped, self._current),
        ).fetchone()
        return PersonKey(key_id, secret) if made else self.keys(db, "person_id", [person_id])[person_id]

    def keys(self, db: Connection, column: str, ids: Iterable[UUID]) -> dict[UUID, PersonKey]:
        """Those of the keys (by `key_id` or `person_id`) that still exist."""
        rows = (
            db.cursor(row_factory=tuple_row)
            .execute(
                f"""
            select {column}, key_id, wrapped, master_id from eventlog.person_keys where {column} = any(%s)""",
                (list(ids),),
            )
            .fetchall()
        )
        return {
            id: PersonKey(key_id, self._unwrap(key_id, bytes(wrapped), master_id))
            for id, key_id, wrapped, master_id in rows
        }

    def destroy(self, db: Connection, person_id: UUID, position: int) -> None:
        """Within the transaction that appends PersonForgotten at the position: neither is there without the other."""
        db.execute(
            """
            with gone as (delete from eventlog.person_keys where person_id = %s returning key_id, person_id)
            insert into eventlog.destroyed_keys (key_id, person_id, position) select key_id, person_id, %s from gone""",
            (person_id, position),
        )

    def leave(self, db: Connection, mail_id: UUID, customer_id: UUID, position: int) -> None:
        """The customer has another mail address: the key of what was booked with this one so far goes with them."""
        db.execute(
            """
            update eventlog.person_keys
            set person_id = gen_random_uuid(), left_mail = person_id, left_by = %s, left_at = %s
            where person_id = %s""",
            (customer_id, position, mail_id),
        )

    def destroy_left(self, db: Connection, key_id: UUID) -> None:
        """As `destroy`, for a key that went with a customer: it has sealed for its address up to a position."""
        db.execute(
            """
            with gone as (delete from eventlog.person_keys where key_id = %s returning key_id, left_mail, left_at)
            insert into eventlog.destroyed_keys (key_id, person_id, position) select * from gone""",
            (key_id,),
        )

    def rewrap(self, db: Connection) -> int:
        """After a new master key was put first: wrap every key with it. Returns how many were wrapped anew."""
        rows = (
            db.cursor(row_factory=tuple_row)
            .execute(
                """
            select key_id, wrapped, master_id from eventlog.person_keys where master_id <> %s for update""",
                (self._current,),
            )
            .fetchall()
        )
        for key_id, wrapped, master_id in rows:
            anew = _encrypt(self._masters[self._current], self._unwrap(key_id, bytes(wrapped), master_id), key_id.bytes)
            db.execute(
                "update eventlog.person_keys set wrapped = %s, master_id = %s where key_id = %s",
                (anew, self._current, key_id),
            )
        return len(rows)

    def _unwrap(self, key_id: UUID, wrapped: bytes, master_id: str) -> bytes:
        try:
            return _decrypt(self._masters[master_id], wrapped, key_id.bytes)
        except (KeyError, InvalidTag):
            raise ValueError(
                f"master key {master_id!r} is missing from TOTETAXI_MASTER_KEYS or is another one"
            ) from None
