"""What waits: timers, jobs that are tried again, and jobs that were given up, each with the booking it is about."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from domain import Value

# Of a booking's own stream, and of payments and refunds, the first event has the booking's id as its key.
BOOKING = """
    left join eventlog.stored_events first on first.originator_id = about and first.originator_version = 1
    left join eventlog.stored_events placed on placed.originator_version = 1 and placed.topic = 'BookingPlaced'
        and placed.originator_id = (convert_from(first.state, 'UTF8')::json ->> 'key')::uuid"""
NUMBER = "convert_from(placed.state, 'UTF8')::json -> 'event' ->> 'booking_number' as booking_number"
TIMERS = f"select kind, about, {NUMBER}, due_at from eventlog.timers {BOOKING} order by due_at, kind, about limit %s"
# One that is being tried at this moment has no next try yet.
TRIED_AGAIN = f"""
    select id, task, about, {NUMBER}, attempts, next_try_at from (
        select id, task_name as task, (args ->> 'about')::uuid as about, attempts,
            case status when 'todo' then scheduled_at end as next_try_at
        from public.procrastinate_jobs where status in ('todo', 'doing') and attempts > 0) jobs {BOOKING}
    order by next_try_at nulls first, id limit %s"""
GIVEN_UP = f"""
    select id, task, about, {NUMBER}, attempts, since from (
        select id, task_name as task, (args ->> 'about')::uuid as about, attempts,
            (select max(at) from public.procrastinate_events where job_id = jobs.id and type = 'failed') as since
        from public.procrastinate_jobs jobs where status = 'failed') jobs {BOOKING}
    order by since, id limit %s"""
# A periodic job comes again by itself, and only one of its kind may wait: its failed turn is done with.
PUT_BACK = """
    update public.procrastinate_jobs set attempts = 0, scheduled_at = null,
        status = (case when queueing_lock is null then 'todo' else 'cancelled' end)::procrastinate_job_status
    where id = %s and status = 'failed' returning task_name, args ->> 'about'"""


class DueTimer(Value):
    """`booking_number` where it is about a booking."""

    kind: str
    about: UUID
    booking_number: str | None
    due_at: datetime


class TriedAgain(Value):
    """A job that has failed `attempts` times; `next_try_at` is None while it is being tried."""

    id: int
    task: str
    about: UUID | None
    booking_number: str | None
    attempts: int
    next_try_at: datetime | None


class ParkedJob(Value):
    """A job that failed `attempts` times, the last time at `since`; `about` is None for one of the house's keeping."""

    id: int
    task: str
    about: UUID | None
    booking_number: str | None
    attempts: int
    since: datetime | None


def timers(db: Connection, most: int | None = None) -> list[DueTimer]:
    """The soonest first; all of them, or so many."""
    return db.cursor(row_factory=class_row(DueTimer)).execute(TIMERS, (most,)).fetchall()


def jobs_tried_again(db: Connection, most: int | None = None) -> list[TriedAgain]:
    """Those that are tried the soonest first; all of them, or so many."""
    return db.cursor(row_factory=class_row(TriedAgain)).execute(TRIED_AGAIN, (most,)).fetchall()


def parked_jobs(db: Connection, most: int | None = None) -> list[ParkedJob]:
    """Those that wait the longest first; all of them, or so many."""
    return db.cursor(row_factory=class_row(ParkedJob)).execute(GIVEN_UP, (most,)).fetchall()


def put_back(db: Connection, id: int) -> tuple[str, str | None] | None:
    """Has a job that was given up tried again, as often as a new one; its task and what it is about.

    None when it was not given up, or somebody else has put it back.
    """
    row = db.cursor(row_factory=tuple_row).execute(PUT_BACK, (id,)).fetchone()
    return (row[0], row[1]) if row else None
