"""What staff do over HTTP, as entries of the audit log: who, what, from where, about whom."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID

from commands import Context
from commands.tracing import Trace
from domain import audit
from domain.audit import PersonalChangeRecorded, StaffActed, Whence
from eventlog.ids import new_id
from eventlog.streams import Appended

if TYPE_CHECKING:
    from api.call import Call

MOST_AGENT, MOST_SUBJECT, MOST_ASKED = 200, 200, 2_000
NAMING = frozenset({"search", "cursor"})
PERSONS_AND_BOOKINGS = {"bookings": "booking_id", "customers": "customer_id"}


def trace_of(call: "Call", change: PersonalChangeRecorded | None = None) -> Trace:
    """The entry that goes with what this call does, not yet with what it changes."""
    assert call.acts
    me, about = call.user.account, _about(call)
    whence = Whence(call.address, call.agent, plain(_asked(call)))
    acted = StaffActed(me.id, call.acts, call.scope["request_id"], me.id, personal=whence, **about)
    return Trace(new_id(), acted, change)


def note_read(call: "Call") -> None:
    """Before a read is answered: what cannot be written down is not shown."""
    note_act(call.context())


def note_act(ctx: Context) -> Appended:
    """For what changes no stream of the log: the entry is all that is appended, in the caller's transaction."""
    trace = ctx.trace
    assert trace, "only what staff do, by a route that says what it acts"
    return replace(ctx, trace=None).append([trace.ref], lambda entry: [audit.record(entry, trace.acted)])


def _asked(call: "Call") -> str:
    """The query, without what may name a customer: it is sealed for the member, and must go when the customer goes.

    Nothing where the route asks for nothing: what stands there then, nobody has checked.
    """
    if not getattr(call.scope.get("route"), "query", None):
        return ""
    asked = parse_qsl(call.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return "&".join(f"{name}={'*' if name in NAMING else value}" for name, value in asked)[:MOST_ASKED]


def _about(call: "Call") -> dict[str, Any]:
    """Whom the path names: `/bookings/{id}/`, `/customers/{id}/`; the rest of it is the `subject`."""
    about: dict[str, Any] = {}
    rest = []
    group, *words = call.scope["path"].removeprefix("/api/").strip("/").split("/")
    for before, word in zip(["", *words], words, strict=False):
        if named := PERSONS_AND_BOOKINGS.get(before):
            about |= {named: id} if (id := _uuid(word)) else {}
        else:
            rest.append(word)
    subject = "/".join(rest if group == "staff" else [group, *rest])
    return about | {"subject": plain(subject)[:MOST_SUBJECT]}


def _uuid(text: str) -> UUID | None:
    """Nothing for what is no id: the handler answers that there is no such thing, and it may be somebody's name."""
    try:
        return UUID(text)
    except ValueError:
        return None


def plain(text: str) -> str:
    """Postgres keeps no zero bytes in texts."""
    return text.replace("\0", "")
