"""What staff do over HTTP, as entries of the audit log: who, what, from where, about whom."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from commands.tracing import Trace
from domain import audit
from domain.audit import PersonalChangeRecorded, StaffActed, Whence
from eventlog.ids import new_id

if TYPE_CHECKING:
    from api.call import Call

MOST_AGENT, MOST_SUBJECT = 200, 200
PERSONS_AND_BOOKINGS = {"bookings": "booking_id", "customers": "customer_id"}


def trace_of(call: "Call", change: PersonalChangeRecorded | None = None) -> Trace:
    """The entry that goes with what this call does, not yet with what it changes."""
    assert call.policy.acts
    me, about = call.user.account, _about(call)
    whence = Whence(call.address, call.headers.get("user-agent", "")[:MOST_AGENT], call.scope["query_string"].decode())
    acted = StaffActed(me.id, call.policy.acts, call.scope["request_id"], me.id, personal=whence, **about)
    return Trace(new_id(), acted, change)


def note_read(call: "Call") -> None:
    """Before a read is answered: what cannot be written down is not shown."""
    trace = trace_of(call)
    call.context().without_key().append([trace.ref], lambda entry: [audit.record(entry, trace.acted)])


def _about(call: "Call") -> dict[str, Any]:
    """Whom the path names: `/bookings/{id}/`, `/customers/{id}/`; what else it names is the `subject`, `a/b` for two."""
    about: dict[str, Any] = {}
    others = []
    path = call.scope["path"].split("/")
    for value in (call.scope.get("path_params") or {}).values():
        named = PERSONS_AND_BOOKINGS.get(path[path.index(value) - 1]) if value in path else None
        id = _uuid(value) if named else None
        if named and id:
            about[named] = id
        else:
            others.append(value)
    return about | {"subject": "/".join(others)[:MOST_SUBJECT]}


def _uuid(text: str) -> UUID | None:
    """Nothing for what is no id: the handler answers that there is no such thing."""
    try:
        return UUID(text)
    except ValueError:
        return None
