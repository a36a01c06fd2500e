"""What goes on while a test looks elsewhere: bookings are made, read models follow, readers note what is wrong."""

import sys
import threading
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from bench.past import Guest, life
from eventlog.feed import PostgresFeed, open_log
from eventlog.store import EventStore, Ref
from projections import calendar
from projections.applying import apply, positions
from projections.asking import reading
from projections.schemas import create, name_of
from tests.samples import note, person

NUMBERS = count(1)
ASKED = """select 'taken'::regclass::oid as generation, (select coalesce(sum(places), 0) from taken) as taken,
           (select array_agg(position order by partition) from positions) as positions"""
HELD = """select count(*) filter (where topic = 'PlaceReserved') - count(*) filter (where topic = 'PlaceReleased')
          from eventlog.stored_events where notification_id <= %s"""


def live(store, guest=None, limit=None):
    """A booking's life, one append after the other, as far as its first `limit` appends."""
    guest = guest or Guest(n := next(NUMBERS), person(f"guest{n % 50}"))
    for steps in list(life(guest))[:limit]:
        refs = {step.stream: Ref(sys.modules[type(step.event).__module__], step.stream) for step in steps}
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


class CalendarReader:
    """Asks the calendar without a pause: each answer is of one generation, and time never runs backwards."""

    def __init__(self, database):
        self._pool = ConnectionPool(
            make_conninfo(database, application_name="reader"), min_size=1, max_size=2, open=True
        )
        self.answers, self.generations, self.wrong = 0, set(), []
        self._before = [0] * 8
        self.seen = []

    def ask(self):
        with reading(self._pool, calendar) as db:
            [first] = db.execute(ASKED).fetchall()
            [second] = db.execute(ASKED).fetchall()
        self._look_at(first, second)
        self.answers += 1
        self.generations.add(first[0])

    def _look_at(self, first, second):
        if first[0] != second[0]:
            self.wrong.append("two generations in one transaction")
        for _, taken, at in (first, second):
            if any(new < old for new, old in zip(at, self._before, strict=True)):
                self.wrong.append(f"from {self._before} back to {at}")
            self._before = at
            self.seen.append((taken, at))

    def miscounted(self, db):
        """Answers with another number of taken places than the log had at their positions (equal in all partitions)."""
        answers = {(taken, at[0]) for taken, at in self.seen if len(set(at)) == 1}
        return [answer for answer in answers if answer[0] != db.execute(HELD, (answer[1],)).fetchone()[0]]

    def close(self):
        self._pool.close()
