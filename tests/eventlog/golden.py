"""The golden stored bodies, which must decode for ever. `python -m tests.eventlog.golden` writes the missing ones.

A body that is there is never written again: it stands for what lies in somebody's log. After its event has got a new
field (with a default), add a second one, `Name-what_is_new`.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from eventlog import envelope
from eventlog.envelope import ENCODER, Origin, Recorded, Stored, encode, personal_taken_out
from eventlog.vault import PersonKey, seal
from tests.eventlog.golden_events import EVENTS

FOLDER = Path(__file__).with_name("golden")
KEY = PersonKey(uuid5(NAMESPACE_OID, "golden/key"), b"golden key that is not secret :-")
STREAM, CAUSE = uuid5(NAMESPACE_OID, "golden/stream"), uuid5(NAMESPACE_OID, "golden/cause")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ORIGIN = Origin("staff:ada", uuid5(NAMESPACE_OID, "golden/command"), "request-1", CAUSE, TRACE)


def recorded(name: str, event: Any) -> Recorded:
    """The event in the envelope that all golden bodies have; its personal part is in it."""
    id = uuid5(NAMESPACE_OID, f"golden/{name}")
    return Recorded(STREAM, 3, event, id, CAUSE, datetime(2027, 1, 4, 17, 0, 0, 250_000, tzinfo=UTC), ORIGIN, 7)


def body(name: str, event: Any) -> bytes:
    whole = recorded(name, event)
    if (personal := getattr(event, "personal", None)) is None:
        return encode(whole)
    return encode(personal_taken_out(whole, seal(KEY, whole.id, ENCODER.encode(personal))))


def stored(name: str) -> Stored:
    """The golden body as it would come from the log."""
    return Stored(7, STREAM, 3, name.partition("-")[0], (FOLDER / f"{name}.json").read_bytes())


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def write_missing() -> list[str]:
    """The names of those written."""
    missing = sorted(set(EVENTS) - set(names()))
    for name in missing:
        (FOLDER / f"{name}.json").write_bytes(body(name, EVENTS[name]))
    return missing


if __name__ == "__main__":
    print("\n".join(write_missing()) or "none is missing")
    if unknown := sorted(set(envelope.EVENTS) - set(EVENTS)):
        raise SystemExit(f"without an example in tests/eventlog/golden_events.py: {', '.join(unknown)}")
