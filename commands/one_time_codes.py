"""The codes of a second factor (TOTP, RFC 6238): six digits for each half minute, each good for one use.

The secret lies sealed with the member's key. A step before and one after pass too: no two clocks agree.
"""

import hmac
from datetime import datetime
from typing import Any

import pyotp
from psycopg.rows import dict_row

from commands import Context
from commands.accounts import Account
from domain import Refused
from eventlog.vault import Sealed, seal, unseal

STEP_S, DRIFT = 30, (0, -1, 1)
BEGUN = """
    insert into api.second_factors as f (account_id, sealed) values (%s, %s)
    on conflict (account_id) do update set sealed = excluded.sealed, last_step = 0 where not f.is_set"""
USED = "update api.second_factors set last_step = %(step)s where account_id = %(id)s and last_step < %(step)s"


def begin(account: Account, ctx: Context) -> str | None:
    """A new secret, which counts once a code of it was confirmed; None where a factor is set already."""
    secret, vault = pyotp.random_base32(), ctx.store.vault
    with ctx.store.recorder.connection() as db:
        sealed = seal(vault.key_for(db, account.id), account.id, secret.encode()).text
        return secret if db.execute(BEGUN, (account.id, sealed)).rowcount else None


def accept(account: Account, code: str, ctx: Context) -> bool:
    """For a login, within the transaction that lets them in: True for a right code, and where no factor is set.

    Refuses with `second_factor_required` when there is no code.
    """
    factor = _factor(account, ctx)
    if factor is None or not factor["is_set"]:
        return True
    if not code:
        raise Refused("second_factor_required", "Send the code of your second factor as `code`.", "/code")
    return _use(factor, code, ctx)


def use(account: Account, code: str, ctx: Context, is_set: bool) -> bool:
    """Whether it is a code of the factor that is set, or of the one that was begun; it counts once.

    Refuses with `invalid_transition` when there is no such factor.
    """
    factor = _factor(account, ctx)
    if factor is None or factor["is_set"] is not is_set:
        wrong = "There is no second factor." if is_set else "Start with a new secret first."
        raise Refused("invalid_transition", wrong)
    return _use(factor, code, ctx)


def _use(factor: dict[str, Any], code: str, ctx: Context) -> bool:
    id = factor["account_id"]
    with ctx.store.recorder.connection() as db:
        key = ctx.store.vault.keys(db, "person_id", [id]).get(id)
        secret = unseal(key, id, Sealed(key.key_id, bytes(factor["sealed"]))).decode() if key else None
        step = step_of(secret, code, ctx.now) if secret else None
        return step is not None and db.execute(USED, {"step": step, "id": id}).rowcount == 1


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute whose code it is, of this one and its neighbours."""
    this, totp = int(now.timestamp()) // STEP_S, pyotp.TOTP(secret)
    fitting = [this + by for by in DRIFT if hmac.compare_digest(totp.generate_otp(this + by).encode(), code.encode())]
    return fitting[0] if fitting else None


def _factor(account: Account, ctx: Context) -> dict[str, Any] | None:
    query = "select account_id, sealed, is_set from api.second_factors where account_id = %s for update"
    with ctx.store.recorder.connection() as db:
        return db.cursor(row_factory=dict_row).execute(query, (account.id,)).fetchone()
