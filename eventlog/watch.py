"""How far everything that reads the log is, what is overdue, and who holds the readers up."""

from collections.abc import Mapping

from psycopg import Connection
from psycopg.rows import class_row

from domain import Value
from eventlog.recorder import SettledRecorder

HELD_UP_S = 5.0
WORK = """
    select coalesce((select max(notification_id) from eventlog.stored_events), 0) as head,
           (select position from eventlog.reactions) as reactions,
           (select min(position) from eventlog.relay) as relay,
           (select count(*) from eventlog.timers where due_at < now() - interval '5 seconds') as overdue_timers,
           coalesce((select json_object_agg(status, jobs) from (
               select status, count(*) as jobs from public.procrastinate_jobs
               where status in ('todo', 'doing', 'failed') group by status) by_status), '{}') as jobs"""


class Work(Value):
    """Positions against the log's head; timers that should be jobs by now; jobs that wait, run, or were given up."""

    head: int
    reactions: int
    relay: int
    overdue_timers: int
    jobs: Mapping[str, int]


class Blocker(Value):
    """A transaction that has written to the log and not ended: readers wait for it. `seconds` since it began."""

    pid: int
    application_name: str
    state: str
    seconds: float


def work(db: Connection) -> Work:
    [found] = db.cursor(row_factory=class_row(Work)).execute(WORK).fetchall()
    return found


def blockers(recorder: SettledRecorder) -> list[Blocker]:
    """Those that have held the readers up for longer than any append takes."""
    rows = [row for row in recorder.blockers() if (row["seconds"] or 0) > HELD_UP_S]
    return [Blocker(row["pid"], row["application_name"], row["state"] or "", row["seconds"]) for row in rows]
