"""X-Consistency-Position: a read that follows a write waits until the read models have what was written."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from psycopg import Connection

from api.call import Call
from api.errors import Later, Problem, unavailable
from projections.asking import BeyondTheEnd, ReadModelBehind, await_position, reading

HEADER = "x-consistency-position"
MAX_POSITION = 2**63 - 1
PATIENCE_S, AT_ONCE_S = 5.0, 0.05


@contextmanager
def consistent(call: Call, *models: ModuleType) -> Iterator[Connection]:
    """A connection to the read models, no older than the client asks for.

    To be asked for before anything else is done. Raises Later, which after 5 s is `read_model_behind`, and Problem:
    `invalid_value` (400) for what no position of this log can be.
    """
    told = call.headers.get(HEADER)
    if told is not None:
        _wait(call, models, _position(told))
    with reading(call.parts.pool, *models) as db:
        yield db


def _wait(call: Call, models: tuple[ModuleType, ...], position: int) -> None:
    try:
        await_position(call.parts.pool, models, position, AT_ONCE_S)
    except BeyondTheEnd:
        raise _no_position() from None
    except ReadModelBehind:
        behind = unavailable("What you wrote is not in the read model yet.", "read_model_behind")
        raise Later(behind, PATIENCE_S) from None


def _position(told: str) -> int:
    if not (told.isascii() and told.isdecimal()) or len(told) > 19 or int(told) > MAX_POSITION:
        raise _no_position()
    return int(told)


def _no_position() -> Problem:
    return Problem("invalid_value", "X-Consistency-Position is no position of this log.", status=400)
