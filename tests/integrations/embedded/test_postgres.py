"""The embedded Postgres keeps what it was given, whoever is killed."""

import os
import shutil
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from integrations.embedded.binaries import disguise, give
from integrations.embedded.broker_folder import free_port
from integrations.embedded.child import CannotStart, wait_until
from integrations.embedded.cluster import postmaster_lines, servers_on, socket_folder
from integrations.embedded.postgres import EmbeddedPostgres, find_binaries
from tests.integrations.embedded.owner import owner_of

SERVER = "integrations.embedded.postgres:EmbeddedPostgres"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with one row in the table `kept`, its server stopped."""
    data = tmp_path_factory.mktemp("made") / "pg"
    with EmbeddedPostgres(data) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("create table kept as select 1 as row")
    return data


@pytest.fixture
def data(made, tmp_path):
    copy = shutil.copytree(made, tmp_path / "pg")
    give(copy, disguise())
    return copy


def rows(server):
    with psycopg.connect(server.dsn) as connection:
        return connection.execute("select count(*) from kept").fetchone()[0]


def states(server, backend):
    with psycopg.connect(server.dsn) as connection:
        return [
            state for (state,) in connection.execute("select state from pg_stat_activity where pid = %s", [backend])
        ]


def shown(server, setting):
    with psycopg.connect(server.dsn) as connection:
        return connection.execute(f"show {setting}").fetchone()[0]


def test_a_second_start_finds_all_data_at_the_same_address(data):
    server = EmbeddedPostgres(data)
    first = server.start()
    server.stop()
    assert not servers_on(data)
    with server:
        assert (server.dsn, rows(server)) == (first, 1)


def test_a_killed_server_comes_back_with_what_was_committed(data):
    with EmbeddedPostgres(data) as server:
        with psycopg.connect(server.dsn) as busy:
            busy.execute("insert into kept values (2)")
            busy.commit()
            server.kill()
            assert not server.running
            server.start()
        assert rows(server) == 2


def test_a_killed_server_whose_backend_is_still_busy_is_waited_for(data):
    with EmbeddedPostgres(data) as server:
        with closing(psycopg.connect(server.dsn)) as busy:
            busy.pgconn.send_query(b"select count(*) from generate_series(1, 6000000)")
            assert wait_until(lambda: "active" in states(server, busy.info.backend_pid), 10)
            server.kill()
            assert Path(f"/proc/{busy.info.backend_pid}").exists()
            server.start()
        assert rows(server) == 1


def test_a_server_killed_by_somebody_else_is_started_again(data):
    with EmbeddedPostgres(data) as server:
        os.kill(server.pid, signal.SIGKILL)
        assert wait_until(lambda: not server.running, 10)
        server.start()
        assert rows(server) == 1


def test_a_killed_owner_leaves_no_server(data):
    with owner_of(SERVER, data) as owner:
        pid = int(owner.stdout.readline())
        assert pid in servers_on(data)
        owner.kill()
        assert wait_until(lambda: not servers_on(data), 20)


def test_the_next_start_waits_for_the_server_of_a_killed_owner(data):
    with owner_of(SERVER, data) as owner:
        pid = int(owner.stdout.readline())
        owner.kill()
        owner.wait()
        with EmbeddedPostgres(data) as server:
            assert pid not in servers_on(data)
            assert rows(server) == 1


def test_a_server_that_nobody_owns_is_stopped_and_replaced(data):
    orphan = subprocess.Popen(
        [*disguise(), find_binaries(None) / "postgres", "-D", data, "-c", "listen_addresses=", "-k", data]
    )
    try:
        assert wait_until(lambda: len(postmaster_lines(data)) > 7, 20)
        with EmbeddedPostgres(data) as server:
            assert orphan.wait(10) == 0
            assert rows(server) == 1
    finally:
        orphan.kill()
        orphan.wait()


def test_a_stale_pid_that_is_a_stranger_by_now_does_not_stop_the_start(data):
    stranger = subprocess.Popen(["sleep", "60"])
    (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
    try:
        with EmbeddedPostgres(data) as server:
            assert rows(server) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_server_on_a_folder_in_use_is_refused(data):
    with EmbeddedPostgres(data) as server:
        with pytest.raises(CannotStart, match=rf"{data} is in use by process {os.getpid()}"):
            EmbeddedPostgres(data).start()
        assert rows(server) == 1


def test_a_folder_of_another_version_is_refused_and_left_as_it_was(data):
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="was made by Postgres 9"):
        EmbeddedPostgres(data).start()
    assert (data / "PG_VERSION").read_text() == "9\n"


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "letter").write_text("precious")
    with pytest.raises(CannotStart, match="no Postgres data"):
        EmbeddedPostgres(tmp_path / "pg").start()
    assert (tmp_path / "pg" / "letter").read_text() == "precious"


def test_a_kill_while_the_folder_is_made_leaves_nothing_in_the_way(tmp_path):
    data = tmp_path / "pg"
    with owner_of(SERVER, data) as owner:
        assert wait_until(lambda: any(tmp_path.glob("pg.making-*/base")), 20)
        owner.kill()
        owner.wait()
    assert not data.exists()
    with EmbeddedPostgres(data) as server:
        assert shown(server, "server_encoding") == "UTF8"
    assert not list(tmp_path.glob("pg.making-*"))


def test_a_long_path_is_no_hindrance(data):
    long = data.parent / ("a" * 120) / "pg"
    shutil.copytree(data, long)
    with EmbeddedPostgres(long) as server:
        assert rows(server) == 1
        server.kill()
        server.start()
        assert rows(server) == 1
    assert not socket_folder(long).exists()


def test_a_port_opens_this_machine_only(data):
    port = free_port()
    with EmbeddedPostgres(data, port=port) as server:
        assert f"127.0.0.1:{port}" in server.dsn
        assert (rows(server), shown(server, "listen_addresses")) == (1, "127.0.0.1")


def test_a_durable_server_flushes_and_only_a_forgetful_one_does_not(data):
    with EmbeddedPostgres(data, max_connections=33) as server:
        shows = [shown(server, name) for name in ("fsync", "synchronous_commit", "max_connections")]
        assert shows == ["on", "on", "33"]
    with EmbeddedPostgres(data, durable=False) as server:
        shows = [shown(server, name) for name in ("fsync", "synchronous_commit", "timezone")]
        assert shows == ["off", "off", "UTC"]


def user_of_postgres():
    return subprocess.check_output([*disguise(), shutil.which("id"), "-u"], text=True).strip()


def test_the_server_log_says_which_rule_was_broken_and_not_by_whom(data):
    with EmbeddedPostgres(data) as server, psycopg.connect(server.dsn, autocommit=True) as db:
        db.execute("create table mails (mail text unique)")
        db.execute("insert into mails values ('ada@example.com')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            db.execute("insert into mails values (%s)", ("ada@example.com",))
        logged = server.log.read_text()
        assert "mails_mail_key" in logged
        assert "DETAIL" not in logged


def test_postgres_never_runs_as_root_even_where_unshare_is_missing(tmp_path, monkeypatch):
    assert user_of_postgres() != "0"
    for program in ("setpriv", "true", "id"):
        (tmp_path / program).symlink_to(shutil.which(program))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert user_of_postgres() != "0"


def test_data_goes_with_root_from_a_machine_with_unshare_to_one_without(data, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for program in ("setpriv", "true"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program))
    with monkeypatch.context() as elsewhere, EmbeddedPostgres(data) as server:
        assert rows(server) == 1
        server.stop()
        elsewhere.setenv("PATH", str(tmp_path / "bin"))
        server.start()
        assert rows(server) == 1
    with EmbeddedPostgres(data) as server:
        assert rows(server) == 1


def test_a_setting_without_binaries_is_refused(tmp_path):
    with pytest.raises(CannotStart, match="TOTETAXI_PG_BIN"):
        find_binaries(str(tmp_path))
