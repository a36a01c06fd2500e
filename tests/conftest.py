"""One Postgres and one Kafka broker for the whole run, shared by all its workers; a database of its own for each test.

DATABASE_URL names another server if there is one; otherwise the embedded one is started, durable where a test needs it.
"""

import os
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eventlog import roles
from eventlog.feed import open_log
from eventlog.migrations import migrate
from eventlog.store import EventStore
from eventlog.vault import Vault
from integrations.embedded.kafka import KafkaBroker
from integrations.embedded.postgres import EmbeddedPostgres
from projections.models import create_all
from workers.job_schema import create_job_tables
from workers.migrating import APPLICATIONS

TEMPLATE = "totetaxi_template"
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4 * 2**30
APPLICATION = roles.Login("totetaxi_app", "totetaxi_app")


def pytest_configure(config):
    config.servers = Servers()


def pytest_configure_node(node):
    """xdist: the servers belong to the controller; its workers are told where they are."""
    servers = node.config.servers
    node.workerinput |= {"postgres": servers.postgres(), "kafka": servers.kafka()}


def pytest_unconfigure(config):
    config.servers.stop()


class Servers:
    def __init__(self):
        self._folder = None
        self._started = {}

    def postgres(self) -> str:
        if "postgres" not in self._started:
            server = (
                None
                if os.environ.get("DATABASE_URL")
                else EmbeddedPostgres(self._room() / "postgres", durable=False, max_connections=300)
            )
            dsn = server.start() if server else os.environ["DATABASE_URL"]
            self._started["postgres"] = (server, dsn)
            _make_template(dsn)
        return self._started["postgres"][1]

    def kafka(self) -> str:
        if "kafka" not in self._started:
            broker = KafkaBroker(self._room() / "kafka")
            broker.start()
            self._started["kafka"] = (broker, broker.bootstrap)
        return self._started["kafka"][1]

    def _room(self) -> Path:
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="totetaxi-tests-", dir=_memory()))
        return self._folder

    def stop(self):
        for server, _ in self._started.values():
            if server:
                server.stop()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _memory() -> Path | None:
    """Memory as a file system, if there is enough: a thousand files are copied for each test's database."""
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if is_there and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES else None


def _make_template(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute(f"drop database if exists {TEMPLATE}")
        db.execute(f"create database {TEMPLATE}")
    made = make_conninfo(dsn, dbname=TEMPLATE)
    list(migrate(made))
    with psycopg.connect(made, autocommit=True) as db:
        create_job_tables(db)
        create_all(db)


@pytest.fixture(scope="session")
def server(request) -> str:
    """Where the Postgres server is; connect to it to make databases."""
    told = getattr(request.config, "workerinput", None)
    return told["postgres"] if told else request.config.servers.postgres()


@pytest.fixture(scope="session")
def bootstrap(request) -> str:
    """Where the Kafka broker is."""
    told = getattr(request.config, "workerinput", None)
    return told["kafka"] if told else request.config.servers.kafka()


@pytest.fixture
def database(server):
    """A migrated database of the test's own, with a log of its own: a topic is named after its log."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
        with psycopg.connect(server, dbname=name) as made:
            made.execute("update eventlog.log set id = gen_random_uuid()")
        yield make_conninfo(server, dbname=name)
        db.execute(f"drop database {name} with (force)")


@pytest.fixture
def db(database):
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def app_database(database):
    """The same database for the application's role, which can add to the log and not change it."""
    with psycopg.connect(database, autocommit=True) as owner:
        roles.make(owner, APPLICATION)
        roles.settle(owner, APPLICATION.name, APPLICATIONS)
    return make_conninfo(database, user=APPLICATION.name, password=APPLICATION.password)


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault({"test": b"m" * 32}, b"identity")


@pytest.fixture
def store(database, vault):
    with EventStore(database, vault) as store:
        yield store


@pytest.fixture
def log(store):
    return open_log(store.recorder)
