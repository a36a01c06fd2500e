"""A server process is bound to its owner and to its log."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.embedded.child import LOG_LIMIT_BYTES, CannotStart, Child


def test_a_start_from_a_thread_is_refused_because_the_server_would_end_with_it(tmp_path):
    with ThreadPoolExecutor() as threads, pytest.raises(CannotStart, match="main thread"):
        threads.submit(Child, ["sleep", "60"], tmp_path / "log", signal.SIGTERM).result()


def test_a_server_that_ends_at_once_is_an_error_with_its_own_words_only(tmp_path):
    (tmp_path / "log").write_text("words of an earlier start\n")
    child = Child(["sh", "-c", "echo no disk; exit 3"], tmp_path / "log", signal.SIGTERM)
    with pytest.raises(CannotStart, match=r"ended with 3, .*/log says:\nno disk\n$"):
        child.await_ready(lambda: False, 20)


def test_a_server_that_is_not_ready_in_time_is_ended(tmp_path):
    child = Child(["sleep", "60"], tmp_path / "log", signal.SIGTERM)
    with pytest.raises(CannotStart, match="not ready in 0 s"):
        child.await_ready(lambda: False, 0.1)
    assert not child.running


def test_a_process_that_does_not_hear_is_ended_by_the_next_signal(tmp_path):
    child = Child(
        ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], tmp_path / "log", signal.SIGTERM
    )
    child.await_ready(lambda: "deaf" in (tmp_path / "log").read_text(), 20)
    child.end((signal.SIGTERM, 0.2), (signal.SIGKILL, 20))
    assert not child.running


def test_a_log_that_has_grown_big_is_put_aside(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT_BYTES)
    Child(["true"], log, signal.SIGTERM).end((signal.SIGKILL, 20))
    assert (log.stat().st_size, (tmp_path / "log.old").stat().st_size) == (0, LOG_LIMIT_BYTES)
