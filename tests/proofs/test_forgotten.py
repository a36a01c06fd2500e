"""A forgotten person is nowhere: not in the log, the topic, any generation of a read model or any other table."""

from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from msgspec.structs import replace

from commands.bookings import Address, Contact, place_booking
from commands.catalog import seed
from commands.ending import cancel_booking
from commands.payments import open_payment, pay_in_sandbox
from commands.persons import forget
from domain.selection import PickupTime
from eventlog.away import POSTGRES_AWAY
from eventlog.feed import topic_name
from integrations.stripe import connect
from projections import dashboard, history
from projections.models import create_all
from projections.rebuilding import Site, rebuild
from projections.state import state
from projections.verify import verify
from tests.commands.wishes import PASSES, WANTED, asks, payment
from tests.eventlog.topics import running
from tests.integrations.conftest import own_sandbox, shop  # noqa: F401 - fixtures
from tests.integrations.stripe_account import KEY, SECRET
from tests.proofs.canaries import places_of, tables, topic
from tests.waiting import until
from tests.workers.acting import Acting, context, is_idle
from workers.job_schema import create_job_tables
from workers.projector import Projector, Sources
from workers.relay import Relay

FIELDS = ("first", "last", "mail", "street", "flat", "entrance", "beach", "instructions", "farewell")
ADA, EVE = ("ada", "2125550187"), ("eve", "2125550143")
DAY = datetime.now(UTC).date() + timedelta(30)


def words(who) -> set[str]:
    """What is personal of them: a word that occurs nowhere else for each field, and their phone."""
    name, phone = who
    return {f"canary{field}{name}" for field in FIELDS} | {phone}


def wish(who, time):
    name, phone = who
    first, last, mail, street, flat, entrance, beach, instructions, _ = (f"Canary{field}{name}" for field in FIELDS)
    return replace(
        asks(wanted=replace(WANTED, pickup_date=DAY, pickup_time=time)),
        customer=Contact(first, last, f"{mail}@example.com", f"+1{phone}"),
        pickup=Address(f"1 {street}", "New York", "NY", "10013", flat, entrance),
        delivery=Address(f"2 {beach}", "Southampton", "NY", "11968"),
        special_instructions=instructions,
    )


def mail(who) -> str:
    return f"canarymail{who[0]}@example.com"


@pytest.fixture
def ask(store, db, own_sandbox):  # noqa: F811
    create_job_tables(db)
    create_all(db)

    def make():
        return context(store, connect(KEY, own_sandbox.url, SECRET), "guest")

    seed(make())
    return make


@contextmanager
def platform(database, vault, bootstrap, stripe_url, **more):
    """Relay, projector over Kafka, reactions and jobs."""
    projector = Projector(Sources(database, vault, bootstrap))
    thread = Thread(target=supervised, args=(projector,))
    with ExitStack() as parts:
        parts.enter_context(running(Relay(database, bootstrap)))
        thread.start()
        parts.callback(thread.join, 30)
        parts.callback(projector.stop)
        for name in ("reactions", "jobs"):
            parts.enter_context(Acting(name, database, stripe_url, **more))
        yield


def supervised(projector):
    """Started again when the log could not be opened in time."""
    while True:
        with suppress(*POSTGRES_AWAY):
            return projector.run()


def books(ask, who):
    """One booking that is paid, one that is cancelled with a word."""
    paid, given_up = (
        place_booking(wish(who, time), ask()) for time in (PickupTime.MORNING, PickupTime.NO_TIME_PREFERENCE)
    )
    open_payment(paid.booking_number, paid.payment_id, ask())
    pay_in_sandbox(payment(ask, paid).intent_id, paid.booking_number, PASSES, ask())
    cancel_booking(given_up.booking_id, f"canaryfarewell{who[0]}", False, ask())


def is_level(db) -> bool:
    return is_idle(db) and all(not model.standing.lag_events for model in state(db))


def totals(db):
    with db.transaction():
        db.execute("set local search_path = dashboard")
        shown = dashboard.dashboard(db, datetime.now(UTC))
    return {part: shown[part] for part in ("revenue", "bookings", "capacity")}


def test_a_forgotten_person_is_nowhere_and_totals_stay(ask, database, vault, db, bootstrap, own_sandbox):  # noqa: F811
    name = topic_name(*db.execute("select id from eventlog.log").fetchone())
    site = Site(database, vault)
    with platform(database, vault, bootstrap, own_sandbox.url):
        for who in (ADA, EVE):
            books(ask, who)
        until(lambda: is_level(db), 90)
        rebuild(site, history)
        before, read = totals(db), places_of(words(ADA), tables(db))
        assert {word for word, _ in read} == words(ADA)
        assert {where.partition(".")[0] for _, where in read} == {
            "bookings", "customers", "history", "history_old"}  # fmt: skip

        forget(vault.person_id(mail(ADA)), ask())
        until(lambda: db.execute("select erased_at from eventlog.destroyed_keys").fetchone() != (None,), 60)
        until(lambda: is_level(db), 60)
    everywhere = tables(db) | {"the topic": topic(bootstrap, name)}
    assert places_of(words(ADA), everywhere) == set()
    assert {word for word, _ in places_of(words(EVE), everywhere)} == words(EVE)
    assert b"BookingPlaced" in everywhere["the topic"]
    assert totals(db) == before
    assert list(verify(site)) == []


def test_the_search_finds_what_is_there(database, db, vault):
    db.execute("create table public.kept (text text, bytes bytea, more jsonb)")
    db.execute("insert into public.kept values ('a CanaryOne', 'canarytwo', '{\"b\": [\"canarythree\"]}')")
    wanted = {"canaryone", "canarytwo", "canarythree"}
    assert places_of(wanted | {"canaryfour"}, tables(db)) == {(word, "public.kept") for word in wanted}
