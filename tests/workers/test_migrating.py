"""Owner and application: who makes what in a database, and that the application can do all of its work as itself."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

import cli
from commands.catalog import seed
from commands.ending import cancel_booking
from commands.persons import forget
from commands.upkeep import tidy
from eventlog import roles
from eventlog.store import EventStore
from integrations.embedded.postgres import EmbeddedPostgres
from integrations.stripe import connect
from projections.models import MODELS
from projections.rebuilding import Site, rebuild, rollback
from projections.schemas import exists
from projections.verify import verify
from settings import BadSettings, Settings
from tests.commands.wishes import WANTED, pay, place
from tests.integrations.conftest import shop  # noqa: F401 - a fixture
from tests.integrations.stripe_account import KEY, SECRET, Sandbox
from tests.test_settings import ENOUGH, PRODUCTION
from tests.waiting import until
from tests.workers.acting import Acting, context, is_idle
from workers.migrating import migrated, weakness
from workers.processes import begun
from workers.projector import Projector, Sources

WISHED = replace(WANTED, pickup_date=datetime.now(UTC).date() + timedelta(30))
SCHEMAS = "select nspname, nspowner::regrole::text from pg_namespace where nspname !~ '^(pg_|information_schema)'"


@pytest.fixture
def empty(server):
    """A database without anything, and names for roles of its own: (as the superuser, as the application, names)."""
    name = f"test_{uuid4().hex}"
    app, owner = f"{name}_app", f"{name}_owner"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template template0")
        yield name, app, owner
        db.execute(f"drop database {name} with (force)")
        db.execute(f"drop role if exists {app}")
        db.execute(f"drop role if exists {owner}")


@pytest.fixture
def settings_of(server, empty):
    """Settings for the application's role and the owner given, the server's superuser if none is."""
    name, app, _ = empty

    def made(owner=None, **more):
        as_owner = {"user": owner, "password": "word"} if owner else {}
        urls = {
            "DATABASE_URL": make_conninfo(server, dbname=name, user=app, password="word"),
            "TOTETAXI_OWNER_URL": make_conninfo(server, dbname=name, **as_owner),
        }
        return Settings.from_env(ENOUGH | urls | more)

    return made


def administrator(server, *statements):
    with psycopg.connect(server, autocommit=True) as db:
        for statement in statements:
            db.execute(statement)


def owners(settings) -> dict[str, str]:
    with psycopg.connect(settings.database_url) as db:
        return dict(db.execute(SCHEMAS).fetchall())


def test_the_first_migration_makes_the_role_and_the_second_changes_nothing(settings_of, empty):
    settings = settings_of()
    assert "0001_log.sql" in migrated(settings)
    assert weakness(settings) is None
    found = owners(settings)
    assert {name for name, owner in found.items() if owner == empty[1]} == set(MODELS)
    assert migrated(settings) == []
    assert owners(settings) == found


def test_migrations_at_once_find_the_role_that_another_makes(settings_of):
    settings = settings_of()
    with ThreadPoolExecutor(4) as threads:
        applied = [name for names in threads.map(lambda _: migrated(settings), range(4)) for name in names]
    assert len(applied) == len(set(applied)) > 3
    assert weakness(settings) is None


def test_an_owner_who_is_no_superuser_makes_role_and_log_and_wipes_them(settings_of, empty, server, monkeypatch):
    name, _, owner = empty
    administrator(server, f"create role {owner} login createrole password 'word'")
    administrator(server, f"alter database {name} owner to {owner}")
    settings = settings_of(owner)
    for _ in range(2):
        assert "0001_log.sql" in migrated(settings)
        assert weakness(settings) is None
        for setting, text in (ENOUGH | {"DATABASE_URL": settings.database_url}).items():
            monkeypatch.setenv(setting, text)
        monkeypatch.setenv("TOTETAXI_OWNER_URL", settings.owner_url)
        assert cli.main(["wipe"]) == 0
        assert owners(settings) == {"public": owner}


def test_an_owner_who_may_make_no_role_is_told_what_an_administrator_is_to_do(settings_of, empty, server):
    name, app, owner = empty
    administrator(server, f"create role {owner} login password 'word'", f"alter database {name} owner to {owner}")
    with pytest.raises(BadSettings, match=f"create role {app} login password '...'; grant {app} to {owner};"):
        migrated(settings_of(owner))
    administrator(server, f"create role {app} login password 'word'", f"grant {app} to {owner}")
    assert migrated(settings_of(owner))
    assert weakness(settings_of(owner)) is None


def test_one_role_for_everything_works_and_is_told_to_protect_nothing(database):
    settings = Settings.from_env(ENOUGH | {"DATABASE_URL": database})
    assert migrated(settings) == []
    assert "is a superuser; `totetaxi migrate` with another role in TOTETAXI_OWNER_URL" in weakness(settings)
    assert migrated(Settings.from_env(ENOUGH | {"DATABASE_URL": database, "TOTETAXI_OWNER_URL": database})) == []


@pytest.mark.parametrize(("url", "complaint"), [
    ({"user": None}, "DATABASE_URL names no user"),
    ({"dbname": "another"}, "name different databases"),
])  # fmt: skip
def test_an_application_that_is_nobody_or_elsewhere_is_refused(settings_of, url, complaint):
    settings = settings_of()
    given = psycopg.conninfo.conninfo_to_dict(settings.database_url) | url
    told = {"DATABASE_URL": make_conninfo("", **{n: text for n, text in given.items() if text})}
    with pytest.raises(BadSettings, match=complaint):
        migrated(settings_of(**told))


def test_a_process_of_production_refuses_a_log_that_it_could_change(tmp_path, monkeypatch):
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        app = make_conninfo(server.dsn, user="totetaxi")
        told = PRODUCTION | {"DATABASE_URL": server.dsn}
        for setting, text in told.items():
            monkeypatch.setenv(setting, text)
        with pytest.raises(BadSettings, match="not protected from the application: the role postgres"):
            begun()
        migrated(Settings.from_env(told | {"DATABASE_URL": app, "TOTETAXI_OWNER_URL": server.dsn}))
        monkeypatch.setenv("DATABASE_URL", app)
        assert begun().database_url == app


@pytest.fixture
def sandbox(app_database, shop):  # noqa: F811
    with Sandbox(app_database, shop.url, SECRET) as sandbox:
        yield sandbox


@pytest.fixture
def ask(app_database, vault, sandbox):
    with EventStore(app_database, vault) as store:

        def make(**more):
            return context(store, connect(KEY, sandbox.url, SECRET), "guest", **more)

        seed(make())
        yield make


@contextmanager
def projecting(database, vault):
    projector = Projector(Sources(database, vault))
    thread = Thread(target=projector.run)
    thread.start()
    try:
        yield
    finally:
        projector.stop()
        thread.join(20)


def test_the_application_does_all_of_its_work_without_being_the_owner(ask, app_database, vault, db, sandbox):
    site = Site(app_database, vault)
    with (
        projecting(app_database, vault),
        Acting("reactions", app_database),
        Acting("jobs", app_database, sandbox.url),
    ):
        paid, given_up = place(ask, "ada", wanted=WISHED), place(ask, "eve", wanted=WISHED)
        pay(ask, paid)
        cancel_booking(given_up.booking_id, "changed my mind", False, ask())
        forget(vault.person_id("ada@example.com"), ask())
        until(lambda: db.execute("select erased_at is not null from eventlog.destroyed_keys").fetchone() == (True,), 60)
        until(lambda: is_idle(db), 60)
        for model in MODELS.values():
            assert rebuild(site, model).switched
            rollback(site, model)
    with psycopg.connect(app_database, autocommit=True) as app:
        tidy(app, datetime.now(UTC))
        with app.transaction():
            assert vault.rewrap(app) == 0
        assert roles.is_append_only(app)
    assert list(verify(site)) == []


def test_read_models_with_the_tables_of_another_version_are_made_anew(database):
    settings = Settings.from_env(ENOUGH | {"DATABASE_URL": database})
    migrated(settings)
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("alter table calendar.taken drop column places")
        db.execute("comment on schema calendar is 'shape of long ago'")
        migrated(settings)
        assert db.execute("select places from calendar.taken").fetchall() == []
        assert not exists(db, "calendar_old")
