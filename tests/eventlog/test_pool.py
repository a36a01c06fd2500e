"""Connections over a network: told all of the URL, and not waiting for ever for a machine that is gone."""

import os
import socket

import psycopg
import pytest

from api.key_locks import KeyLocks
from eventlog.feed import log_at
from eventlog.migrations import migrate
from eventlog.statements import Once
from eventlog.store import EventStore
from integrations.embedded.broker_folder import free_port
from integrations.embedded.postgres import EmbeddedPostgres

OPTIONS = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 10_000}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A server that is reached over TCP, its log made."""
    data = tmp_path_factory.mktemp("over-tcp") / "postgres"
    with EmbeddedPostgres(data, durable=False, port=free_port()) as server:
        list(migrate(server.dsn))
        yield f"{server.dsn}?application_name=told"


def options(db: psycopg.Connection) -> dict[int, int]:
    with socket.socket(fileno=os.dup(db.fileno())) as seen:
        assert seen.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        return {option: seen.getsockopt(socket.IPPROTO_TCP, option) for option in OPTIONS}


def names(url) -> set[str]:
    with psycopg.connect(url, application_name="looking") as db:
        return {name for (name,) in db.execute("select application_name from pg_stat_activity")}


def test_a_connection_of_the_store_is_kept_alive_and_told_all_of_the_url(url, vault):
    with EventStore(url, vault) as store, store.recorder.connection() as db:
        assert options(db) == OPTIONS
        assert "told" in names(url)


def test_so_are_those_of_whoever_reads_the_log(url):
    with log_at(url) as log, log.recorder.connection() as db, log.recorder._reader() as reader:
        assert options(db) == options(reader) == OPTIONS
        assert {"told", "totetaxi feed"} <= names(url)


def test_so_is_the_one_that_holds_idempotency_keys(url):
    locks = KeyLocks(url)
    try:
        assert locks.try_lock(Once("guest", "POST /", "key", b"", {}))
        assert options(locks._db) == OPTIONS
        assert "totetaxi idempotency keys" in names(url)
    finally:
        locks.close()
