"""What people do to a platform: bring its database up to date, fill it, empty it; make staff, forget persons."""

import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from getpass import getpass
from uuid import UUID

import psycopg

import commands.catalog
import commands.customers
import commands.persons
import commands.staff
from commands import Context
from commands.tracing import Trace
from domain import Refused
from domain.audit import NOBODY, Action, StaffActed
from domain.permissions import Role
from eventlog import wiping
from eventlog.envelope import Origin
from eventlog.heads import put_aside
from eventlog.ids import new_id
from eventlog.store import EventStore
from eventlog.vault import Vault
from integrations.inbox import inbox_in
from integrations.mail import Mailer
from integrations.stripe import Stripe, connect
from settings import BadSettings, Settings
from workers.migrating import migrated, weakness


def migrate(_: Namespace) -> None:
    settings = Settings.from_env()
    for name in migrated(settings):
        print(f"applied {name}")
    if open_to := weakness(settings):
        print(open_to)


def seed(_: Namespace) -> None:
    print(f"{seeded(Settings.from_env())} new entries")


def seeded(settings: Settings) -> int:
    with acting(settings, "seed") as ctx:
        return commands.catalog.seed(ctx)


def create_staff(asked: Namespace) -> None:
    """The password is asked for, or read from a pipe. Prints the account's id, its role, and what was done."""
    password = getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with acting(Settings.from_env(), "staff create", Action.MANAGE_STAFF) as ctx:
        created = commands.staff.create_staff(asked.mail, password, _role(asked.role), ctx)
    print(f"{created.id} {created.role}: {', '.join(created.done)}")


def _role(text: str) -> Role | None:
    if not text:
        return None
    if text not in list(Role):
        raise Refused("invalid_value", f"the role is one of {', '.join(Role)}")
    return Role(text)


def staff_of_this_run(settings: Settings, mail: str) -> str:
    """An account with a new password, which is returned."""
    password = secrets.token_urlsafe(12)
    with acting(settings, "run", Action.MANAGE_STAFF) as ctx:
        commands.staff.create_staff(mail, password, Role.ADMIN, ctx)
    return password


def forget_person(asked: Namespace) -> int:
    """Account and guest, proven or not: whoever runs commands knows whom they mean."""
    with acting(Settings.from_env(), "person forget", Action.MODIFY_CUSTOMER) as ctx:
        position = commands.customers.forget_mail(asked.mail, ctx)
    print("nothing of that person is readable" if position is None else f"forgotten at position {position}")
    return 1 if position is None else 0


def show_forgotten(_: Namespace) -> None:
    with store_of(Settings.from_env()) as store:
        for key_id, person_id in commands.persons.forgotten(store):
            print(key_id, person_id)


def forget_again(_: Namespace) -> None:
    try:
        keys = [(UUID(key_id), UUID(person_id)) for key_id, person_id in map(str.split, sys.stdin)]
    except ValueError as error:
        raise BadSettings("standard input is not what `totetaxi person forgotten` has printed") from error
    with acting(Settings.from_env(), "person forget-again") as ctx:
        again = commands.customers.forget_again
        count = sum(again([key], audited(ctx, Action.MODIFY_CUSTOMER)) for key in keys)  # an entry for each person
    print(f"{count} of {len(keys)} keys had come back and are destroyed again")


def rewrap(_: Namespace) -> None:
    settings = Settings.from_env()
    with connected(settings) as db, db.transaction():
        count = Vault(settings.master_keys, settings.identity_key).rewrap(db)
    print(f"{count} keys wrapped anew by the first master key; the others can leave TOTETAXI_MASTER_KEYS now")


def wipe(_: Namespace) -> None:
    settings = Settings.from_env()
    name = wiping.name_of_database(settings.database_url)
    if settings.production and settings.allow_wipe != name:
        raise BadSettings(f"in production `totetaxi wipe` asks for TOTETAXI_ALLOW_WIPE={name}")
    with psycopg.connect(settings.owner, autocommit=True, connect_timeout=5) as db:
        wiping.wipe(db)
    put_aside(settings.audit_heads, datetime.now(UTC))
    print(f"{name} is empty; `totetaxi migrate` makes a new log")


@contextmanager
def connected(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.database_url, autocommit=True, connect_timeout=5) as db:
        yield db


@contextmanager
def acting(settings: Settings, why: str, acts: Action | None = None) -> Iterator[Context]:
    """A context for one act of the command line; `acts` is what its entry in the audit log says it is."""
    with store_of(settings) as store:
        ctx = context(settings, store, stripe_of(settings), f"command {why}")
        yield audited(ctx, acts) if acts else ctx


def audited(ctx: Context, acts: Action) -> Context:
    """The entry names the command: nobody is logged in on the command line."""
    acted = StaffActed(NOBODY, acts, str(ctx.origin.command_id), subject=ctx.origin.actor)
    return replace(ctx, trace=Trace(new_id(), acted))


def store_of(settings: Settings) -> EventStore:
    return EventStore(settings.database_url, Vault(settings.master_keys, settings.identity_key))


def stripe_of(settings: Settings) -> Stripe:
    """Made once for a process: it keeps its connections."""
    return connect(settings.stripe_secret_key, settings.stripe_api_url or None, settings.stripe_webhook_secret)


def mail_of(settings: Settings) -> Mailer | None:
    """The local inbox. In production nobody sends letters yet: SES takes this place; until then jobs wait for it."""
    return None if settings.production else inbox_in(settings.data)


def context(settings: Settings, store: EventStore, stripe: Stripe, actor: str) -> Context:
    return Context(
        store,
        stripe,
        Origin(actor, new_id()),
        datetime.now(UTC),
        settings.secret_key.encode(),
        mail=mail_of(settings),
        site=settings.base_url,
    )
