"""What goes on while a test looks elsewhere: bookings are made, read models follow, readers note what is wrong."""

import threading
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from bench.past import CENTS, Guest, life
from eventlog.feed import PostgresFeed, open_log
from eventlog.store import EventStore, Ref
from projections.applying import apply, positions
from projections.asking import reading
from projections.schemas import create, name_of
from tests.projections.stories import aggregate_of
from tests.samples import note, person

NUMBERS = count(1)
ASKED = """select '{table}'::regclass::oid, (select {count} from {table}),
           (select array_agg(position order by partition) from positions)"""
CHARGES = f"coalesce(sum(credit_cents) filter (where account = 'charged'), 0) / {CENTS}"
# What each read model counts in which table, and the events that make it more and less.
COUNTED = {
    "audit": ("entries", "count(*)", ("StaffActed", "")),
    "bookings": ("lines", "count(*)", ("BookingPlaced", "")),
    "calendar": ("taken", "coalesce(sum(places), 0)", ("PlaceReserved", "PlaceReleased")),
    "customers": ("purchases", "count(*)", ("BookingPlaced", "")),
    "dashboard": ("pickups", "coalesce(sum(bookings), 0)", ("BookingPlaced", "")),
    "history": ("bookings", "count(*)", ("BookingPlaced", "")),
    "ledger": ("postings", CHARGES, ("PaymentSucceeded", "")),
    "payments": ("payments", "count(*)", ("PaymentRequested", "")),
}
IN_LOG = """select count(*) filter (where topic = %s), count(*) filter (where topic = %s)
            from eventlog.stored_events where notification_id <= %s"""


def live(store, guest=None, limit=None):
    """A booking's life, one append after the other, as far as its first `limit` appends."""
    guest = guest or Guest(n := next(NUMBERS), person(f"guest{n % 50}"))
    for steps in list(life(guest))[:limit]:
        refs = {step.stream: Ref(aggregate_of(step.event), step.stream) for step in steps}
        store.append(
            list(refs.values()),
            lambda *_, steps=steps, refs=refs: [
                [step.event for step in steps if step.stream == stream] for stream in refs
            ],
            note(key=guest.booking),
        )
    return guest


def catch_up(store, db, *models):
    """Each live read model at the head of the log."""
    for model in models:
        create(db, model)
        feed = PostgresFeed(open_log(store.recorder))
        while (batch := feed.read(positions(db, name_of(model)), 500, 0)).events:
            apply(db, model, batch, store.vault)


@contextmanager
def in_background(*acts):
    """Each act is done again and again until the block ends; then what any of them raised is raised."""
    over, raised = threading.Event(), []

    def again(act):
        try:
            while not over.is_set():
                act()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=again, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if raised:
        raise raised[0]


@contextmanager
def projected(database, vault, *models):
    """The live projection of these models, on connections of its own."""
    with EventStore(database, vault) as store, psycopg.connect(database, autocommit=True) as db:
        for model in models:
            create(db, model)
        feed = PostgresFeed(open_log(store.recorder))

        def follow():
            for model in models:
                apply(db, model, feed.read(positions(db, name_of(model)), 500, 0.02), vault)

        with in_background(follow):
            yield


class Reader:
    """Asks a read model without a pause: each answer is of one generation, and time never runs backwards."""

    def __init__(self, database, model):
        self._pool = ConnectionPool(
            make_conninfo(database, application_name="reader"), min_size=1, max_size=2, open=True
        )
        self._model, self._before = model, [0] * 8
        self._table, self._count, self._counted = COUNTED[name_of(model)]
        self.answers, self.generations, self.wrong, self._level = 0, set(), [], set()

    def ask(self):
        asked = ASKED.format(table=self._table, count=self._count)
        with reading(self._pool, self._model) as db:
            [first] = db.execute(asked).fetchall()
            [second] = db.execute(asked).fetchall()
        if first[0] != second[0]:
            self.wrong.append("two generations in one transaction")
        for generation, number, at in (first, second):
            if any(new < old for new, old in zip(at, self._before, strict=True)):
                self.wrong.append(f"from {self._before} back to {at}")
            if len(set(at)) == 1:
                self._level.add((number, at[0]))
            self._before = at
            self.generations.add(generation)
        self.answers += 1

    def miscounted(self, db):
        """Answers that count otherwise than the log does at their positions, of those with equal ones everywhere."""
        return [answer for answer in self._level if answer[0] != self._in_log(db, answer[1])]

    def _in_log(self, db, position):
        [(plus, minus)] = db.execute(IN_LOG, (*self._counted, position)).fetchall()
        return plus - minus

    def close(self):
        self._pool.close()
