"""A staff account as admins see it: folded from its history, with the last login from the table of accounts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from psycopg import Connection
from psycopg.rows import dict_row

from commands.booking_sheet import rfc3339
from domain import staff_member
from domain.permissions import permissions
from domain.staff_member import StaffDetails, StaffMember, StaffMemberAdded, StaffPasswordChanged
from eventlog.envelope import Recorded

LISTED = """
    select id, last_login_at, last_login_ip from api.accounts
    where kind = 'staff' and (%(before)s::uuid is null or id < %(before)s) order by id desc limit %(limit)s"""
SEEN = "select last_login_at, last_login_ip from api.accounts where kind = 'staff' and id = %s"


def staff_sheet(history: Sequence[Recorded]) -> dict[str, Any] | None:
    """The account after these events of its stream; None when they are of nobody in the staff."""
    if not history or not isinstance(history[0].event, StaffMemberAdded):
        return None
    member: StaffMember | None = None
    for recorded in history:
        member = staff_member.evolve(member, recorded.event)
    assert member
    details, last = details_in(history), history[-1]
    password_at = [one.at for one in history if isinstance(one.event, StaffMemberAdded | StaffPasswordChanged)]
    personal = to_builtins(details) if details else dict.fromkeys(StaffDetails.__struct_fields__)
    return (
        {"id": str(last.originator_id), "role": member.role, "is_active": member.is_active}
        | personal
        | to_builtins(member.flags)
        | {"permissions": sorted(permissions(member.role, member.flags)), "second_factor": member.has_second_factor}
        | {"password_changed_at": rfc3339(password_at[-1]), "created_at": rfc3339(history[0].at)}
        | {"version": last.originator_version}
    )


def details_in(history: Sequence[Recorded]) -> StaffDetails | None:
    """What is personal in the profile, as it was corrected last; None for whom the house has forgotten."""
    told = [getattr(recorded.event, "personal", None) for recorded in history]
    details = [one for one in told if isinstance(one, StaffDetails)]
    return details[-1] if details else None


def last_login(db: Connection, id: UUID) -> dict[str, Any] | None:
    """None when there is no such account of staff."""
    row = db.cursor(row_factory=dict_row).execute(SEEN, (id,)).fetchone()
    return _seen(row) if row else None


def listed(db: Connection, before: UUID | None, limit: int) -> dict[UUID, dict[str, Any]]:
    """The last login of each account made before that one, newest account first."""
    rows = db.cursor(row_factory=dict_row).execute(LISTED, {"before": before, "limit": limit})
    return {row["id"]: _seen(row) for row in rows}


def _seen(row: dict[str, Any]) -> dict[str, Any]:
    at = row["last_login_at"]
    return {"last_login_at": rfc3339(at) if at else None, "last_login_ip": row["last_login_ip"]}
