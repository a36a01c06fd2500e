"""The audit log for staff: what was done, narrowed and by pages, and whether it is whole."""

from itertools import islice
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from psycopg import Connection
from psycopg.rows import tuple_row
from pydantic import AwareDatetime, Field

from api.call import Call
from api.consistency import consistent
from api.policies import staff_read
from api.route import Route
from api.validation import Body
from domain.audit import Action
from domain.permissions import Permission
from eventlog.chain_checking import Check
from eventlog.roles import is_append_only
from projections import audit
from projections.audit import Wish

MOST_FINDINGS = 100


class Asked(Body):
    """`cursor` is the `next_cursor` of the page before; `to` is excluded."""

    staff_id: UUID | None = None
    action_type: Action | None = None
    booking_id: UUID | None = None
    customer_id: UUID | None = None
    from_: Annotated[AwareDatetime | None, Field(alias="from")] = None
    to: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[int, Field(ge=1, lt=2**62)] | None = None


def entries(call: Call, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
    """What staff did, newest first; one's own acts for those who may not see everybody's."""
    me = call.user.account
    own = None if Permission.VIEW_AUDIT in me.permissions else me.id
    if own and asked.staff_id not in (None, own):
        return {"entries": [], "next_cursor": None}
    wish = Wish(**dict(asked) | {"staff_id": own or asked.staff_id})
    with consistent(call, audit) as db:
        found = audit.listed(db, wish)
        return found | {"entries": with_mails(db, found["entries"])}


def verify(call: Call) -> dict[str, Any]:
    """Makes the chain anew from the log, compares it with what was sealed and with the heads outside the database."""
    with call.parts.pool.connection() as db:
        check = Check(db, call.parts.settings.audit_heads)
        findings = check.findings()
        shown = [{"what": f.what, "n": f.n, "position": f.position, "message": f.words}
                 for f in islice(findings, MOST_FINDINGS)]  # fmt: skip
        more = sum(1 for _ in findings)
        counts = {"sealed": check.sealed, "not_sealed": check.not_sealed, "heads": check.heads}
        is_protected = is_append_only(db)
    return {
        "is_whole": not shown,
        **counts,
        "is_append_only": is_protected,
        "findings": shown,
        "more_findings": more,
    }


def with_mails(db: Connection, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each entry with the `staff_email` of whoever did it, None for those without an account."""
    ids = list({line["staff_id"] for line in lines if line["staff_id"]})
    query = "select id, mail from api.accounts where id = any(%s)"
    mails = dict(db.cursor(row_factory=tuple_row).execute(query, (ids,)).fetchall())
    return [line | {"staff_email": mails.get(line["staff_id"])} for line in lines]


ROUTES = [
    Route("GET /api/staff/audit/", entries, staff_read(Permission.VIEW_OWN_AUDIT, Action.VIEW_DASHBOARD)),
    Route("GET /api/staff/audit/verify/", verify, staff_read(Permission.VIEW_AUDIT)),
]
