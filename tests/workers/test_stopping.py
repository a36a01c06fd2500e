"""A process stops at SIGTERM whatever its main thread is doing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The signal comes while the main thread has the event's lock, as it has for a moment in each `wait`.
PROGRAM = """
import os, signal
from threading import Event
from workers.stopping import on_stop
stopping = Event()
{handler}
with stopping._cond:
    os.kill(os.getpid(), signal.SIGTERM)
stopping.wait()
"""


def run(handler, seconds):
    return subprocess.run([sys.executable, "-c", PROGRAM.format(handler=handler)], cwd=ROOT, timeout=seconds).returncode


def test_a_signal_that_comes_in_the_middle_of_a_wait_ends_it():
    assert run("on_stop(stopping.set)", 30) == 0


def test_a_handler_that_sets_the_event_itself_waits_for_ever():
    with pytest.raises(subprocess.TimeoutExpired):
        run("signal.signal(signal.SIGTERM, lambda *_: stopping.set())", 3)
