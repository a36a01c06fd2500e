"""The reactions' runner and the jobs' worker as processes that can be killed: `NAME DATABASE STRIPE_URL INBOX`."""

import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import psycopg

from commands import Context
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import EventStore
from eventlog.vault import Vault
from integrations.inbox import Inbox
from integrations.mail import Letter
from integrations.stripe import Stripe, connect
from tests.integrations.stripe_account import KEY, SECRET
from workers import jobs, reacting
from workers.logs import start_logging

ROOT = Path(__file__).parents[2]
SITE = "https://totetaxi.example"
QUOTES = b"a secret of the tests"
WAITING = """select count(*) from procrastinate_jobs where status in ('todo', 'doing')
             and task_name not in ('find_stalled', 'clear_away', 'reconcile')"""


def context(store: EventStore, stripe: Stripe, actor: str, now: datetime | None = None) -> Context:
    return Context(store, stripe, Origin(actor, new_id()), now or datetime.now(UTC), QUOTES)


class Silent:
    """A mailer that delivers the letter and never says so."""

    def __init__(self, inbox: Inbox):
        self._inbox = inbox

    def send(self, letter: Letter) -> str:
        self._inbox.send(letter)
        Event().wait()
        return ""


class Acting:
    """One such process, until the end of the block; what it says goes to `log`, if that is given."""

    def __init__(self, name: str, database: str, stripe_url: str = "http://127.0.0.1:9", **more: Path):
        command = [sys.executable, "-m", "tests.workers.acting", name, database, stripe_url, str(more.get("inbox", ""))]
        with more["log"].open("a") if "log" in more else nullcontext() as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def __enter__(self) -> "Acting":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def is_idle(db: psycopg.Connection) -> bool:
    """The reactions have seen everything, no timer is due, and no job is waiting or at work."""
    [last] = db.execute("select coalesce(max(notification_id), 0) from eventlog.stored_events").fetchone()
    [position] = db.execute("select position from eventlog.reactions").fetchone()
    [due] = db.execute("select count(*) from eventlog.timers where due_at <= now()").fetchone()
    [waiting] = db.execute(WAITING).fetchone()
    return position == last and not due and not waiting


def main(name: str, database: str, stripe_url: str, folder: str) -> None:
    """`silent jobs` are jobs with a mailer that is silent."""
    start_logging("DEBUG", "json")
    if name == "reactions":
        reacting.run(database)
        return
    stripe, inbox = connect(KEY, stripe_url, SECRET), Inbox(Path(folder))
    mail = Silent(inbox) if name == "silent jobs" else inbox
    with EventStore(database, Vault({"test": b"m" * 32}, b"identity")) as store:
        jobs.run(
            jobs.connect(database), lambda task: replace(context(store, stripe, f"job {task}"), mail=mail, site=SITE)
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
