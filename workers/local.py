"""`totetaxi run`: everything on this machine, from nothing but a data folder."""

import os
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import psycopg

from integrations.embedded.broker_folder import choose_port, is_free
from integrations.embedded.child import CannotStart, wait_until
from integrations.embedded.postgres import EmbeddedPostgres
from settings import BadSettings, Settings, tcp_port
from workers.data_folder import kept_port, secrets_of, tell_nothing, tell_where
from workers.programs import Program, say
from workers.supervisor import Supervisor, interruptible, undisturbed

DATABASE = ROLE = "totetaxi"
OWNER = "TOTETAXI_OWNER_URL"
STAFF = "staff@example.com"
BEGAN = time.monotonic()


class Wish(NamedTuple):
    """What was asked for: the folder that keeps everything, the API's port, whether Kafka lies in between."""

    data: Path
    port: int
    kafka: bool


class Database(NamedTuple):
    """How the application connects, and how the owner of the log does; empty: as the application."""

    url: str
    owner_url: str


class Login(NamedTuple):
    mail: str
    password: str


def run(asked: Namespace) -> None:
    """`totetaxi run`: until it is stopped. Raises BadSettings, CannotStart."""
    try:
        wish = Wish(Path(asked.data).resolve(), tcp_port(asked.port), asked.kafka)
    except ValueError as error:
        raise BadSettings(f"PORT={asked.port}: {error}") from error
    interruptible()
    _demand_port(wish.port)
    given = os.environ.get("DATABASE_URL")
    postgres = None if given else EmbeddedPostgres(wish.data / "postgres", max_connections=200)
    env = environment(wish, _own(postgres) if postgres else Database(given, os.environ.get(OWNER, "")))
    try:
        with _imported_meanwhile("workers.upkeep"), _started(postgres), _told(wish.data, env):
            # The programs are not told how the owner connects.
            told = {name: text for name, text in env.items() if name != OWNER}
            _run(wish, Supervisor(postgres, programs(wish, Settings.from_env(env)), told), env)
    except KeyboardInterrupt:
        say("totetaxi", f"stopped; the data stay in {wish.data}")


def _run(wish: Wish, supervisor: Supervisor, env: Mapping[str, str]) -> None:
    from workers.upkeep import migrated, seeded, staff_of_this_run

    settings = Settings.from_env(env)
    migrated(settings)

    def meanwhile() -> Callable[[], None]:
        seeded(settings)
        login = Login(STAFF, staff_of_this_run(settings, STAFF))
        tell_where(wish.data, env | {"TOTETAXI_STAFF_EMAIL": login.mail, "TOTETAXI_STAFF_PASSWORD": login.password})
        return lambda: _announce(settings, login)

    supervisor.run(settings.base_url, meanwhile)


def environment(wish: Wish, database: Database) -> dict[str, str]:
    """The environment of every program: this process's own, over the folder's secrets and what is chosen here."""
    broker = f"127.0.0.1:{choose_port(wish.data / 'kafka')}" if wish.kafka else ""
    secrets = secrets_of(wish.data)
    chosen = {
        "TOTETAXI_BASE_URL": f"http://127.0.0.1:{wish.port}",
        "TOTETAXI_KAFKA_BOOTSTRAP": broker,
        "TOTETAXI_STRIPE_API_URL": f"http://127.0.0.1:{kept_port(wish.data / 'stripe')}",
        "TOTETAXI_LOG_FORMAT": "console",
    }
    given = {name: text for name, text in os.environ.items() if text}
    where = {"DATABASE_URL": database.url, OWNER: database.owner_url}
    fixed = where | {"TOTETAXI_DATA": str(wish.data), "PORT": str(wish.port)}
    return chosen | secrets | given | fixed | {"PYTHONUNBUFFERED": "1"}


def programs(wish: Wish, settings: Settings) -> list[Program]:
    sandbox = settings.stripe_api_url.rpartition(":")[2]
    broker = settings.kafka_bootstrap.rpartition(":")[2]
    with_kafka = [
        Program("kafka", ["kafka", "--data", str(wish.data / "kafka"), "--port", broker], 0),
        Program("relay", ["relay"], 1),
    ]
    return [
        Program("api", ["api"], 2),
        *(with_kafka if wish.kafka else []),
        Program("stripe", ["stripe-sandbox", "--port", sandbox], 1),
        Program("projector", ["projector"], 1),
        Program("reactions", ["reactions"], 1),
        Program("jobs", ["jobs"], 1),
    ]


@contextmanager
def _imported_meanwhile(module: str) -> Iterator[None]:
    """Importing takes as long as Postgres does to start."""
    importing = Thread(target=import_module, args=(module,))
    importing.start()
    try:
        yield
    finally:
        importing.join()  # an interpreter that ends under it would print its traceback


@contextmanager
def _started(postgres: EmbeddedPostgres | None) -> Iterator[None]:
    if postgres is None:
        yield
        return
    try:
        with psycopg.connect(postgres.start(), autocommit=True) as db:
            if not db.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                db.execute(f"create database {DATABASE}")
        yield
    finally:
        undisturbed()
        postgres.stop()


@contextmanager
def _told(data: Path, env: Mapping[str, str]) -> Iterator[None]:
    tell_where(data, env)
    try:
        yield
    finally:
        tell_nothing(data)


def _demand_port(port: int) -> None:
    # The processes of a platform that was killed a moment ago are gone within it.
    if not wait_until(lambda: is_free(port), 2):
        raise CannotStart(f"port {port} on 127.0.0.1 is taken by another program: stop that one or choose another PORT")


def _own(postgres: EmbeddedPostgres) -> Database:
    """The server lets in whoever can reach its socket; the application comes as a role that can't change the log."""
    owner = postgres.dsn.replace("/postgres?", f"/{DATABASE}?")
    return Database(owner.replace("//postgres@", f"//{ROLE}@"), owner)


def _announce(settings: Settings, login: Login) -> None:
    is_elsewhere = settings.data != Path(".dev").resolve()
    lines = [
        f"ready after {time.monotonic() - BEGAN:.1f} s",
        f"API       {settings.base_url}   its pages {settings.base_url}/docs",
        f"staff     {login.mail}   password {login.password}",
        f"letters   {settings.base_url}/dev/inbox",
        f"Stripe    {settings.stripe_api_url}   a sandbox, which tells there what it can do",
        f"Postgres  {settings.database_url}",
        *([f"Kafka     {settings.kafka_bootstrap}"] if settings.kafka_bootstrap else []),
        *([f"commands of other shells find it by TOTETAXI_DATA={settings.data}"] if is_elsewhere else []),
        f"Ctrl-C stops all of it; the data stay in {settings.data}",
    ]
    for line in lines:
        say("totetaxi", line)
