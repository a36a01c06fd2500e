"""One program of a platform: its process, its lines on our output, and its next start when it has ended."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import IO, NamedTuple

import settings
from integrations.embedded.child import dying_with_owner, wait_until

FIRST_PAUSE_S, LONGEST_PAUSE_S, GOOD_LIFE_S = 0.2, 10.0, 20.0
NAME_WIDTH = 13
COMMAND = Path(settings.__file__).with_name("cli.py")


class Program(NamedTuple):
    """`arguments` follow `totetaxi`; at the end of it all the programs of a higher `stage` are stopped first."""

    name: str
    arguments: Sequence[str]
    stage: int


class Running:
    """Keeps a program running. Start it from the main thread: the kernel kills the process when that thread is gone."""

    def __init__(self, program: Program, env: Mapping[str, str]):
        self.program, self.failures = program, 0
        self._env, self._process, self._due, self._started = env, None, 0.0, 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def tend(self) -> None:
        """Starts it when it has not been started, or has ended and its pause is over."""
        now = time.monotonic()
        if self._process and self._process.poll() is not None:
            self._mourn(now)
        if self._process is None and now >= self._due:
            self._start(now)

    def send(self, signum: Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signum)

    def ended(self, seconds: float) -> bool:
        """Whether it has ended within the seconds; if not it is killed."""
        gone = wait_until(lambda: not self._process or self._process.poll() is not None, seconds)
        self.send(SIGKILL)
        return gone

    def _start(self, now: float) -> None:
        command = [sys.executable, COMMAND, *self.program.arguments]
        self._process = subprocess.Popen(
            command, env=dict(self._env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=dying_with_owner(SIGKILL))  # fmt: skip
        self._started = now
        threading.Thread(target=_pass_on, args=(self.program.name, self._process.stdout), daemon=True).start()

    def _mourn(self, now: float) -> None:
        lived = now - self._started
        self.failures = 1 if lived > GOOD_LIFE_S else self.failures + 1
        pause = min(FIRST_PAUSE_S * 2 ** (self.failures - 1), LONGEST_PAUSE_S)
        say(self.program.name, f"ended ({_how(self._process.returncode)}), starts again in {pause:.1f} s")
        self._process, self._due = None, now + pause


def stop(running: Sequence[Running], seconds: float = 15) -> None:
    """SIGTERM to the highest stage first; what has not ended in time is killed."""
    for stage in sorted({each.program.stage for each in running}, reverse=True):
        leaving = [each for each in running if each.program.stage == stage]
        for each in leaving:
            each.send(SIGTERM)
        for each in leaving:
            if not each.ended(seconds):
                say(each.program.name, f"did not stop in {seconds:.0f} s and was killed")


def say(name: str, text: str) -> None:
    with suppress(OSError):  # nobody may be reading any more: no reason to stop
        sys.stdout.write(f"{name:<{NAME_WIDTH}}| {text}\n")
        sys.stdout.flush()


def _pass_on(name: str, lines: IO[bytes]) -> None:
    with lines:
        for line in lines:
            say(name, line.decode(errors="replace").rstrip("\n"))


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else Signals(-code).name
