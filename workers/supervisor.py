"""A whole platform on one machine: Postgres and its programs, started together, kept running, stopped in order."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from typing import NoReturn
from urllib.parse import urlsplit

from integrations.embedded.child import CannotStart
from integrations.embedded.postgres import EmbeddedPostgres
from workers.programs import Program, Running, say, stop

LOOK_S, PAUSE_S, HOPELESS = 0.1, 2, 6


class Supervisor:
    """Runs until SIGINT, SIGTERM or SIGHUP. `postgres` is None where the database is somebody else's."""

    def __init__(self, postgres: EmbeddedPostgres | None, programs: Sequence[Program], env: Mapping[str, str]):
        self.postgres, self.running = postgres, [Running(program, env) for program in programs]

    def run(self, base_url: str, meanwhile: Callable[[], Callable[[], None]]) -> None:
        """`meanwhile` is called while the programs start, what it returns once the platform says that it is ready.

        Raises CannotStart when a program ends again and again before that.
        """
        announce: Callable[[], None] | None = None
        try:
            self._tend()
            announce = meanwhile()
            while True:
                self._tend()
                if announce:
                    self._demand_hope()
                    if answers_ready(base_url):
                        announce()
                        announce = None
                time.sleep(LOOK_S)
        finally:
            undisturbed()
            say("totetaxi", "stopping")
            stop(self.running)

    def _demand_hope(self) -> None:
        if lost := [each.program.name for each in self.running if each.failures >= HOPELESS]:
            raise CannotStart(f"{', '.join(lost)} ended {HOPELESS} times; its lines above say why")

    def _tend(self) -> None:
        if self.postgres and not self.postgres.running:
            say("postgres", "ended, starts again")
            try:
                self.postgres.start()
            except CannotStart as error:
                say("postgres", f"{error}; tried again in {PAUSE_S} s")
                time.sleep(PAUSE_S)
        for each in self.running:
            each.tend()


def interruptible() -> None:
    """Every wish to end raises KeyboardInterrupt; Ctrl-C too where a shell in the background has switched it off."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _interrupt)


def undisturbed() -> None:
    """Stopping is bounded in time: a second Ctrl-C would only leave processes behind."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)


def answers_ready(base_url: str) -> bool:
    where = urlsplit(base_url)
    connection = HTTPConnection(where.hostname, where.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status == 200 and b"degraded" not in answer.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
