"""A server process that ends with the process that started it, and the search for one that an earlier owner left."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_LIMIT_BYTES = 20_000_000
# Loaded here, because a forked child can't safely load a library.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

Step = tuple[signal.Signals, float]


class CannotStart(RuntimeError):
    """A server of our own can't start; the message says why and what to do."""


class Child:
    """A running server process with its log.

    On Linux the kernel sends it `farewell` when its owner dies, even by kill -9 (prctl(2), PR_SET_PDEATHSIG). It does
    so when the *thread* that forked ends, so a child is started from the main thread only. Ctrl-C does not reach it.
    """

    def __init__(self, command: Sequence[str | Path], log: Path, farewell: signal.Signals):
        if threading.current_thread() is not threading.main_thread():
            raise CannotStart("start it from the main thread: the server would end together with this thread")
        self._log, self._log_start = log, _make_room(log)
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=dying_with_owner(farewell))  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, signum: signal.Signals) -> None:
        self._process.send_signal(signum)

    def end(self, *ladder: Step) -> None:
        """Sends each signal in turn until the process has ended, waiting for the seconds beside the signal."""
        for signum, seconds in ladder:
            self.send(signum)
            if wait_until(lambda: not self.running, seconds):
                return

    def await_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        """Raises CannotStart with what the log says when the process ends instead, or is not ready in time."""
        wait_until(lambda: not self.running or ready(), seconds)
        if not self.running:
            raise CannotStart(
                f"the server ended with {self._process.returncode}, {self._log} says:\n{self._log_tail()}"
            )
        if not ready():
            self.end((signal.SIGKILL, 10))
            raise CannotStart(f"the server was not ready in {seconds:.0f} s, {self._log} says:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read()[-3000:].decode(errors="replace")


def dying_with_owner(farewell: signal.Signals) -> Callable[[], None]:
    """For Popen's preexec_fn, see Child."""
    owner = os.getpid()

    def bind() -> None:
        if LIBC:
            LIBC.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(farewell))
        if os.getppid() != owner:  # it died before the kernel knew what to send
            os._exit(1)

    return bind


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within the seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def processes(matches: Callable[[Path], bool]) -> list[int]:
    """Pids of living processes whose /proc folder matches; without zombies and those of other users. Linux only."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _quietly(matches, entry)]


def stopped(pid: int) -> bool:
    """Whether every thread of a process has obeyed SIGSTOP, which each does when it next runs (proc(5)). Linux only."""
    tasks = Path(f"/proc/{pid}/task")
    return bool(_quietly(lambda: all(_state(task) in "TZ" for task in tasks.iterdir())))


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


def send_to(pids: Sequence[int], signum: signal.Signals) -> None:
    for pid in pids:
        _quietly(os.kill, pid, signum)


def _quietly(act: Callable[..., bool | None], *args: object) -> bool | None:
    try:
        return act(*args)
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # it ended while being looked at, or isn't ours
        return None


def _make_room(log: Path) -> int:
    """The log's size, after a big one is put aside."""
    size = log.stat().st_size if log.exists() else 0
    if size < LOG_LIMIT_BYTES:
        return size
    log.replace(log.with_name(log.name + ".old"))
    return 0
