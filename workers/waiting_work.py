"""What people do on the command line with work that waits: see what is due when, and help a job that was given up."""

from argparse import Namespace
from datetime import UTC, datetime

from commands.parked_jobs import retry_job
from domain import Refused
from domain.audit import Action
from eventlog.waiting import ParkedJob, TriedAgain, jobs_tried_again, parked_jobs, timers
from settings import Settings
from workers.upkeep import acting, connected


def show_due(_: Namespace) -> None:
    with connected(Settings.from_env()) as db:
        set_timers, again = timers(db), jobs_tried_again(db)
    for timer in set_timers:
        print(f"{_told(timer.due_at)} {timer.kind} {timer.booking_number or timer.about}")
    if not set_timers:
        print("no timer is set")
    for job in again:
        when = f"again at {_told(job.next_try_at)}" if job.next_try_at else "being tried now"
        print(f"{_named(job)}: tried {job.attempts} times, {when}")


def show_parked(_: Namespace) -> None:
    with connected(Settings.from_env()) as db:
        found = parked_jobs(db)
    for one in found:
        since = f" at {_told(one.since)}" if one.since else ""
        print(f"{_named(one)}: tried {one.attempts} times, given up{since}")
    if not found:
        print("no job is given up")


def retry(asked: Namespace) -> int:
    """Exits with 1 when there is no such job."""
    with acting(Settings.from_env(), "work retry", Action.REPLAY) as ctx:
        try:
            retry_job(asked.id, ctx)
        except Refused as refusal:
            print(refusal)
            return 1
    print(f"job {asked.id} waits again; `totetaxi jobs` does it")
    return 0


def _named(job: TriedAgain | ParkedJob) -> str:
    booking = f" of {job.booking_number}" if job.booking_number else ""
    return f"{job.id} {job.task} {job.about or '-'}{booking}"


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
