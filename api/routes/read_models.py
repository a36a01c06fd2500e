"""How far the read models are, and the keys that are parked in them, for staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from psycopg import Connection

from api.call import Call
from api.errors import Problem
from api.policies import staff_read, staff_write
from api.route import Route
from domain.audit import Action
from domain.permissions import Permission
from projections.asking import reading
from projections.models import MODELS
from projections.parking import ask_for, parked_keys
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
    with _parked(call, id) as (db, key):
        if not ask_for(db, key, wanted):
            raise Problem("not_found", "This key is not parked.")
    return {"id": id, "wanted": wanted}


@contextmanager
def _parked(call: Call, id: str) -> Iterator[tuple[Connection, UUID]]:
    name, _, key = id.partition(":")
    try:
        model, parked = MODELS[name], UUID(key)
    except (KeyError, ValueError):
        raise Problem("not_found", "There is no such parked key.") from None
    with reading(call.parts.pool, model) as db:
        yield db, parked


ROUTES = [
    Route("GET /api/staff/projections/", projections, SEE),
    Route("GET /api/staff/parked-events/", parked_events, SEE),
    Route("POST /api/staff/parked-events/{id}/retry/", retry, ACT),
    Route("POST /api/staff/parked-events/{id}/skip/", skip, ACT),
]
