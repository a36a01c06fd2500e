"""What people do on the command line with work that waits: see what is due when, and help a job that was given up."""

from argparse import Namespace
from datetime import UTC, datetime

from commands.parked_jobs import retry_job
from domain import Refused
from domain.audit import Action
from eventlog.waiting import parked_jobs, timers
from settings import Settings
from workers.upkeep import acting, connected


def show_due(_: Namespace) -> None:
    with connected(Settings.from_env()) as db:
        found = timers(db)
    for one in found:
        print(f"{_told(one.due_at)} {one.kind} {one.booking_number or one.about}")
    if not found:
        print("no timer is set")


def show_parked(_: Namespace) -> None:
    with connected(Settings.from_env()) as db:
        found = parked_jobs(db)
    for one in found:
        booking = f" of {one.booking_number}" if one.booking_number else ""
        since = f" at {_told(one.since)}" if one.since else ""
        print(f"{one.id} {one.task} {one.about or '-'}{booking}: tried {one.attempts} times, given up{since}")
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


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
