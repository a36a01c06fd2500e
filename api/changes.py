"""What guests and customers do with a booking of theirs, told in one way: seen, changed, cancelled."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.preconditions import demand_version, give_etag, told_version
from api.views import payment_at
from commands import Context, booking_ref
from commands.booking_sheet import booking_sheet
from commands.changing import Changes, change_booking
from commands.ending import Cancellation, cancel_as_seen
from eventlog.envelope import Recorded


def seen(call: Call, history: Sequence[Recorded]) -> dict[str, Any]:
    """The booking, and the payment that is open or was paid."""
    sheet = _sheet(history)
    give_etag(call, sheet["version"])
    return {"booking": sheet, "payment": payment_at(call, history[0].originator_id)}


def changed(call: Call, id: UUID, changes: Changes) -> dict[str, Any]:
    """As it was after the change; `payment` is null where the price is another: `create-intent` makes the new one."""
    ref = booking_ref(id)._replace(version=demand_version(call))

    def do(ctx: Context) -> Done:
        return Done(id, change_booking(ref, changes, ctx).position)

    def answer(done: Done) -> dict[str, Any]:
        then = _then(call, done)
        return {"booking": then, "payment": payment_at(call, id, done.position), "position": done.position}

    return _with_etag(call, carry_out(call, Write(do, answer, in_append=True)))


def cancelled(call: Call, id: UUID, words: str) -> dict[str, Any]:
    ref = booking_ref(id)._replace(version=told_version(call))

    def do(ctx: Context) -> Done:
        return Done(id, cancel_as_seen(ref, Cancellation(words), ctx))

    def answer(done: Done) -> dict[str, Any]:
        return {"booking": _then(call, done), "position": done.position}

    return _with_etag(call, carry_out(call, Write(do, answer, in_append=True)))


def _then(call: Call, done: Done) -> dict[str, Any]:
    """The booking as of the write's position, so that the answer is the same whenever it is made."""
    return _sheet([recorded for recorded in call.parts.store.history(done.about) if recorded.position <= done.position])


def _sheet(history: Sequence[Recorded]) -> dict[str, Any]:
    sheet = booking_sheet(history)
    assert sheet, "what is asked for is in the log"
    return sheet


def _with_etag(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """Also where a twin has made the answer."""
    give_etag(call, answer["booking"]["version"])
    return answer
