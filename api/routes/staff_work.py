"""Work that waits, for staff: timers, jobs that are tried again, and jobs that were given up and can be put back."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict

from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.route import Route
from commands import Context
from commands.booking_sheet import rfc3339
from commands.parked_jobs import retry_job
from domain import Refused
from domain.audit import Action
from domain.permissions import Permission
from eventlog import waiting

MOST, DIGITS = 100, 18
SEE = staff_read(Permission.REPLAY)
ACT = staff_write(Permission.REPLAY, Action.REPLAY)


def work(call: Call) -> dict[str, Any]:
    """The timers that are due soonest, the jobs that are tried again soonest, those given up the longest ago."""
    with call.parts.pool.connection() as db:
        timers, again = waiting.timers(db, MOST), waiting.jobs_tried_again(db, MOST)
        parked = waiting.parked_jobs(db, MOST)
    return {
        "timers": [asdict(one) | {"due_at": _told(one.due_at)} for one in timers],
        "jobs_tried_again": [asdict(one) | {"next_try_at": _told(one.next_try_at)} for one in again],
        "parked_jobs": [asdict(one) | {"since": _told(one.since)} for one in parked],
    }


def retry(call: Call, id: str) -> dict[str, Any]:
    """Has a job that was given up tried again, as often as a new one; it decides on what is so when it runs."""
    if not id.isdecimal() or not id.isascii() or len(id) > DIGITS:
        raise Refused("not_found", "There is no such job that was given up.")

    def do(ctx: Context) -> Done:
        done = retry_job(int(id), ctx)
        return Done(done.events[0].key, done.position)

    return carry_out(call, Write(do, lambda done: {"id": int(id), "position": done.position}, in_append=True))


def _told(at: datetime | None) -> str | None:
    return rfc3339(at.astimezone(UTC)) if at else None


ROUTES = [
    Route("GET /api/staff/work/", work, SEE),
    Route("POST /api/staff/work/{id}/retry/", retry, ACT),
]
