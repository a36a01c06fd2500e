"""The runner of the reactions: reads the settled log itself, and stores position, jobs and timers in one transaction.

One leader, by an advisory lock on the connection that writes; another process stands by. A crash before the commit
repeats the events, one after it does not; nothing resets the position, a rebuild of read models least of all.
"""

from threading import Event

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException

from commands import letters
from eventlog.away import POSTGRES_AWAY
from eventlog.envelope import UnknownEvent, decode
from eventlog.feed import Log, log_at
from workers.jobs import connect, defer
from workers.reactions import HOLD, Effect, Job, NoTimer, Timer, react
from workers.stopping import on_stop
from workers.timers import drop_timer, set_timer, take_due

LOCK = 7_042_004
BATCH, POLL_S, STANDBY_S, PAUSE_S = 500, 0.05, 1.0, 0.5
TASKS = {HOLD: "expire_hold"} | {kind: kind for kind in letters.KINDS}  # of each kind of timer
log = structlog.get_logger()


class Runner:
    """`run` until `stop`. `position` is how far it has come."""

    def __init__(self, database_url: str):
        self._database_url = database_url
        self._jobs = connect(database_url)
        self._stopping = Event()
        self.position = 0

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Never gives up: Postgres away, or an event of a newer version, is waited for."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database_url, autocommit=True) as db, log_at(self._database_url) as source:
                    if self._leads(db):
                        self._go_on(db, source)
            except (*POSTGRES_AWAY, ConnectorException, UnknownEvent) as trouble:
                log.warning("reactions_wait", error=str(trouble))
                self._stopping.wait(PAUSE_S)

    def _leads(self, db: psycopg.Connection) -> bool:
        while not self._stopping.is_set():
            [got] = db.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() or (False,)
            if got:
                [self.position] = db.execute("select position from eventlog.reactions").fetchone() or (0,)
                return True
            self._stopping.wait(STANDBY_S)
        return False

    def _go_on(self, db: psycopg.Connection, source: Log) -> None:
        while not self._stopping.is_set():
            taken, swept = self._take(db, source), sweep(db, self._jobs)
            if not taken and not swept:
                self._stopping.wait(POLL_S)

    def _take(self, db: psycopg.Connection, source: Log) -> int:
        """The effects of what comes next and the position behind it, together."""
        rows = source.read(self.position, BATCH, 2**62)
        if not rows:
            return 0
        effects = [effect for row in rows for effect in react(decode(row))]
        with db.transaction():
            for effect in effects:
                carry(db, self._jobs, effect)
            db.execute("update eventlog.reactions set position = %s", (rows[-1].position,))
        self.position = rows[-1].position
        return len(rows)


def carry(db: psycopg.Connection, jobs: App, effect: Effect) -> None:
    match effect:
        case Job():
            defer(jobs, db, effect)
        case Timer():
            set_timer(db, effect)
        case NoTimer():
            drop_timer(db, effect)


def sweep(db: psycopg.Connection, jobs: App) -> int:
    """Turns timers that are due into jobs, each in the transaction that takes the timer away."""
    with db.transaction():
        due = take_due(db, TASKS)
        for kind, about in due:
            defer(jobs, db, Job(TASKS[kind], about, 0, kind not in letters.KINDS))
    return len(due)


def run(database_url: str) -> None:
    """The process: until SIGTERM or Ctrl-C."""
    runner = Runner(database_url)
    on_stop(runner.stop)
    runner.run()
