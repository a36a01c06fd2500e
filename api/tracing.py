"""What staff do over HTTP, as entries of the audit log: who, what, from where, about whom."""

from typing import TYPE_CHECKING, Any

from commands.tracing import Trace
from domain import audit
from domain.audit import PersonalChangeRecorded, StaffActed, Whence
from eventlog.ids import new_id

if TYPE_CHECKING:
    from api.call import Call

MOST_AGENT = 200


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
    """Whom the path names: `/customers/{id}/`, `/bookings/{id}/`, or something else."""
    raise NotImplementedError
