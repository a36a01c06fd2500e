"""What staff may ask of a job that was given up: that it is tried again."""

from dataclasses import replace
from typing import Any

from msgspec import structs

from commands import Context
from domain import Refused, audit
from eventlog import waiting
from eventlog.store import Appended

MOST = 2**63 - 1


def retry_job(id: int, ctx: Context) -> Appended:
    """Puts it back, with the entry of who did so in the audit log: both or neither.

    Refuses `not_found` for a job that was not given up, or is put back already.
    """
    trace = ctx.trace
    assert trace, "only what staff do, or a command of the house"
    with ctx.store.recorder.transaction() as db:
        found = waiting.put_back(db, id) if id <= MOST else None
        if found is None:
            raise Refused("not_found", "There is no such job that was given up.")
        job: dict[str, Any] = {"id": id, "task": found[0], "about": found[1]}
        acted = structs.replace(trace.acted, after={"job": job})
        return replace(ctx, trace=None).append([trace.ref], lambda entry: [audit.record(entry, acted)])
