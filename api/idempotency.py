"""Idempotency-Key: the same key and body by the same caller within a day is one write, and gets the same answer.

The key's row is written with the events of the first time, and the answer is always made from what the log holds. So a
request that finds the row without its lock, after a crash for instance, goes on from there. Refusals leave no row.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from api.call import Call
from api.errors import Later, Problem, unavailable
from api.key_locks import PATIENCE_S
from api.tracing import note_act
from commands import Context
from domain import Value
from eventlog.envelope import Recorded
from eventlog.once import find_used, note_used
from eventlog.statements import Once
from eventlog.store import KeyTaken

KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Done(Value):
    """What a write did: the key of its events (a booking's id), and its position.

    `written` are the events where they are at hand: the answer is the same as from the log, and costs less.
    """

    about: UUID
    position: int
    written: tuple[Recorded, ...] = ()


class Write(Value):
    """`do` writes; `answer` is made of what was written. `in_append`: the first append of `do` takes the row along."""

    do: Callable[[Context], Done]
    answer: Callable[[Done], dict[str, Any]]
    in_append: bool = False


def carry_out(call: Call, write: Write) -> dict[str, Any]:
    """Once for each key; without one, once. Raises Later, Problem("idempotency_mismatch") and what the write raises."""
    once = _once(call)
    if once is None:
        return write.answer(_did(write, call.context()))
    locks, answer = call.parts.key_locks, None
    if call.has_waited and (answer := locks.answer_for(once)):
        return answer
    if not locks.try_lock(once):
        raise Later(unavailable("Try again in a moment.", "idempotency_in_progress"), PATIENCE_S)
    try:
        answer = write.answer(_found(call, once) or _done(call, once, write))
        return answer
    finally:
        locks.unlock(once, answer)


def _done(call: Call, once: Once, write: Write) -> Done:
    if write.in_append:
        try:
            return _did(write, call.context(once))
        except KeyTaken:
            found = _found(call, once)
            assert found, "a key that is taken has its row"
            return found
    done = _did(write, call.context())
    with call.parts.pool.connection() as db:
        note_used(db, once, done.position)
    return done


def _did(write: Write, ctx: Context) -> Done:
    """What staff ask for and is so already changes nothing, but the answer shows it: a read, with an entry as any."""
    done = write.do(ctx)
    if ctx.trace and not ctx.store.history(ctx.trace.id):
        note_act(replace(ctx, once=None))
    return done


def _found(call: Call, once: Once) -> Done | None:
    with call.parts.pool.connection() as db:
        used = find_used(db, once, call.now)
    if used is None:
        return None
    if used.body_hash != once.body_hash:
        raise Problem("idempotency_mismatch", "This Idempotency-Key was used with another body.")
    assert used.about, "every write under a key is about something"
    return Done(used.about, used.position)


def _once(call: Call) -> Once | None:
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise Problem("invalid_value", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
    route = f"{call.method} {call.scope['path']}"
    return Once(call.caller, route, key, _digest(call), {})


def _digest(call: Call) -> bytes:
    """Says whether a body is the same, and nobody who reads the row can try passwords or addresses against it."""
    return hmac.digest(call.parts.settings.secret_key.encode(), call.raw, "sha256")
