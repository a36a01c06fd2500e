"""For the machines that watch over us: alive, ready, measured."""

import socket
import struct
from typing import Any

from msgspec import to_builtins
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from api.call import Call
from api.errors import unavailable
from api.metrics import exposition, tell_books, tell_work
from api.policies import ALIVE, SYSTEM
from api.route import Route
from eventlog.away import POSTGRES_AWAY
from eventlog.migrations import is_current
from eventlog.watch import blockers, work
from projections import books, payments
from projections.asking import reading
from projections.state import ModelState, state

ANSWER_S = 1.0
# ApiVersions, version 0, without a client's name, as Kafka's protocol guide has it: the first thing a broker answers.
HELLO = struct.pack(">ihhih", 10, 18, 0, 1, -1)
LATE_S = 60.0


def healthz(call: Call) -> dict[str, Any]:
    """The process answers."""
    return {"status": "ok"}


def readyz(call: Call) -> dict[str, Any]:
    """200 `ready`, or `degraded` while Kafka is away, read models lag or somebody holds the feed up: bookings go on.

    503 without Postgres.
    """
    with call.parts.pool.connection() as db:
        if not is_current(db):
            raise unavailable("The database has not been migrated to this version.")
        models = state(db)
    kafka = _kafka(call.parts.settings.kafka_bootstrap)
    held_up_by = blockers(call.parts.store.recorder)
    late = any(model.standing.lag_s > LATE_S or model.standing.is_stopped for model in models)
    return {
        "status": "degraded" if kafka == "away" or late or held_up_by else "ready",
        "postgres": "ok",
        "kafka": kafka,
        "feed_held_up_by": to_builtins(held_up_by),
        "read_models": {model.name: _lag(model) for model in models},
    }


def metrics(call: Call) -> Response:
    """For Prometheus."""
    try:
        with call.parts.pool.connection() as db:
            models = state(db)
            tell_work(work(db), len(blockers(call.parts.store.recorder)), bool(call.parts.settings.kafka_bootstrap))
        with reading(call.parts.pool, payments) as db:
            tell_books(books.last(db))
    except POSTGRES_AWAY:
        models = None
    return Response(exposition(models), 200, None, CONTENT_TYPE_LATEST)


def _lag(model: ModelState) -> dict[str, Any]:
    now = model.standing
    return {"lag_events": now.lag_events, "lag_s": now.lag_s, "parked": now.parked, "is_stopped": now.is_stopped}


def _kafka(bootstrap: str) -> str:
    """Whether any broker answers: one that hangs still takes connections. The log does not depend on it."""
    if not bootstrap:
        return "not used"
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            with socket.create_connection((host, int(port)), ANSWER_S) as broker:
                broker.sendall(HELLO)
                if broker.recv(4):
                    return "ok"
        except (OSError, ValueError):
            continue
    return "away"


ROUTES = [
    Route("GET /healthz", healthz, ALIVE),
    Route("GET /readyz", readyz, SYSTEM),
    Route("GET /metrics", metrics, SYSTEM),
]
