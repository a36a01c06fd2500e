"""`totetaxi run`: started, hurt, killed and stopped as a newcomer's machine would do it."""

import os
import signal
import socket
import stat
from pathlib import Path

import psycopg
import pytest

from eventlog.roles import is_append_only
from settings import RUNNING, read_env_file
from tests.waiting import until
from tests.workers.platform import Platform, alive

PROGRAMS = {"api", "stripe-sandbox", "projector", "reactions", "jobs"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One folder for the tests of this module: who comes later starts warm."""
    return tmp_path_factory.mktemp("platform") / "data"


def test_what_is_killed_is_started_again_and_ctrl_c_leaves_nothing_behind(data):
    with Platform(data) as platform:
        platform.ready()
        before = platform.programs()
        assert before.keys() == PROGRAMS
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: platform.programs().keys() == PROGRAMS and not before.items() & platform.programs().items())
        until(platform.answers)
        left = [*platform.programs().values(), platform.postmaster()]
        assert platform.stop() == 0
        assert "the data stay in" in platform.output
        assert not [pid for pid in left if alive(pid)]
        assert not (data / "platform.env").exists()
        assert stat.S_IMODE((data / "secrets.env").stat().st_mode) == 0o600


def test_postgres_killed_is_started_again_and_the_programs_find_it(data):
    with Platform(data) as platform:
        platform.ready()
        postmaster = platform.postmaster()
        os.kill(postmaster, signal.SIGKILL)
        until(lambda: not alive(postmaster) and platform.answers(), 30)
        assert platform.postmaster() != postmaster
        assert "postgres     | ended, starts again" in platform.output


def test_a_killed_platform_leaves_no_orphan_and_the_next_one_finds_its_data(data):
    with Platform(data) as platform:
        platform.ready()
        history = platform.asked("events", "tail", "--after", "0").stdout
        assert "MiniMoveOffered" in history
        orphans = platform.programs().values()
        platform.process.kill()
        until(lambda: not [pid for pid in orphans if alive(pid)], 5)
    with Platform(data, port=platform.port) as again:
        assert again.ready().asked("events", "tail", "--after", "0").stdout.startswith(history)


def test_other_shells_find_a_running_platform_and_a_second_one_is_refused_its_folder(data):
    with Platform(data) as platform:
        listed = platform.ready().asked("projections", "list").stdout
        assert all(model in listed for model in ("calendar", "dashboard", "history"))
        with Platform(data) as second:
            assert second.process.wait(30) == 2
            assert f"in use by process {platform.process.pid}" in second.output
        assert platform.answers()
        assert (data / "platform.env").exists()


def test_its_programs_cannot_change_the_log_and_are_not_told_who_could(data):
    with Platform(data) as platform:
        told = read_env_file(platform.ready().data / RUNNING)
        for pid in platform.programs().values():
            given = Path(f"/proc/{pid}/environ").read_text().split("\0")
            assert f"DATABASE_URL={told['DATABASE_URL']}" in given
            assert not [line for line in given if line.startswith("TOTETAXI_OWNER_URL")]
        with psycopg.connect(told["DATABASE_URL"]) as application, psycopg.connect(told["TOTETAXI_OWNER_URL"]) as owner:
            assert (is_append_only(application), is_append_only(owner)) == (True, False)
        assert platform.asked("migrate").stdout == ""


def test_with_kafka_a_killed_broker_comes_back(data):
    with Platform(data, "--kafka") as platform:
        platform.ready()
        assert platform.programs().keys() == PROGRAMS | {"kafka", "relay"}
        broker = platform.programs()["kafka"]
        os.kill(broker, signal.SIGKILL)
        until(lambda: platform.output.count("Kafka listens on") == 2, 60)
        assert platform.asked("verify").stdout == "all is well\n"
        assert platform.stop() == 0


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Platform(tmp_path / "data", port=port) as platform:
            assert platform.process.wait(30) == 2
            assert f"port {port} on 127.0.0.1 is taken by another program" in platform.output


@pytest.mark.parametrize("port", ["web", "70000", "-1"])
def test_a_port_that_is_none_is_told(tmp_path, port):
    with Platform(tmp_path / "data", f"--port={port}") as platform:
        assert platform.process.wait(30) == 2
        assert f"PORT={port}: a port from 0 to 65535" in platform.output


def test_secrets_are_not_made_anew_over_data(tmp_path):
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    with Platform(tmp_path / "data") as platform:
        assert platform.process.wait(30) == 2
        assert "secrets.env is missing" in platform.output
