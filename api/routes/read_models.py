"""How far the read models are, and the keys that are parked in them, for staff."""

from typing import Any
from uuid import UUID

from msgspec import to_builtins

from api.call import Call
from api.errors import Problem
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.route import Route
from api.tracing import note_act
from commands import Context
from domain.audit import Action
from domain.permissions import Permission
from projections.asking import reading
from projections.models import MODELS
from projections.parking import ask_for, parked_keys
from projections.schemas import enter
from projections.state import state

SEE = staff_read(Permission.REPLAY)
ACT = staff_write(Permission.REPLAY, Action.REPLAY)


def projections(call: Call) -> dict[str, Any]:
    """Position, lag and state of each read model."""
    with call.parts.pool.connection() as db:
        return {"projections": [to_builtins(model) | {"is_stopped": model.standing.is_stopped} for model in state(db)]}


def parked_events(call: Call) -> dict[str, Any]:
    """The keys whose events wait, with the error of the first; the id names read model and key."""
    found: list[dict[str, Any]] = []
    for name, model in MODELS.items():
        with reading(call.parts.pool, model) as db:
            found += [{"id": f"{name}:{one.key}", "projection": name} | to_builtins(one) for one in parked_keys(db)]
    return {"parked_events": found}


def retry(call: Call, id: str) -> dict[str, Any]:
    """Has the parked events of the key projected again, by the projector that holds its partition."""
    return _ask(call, id, "retry")


def skip(call: Call, id: str) -> dict[str, Any]:
    """Leaves the parked events of the key out of the read model."""
    return _ask(call, id, "skip")


def _ask(call: Call, id: str, wanted: str) -> dict[str, Any]:
    name, key = _named(id)

    def do(ctx: Context) -> Done:
        """The wish and its entry in the audit log: both or neither."""
        with ctx.store.recorder.transaction() as db:
            enter(db, name)
            if not ask_for(db, key, wanted):
                raise Problem("not_found", "This key is not parked.")
            done = note_act(ctx)
        return Done(done.events[0].key, done.position)

    return carry_out(
        call, Write(do, lambda done: {"id": id, "wanted": wanted, "position": done.position}, in_append=True)
    )


def _named(id: str) -> tuple[str, UUID]:
    name, _, key = id.partition(":")
    try:
        if name in MODELS:
            return name, UUID(key)
    except ValueError:
        pass
    raise Problem("not_found", "There is no such parked key.")


ROUTES = [
    Route("GET /api/staff/projections/", projections, SEE),
    Route("GET /api/staff/parked-events/", parked_events, SEE),
    Route("POST /api/staff/parked-events/{id}/retry/", retry, ACT),
    Route("POST /api/staff/parked-events/{id}/skip/", skip, ACT),
]
