"""Brings a database to this version: the log as its owner, and as the application's role what the application makes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from eventlog import migrations, roles
from eventlog.envelope import UnknownEvent
from eventlog.vault import Vault
from eventlog.wiping import name_of_database
from projections.following import Progressed
from projections.models import MODELS, create_all
from projections.parking import Stopped
from projections.rebuilding import Site, refit
from projections.schemas import generations, has_shape
from projections.switching import ModelBusy, RebuildRunning
from settings import BadSettings, Settings
from workers.job_schema import create_job_tables

APPLICATIONS = ("stripe_sandbox", *(schema for name in MODELS for schema in generations(name)))


def migrated(settings: Settings) -> list[str]:
    """Log, roles, job queue and read models; the names of the migrations that were missing. Raises BadSettings.

    Not while other versions serve: they could not read what is made anew.
    """
    app = roles.login_of(settings.database_url)
    with _explained(settings), _connected(settings.owner) as owner:
        is_apart = bool(settings.owner_url) and _are_apart(settings, owner)
        if is_apart:
            roles.make(owner, app)
        done = list(migrations.migrate(settings.owner))
        if is_apart:
            roles.settle(owner, app.name, APPLICATIONS)
        with _connected(settings.database_url) as db:
            create_job_tables(db)
            create_all(db)
            _refit(settings, db)
    return done


def _refit(settings: Settings, db: psycopg.Connection) -> None:
    """Read models with the tables of another version are made anew from the log before anybody serves them."""
    site = Site(settings.database_url, Vault(settings.master_keys, settings.identity_key), _tell)
    for name, model in MODELS.items():
        if has_shape(db, model, name):
            continue
        try:
            refit(site, model)
        except (RebuildRunning, ModelBusy, Stopped, UnknownEvent) as error:
            raise BadSettings(f"{name} has another version's tables and could not be made anew: {error}") from error


def _tell(progress: Progressed) -> None:
    print(progress, file=sys.stderr, flush=True)


def weakness(settings: Settings) -> str | None:
    """How the application could change the log, in a sentence that says what to do; None if it could not."""
    with _connected(settings.database_url) as db:
        found, role = roles.weakness(db), db.info.user
    return found and (
        f"the log is not protected from the application: the role {role} of DATABASE_URL {found};"
        " `totetaxi migrate` with another role in TOTETAXI_OWNER_URL mends that, see docs/operations.md"
    )


def _are_apart(settings: Settings, owner: psycopg.Connection) -> bool:
    """Whether owner and application are two roles of one database."""
    app = roles.login_of(settings.database_url).name
    if not app:
        raise BadSettings("DATABASE_URL names no user, and TOTETAXI_OWNER_URL wants it to be one of its own")
    if name_of_database(settings.database_url) != name_of_database(settings.owner):
        raise BadSettings("TOTETAXI_OWNER_URL and DATABASE_URL name different databases")
    return app != owner.info.user


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except errors.InsufficientPrivilege as error:
        app = roles.login_of(settings.database_url).name or "APP"
        owner = roles.login_of(settings.owner).name or "OWNER"
        name = name_of_database(settings.database_url)
        raise BadSettings(
            f"the owner {owner} may not do this: {error.diag.message_primary}. Let an administrator of the server run,"
            f" once: create role {app} login password '...'; grant {app} to {owner};"
            f" alter database {name} owner to {owner};"
        ) from error


def _connected(database_url: str) -> psycopg.Connection:
    return psycopg.connect(database_url, autocommit=True, connect_timeout=5)
