"""Appending: all streams or none, each command once, and nothing personal readable in the log."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from eventsourcing.persistence import OperationalError

from domain import Refused, booking, customer, pickup_day
from domain.booking import BookingPlaced
from domain.customer import VipGranted
from eventlog.ids import new_id
from eventlog.statements import Once
from eventlog.store import EventStore, KeyTaken, Ref
from tests.samples import MONDAY, note, person, placed, wish
from tests.waiting import until

WAITING = """select 1 from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())"""


def place(store: EventStore, name: str = "ada", booking_id=None, limit: int = 10, **more):
    booking_id = booking_id or new_id()
    refs = [Ref(booking, booking_id), Ref(pickup_day, pickup_day.stream(MONDAY))]

    def decide(made, day):
        new = booking.place(made, placed(name))
        return new, pickup_day.reserve(day, wish(booking_id, name, limit=limit)) if new else []

    return store.append(refs, decide, note(key=booking_id, **more))


def test_a_booking_and_its_place_are_one_append(store):
    booking_id = new_id()
    appended = place(store, booking_id=booking_id)
    assert [recorded.name for recorded in appended.events] == ["BookingPlaced", "PlaceReserved"]
    assert {recorded.key for recorded in appended.events} == {booking_id}
    assert store.recorder.max_notification_id() == appended.position == 2


def test_nothing_is_written_when_one_of_the_decisions_refuses(store):
    with pytest.raises(Refused, match="No place"):
        place(store, limit=0)
    assert store.recorder.max_notification_id() is None


def test_a_refusal_tells_the_versions_that_it_was_decided_on(store):
    place(store)
    booking_id = new_id()
    with pytest.raises(Refused) as refusal:
        place(store, "eve", booking_id=booking_id, limit=1)
    assert refusal.value.seen == {booking_id: 0, pickup_day.stream(MONDAY): 1}


def test_asking_again_answers_the_position_of_the_first_time(store):
    booking_id = new_id()
    first = place(store, booking_id=booking_id)
    place(store, "eve")
    again = place(store, booking_id=booking_id)
    assert (again.events, again.position) == ([], 4)
    assert first.position == 2


def test_the_last_places_of_a_day_are_given_once(store):
    def ask(n: int) -> str:
        try:
            return "placed" if place(store, f"guest{n}", limit=5).events else "nothing"
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(16) as guests:
        answers = list(guests.map(ask, range(60)))
    assert sorted(answers) == ["no_capacity"] * 55 + ["placed"] * 5


def test_writers_of_two_processes_conflict_and_neither_fails(database, vault):
    with EventStore(database, vault) as one, EventStore(database, vault) as other:
        with ThreadPoolExecutor(16) as guests:
            list(guests.map(lambda n: place((one, other)[n % 2], f"guest{n}", limit=100), range(100)))
        assert len(one.load(Ref(pickup_day, pickup_day.stream(MONDAY))).state.places) == 100


@pytest.mark.parametrize(("alone", "granted"), [(False, 2), (True, 1)])
def test_who_depends_on_what_it_only_reads_asks_to_be_alone_with_it(database, vault, db, alone, granted):
    """Each of two processes grants one of two customers what the other does not have; without, both come to it."""
    refs, deciding = [Ref(customer, person(name)) for name in ("ada", "eve")], []

    def grant(store, n):
        def decide(*states):
            deciding.append(n)
            until(lambda: len(deciding) > 1 or db.execute(WAITING).fetchone(), 60)
            is_free = not any(state and state.is_vip for state in states)
            return [[VipGranted()] if is_free and n == each else [] for each in (0, 1)]

        return store.append(refs, decide, note(), alone).events

    with EventStore(database, vault) as one, EventStore(database, vault) as other, ThreadPoolExecutor(2) as processes:
        done = [processes.submit(grant, store, n) for n, store in enumerate((one, other))]
        assert sum(len(each.result()) for each in done) == granted


def test_a_stream_that_was_named_from_outside_is_found_where_it_is_of_that_kind(store):
    booking_id = new_id()
    place(store, booking_id=booking_id)
    assert store.named(Ref(booking, booking_id), BookingPlaced).placed.booking_number
    for ref, begins in ((Ref(customer, booking_id), VipGranted), (Ref(booking, new_id()), BookingPlaced)):
        assert store.named(ref, begins) is None


def test_an_idempotency_key_is_written_with_the_events_and_only_once(store, db):
    once = Once("anonymous", "/guest-booking/", "k1", b"hash", {"booking_id": "b"})
    appended = place(store, once=once)
    with pytest.raises(KeyTaken):
        place(store, "eve", once=once)
    assert db.execute("select position, ids from eventlog.idempotency").fetchall() == [
        (appended.position, {"booking_id": "b"})
    ]
    assert store.recorder.max_notification_id() == 2


def test_histories_of_several_streams_come_together_each_in_its_order(store):
    ids = [new_id() for _ in range(3)]
    place(store, booking_id=ids[0])
    place(store, "eve", booking_id=ids[1])
    day, nobody = pickup_day.stream(MONDAY), ids[2]
    found = store.histories([*ids, day])
    assert found == {id: store.history(id) for id in (*ids, day)}
    assert [one.event.personal is not None for id in ids[:2] for one in found[id]] == [True, True]
    assert ([one.originator_version for one in found[day]], found[nobody]) == ([1, 2], [])


def test_what_is_personal_is_sealed_in_the_log_and_comes_back_with_the_history(store, db):
    booking_id = new_id()
    place(store, "canary", booking_id=booking_id)
    bodies = b"".join(bytes(body) for (body,) in db.execute("select state from eventlog.stored_events"))
    assert b"canary" not in bodies.lower()
    assert b"Main St" not in bodies
    [recorded] = store.history(booking_id)
    assert recorded.event.personal.email == "canary@example.com"


def test_after_the_key_is_destroyed_the_rest_of_the_event_stays(store):
    booking_id = new_id()
    place(store, booking_id=booking_id)
    with store.recorder.transaction() as db:
        store.vault.destroy(db, person("ada"), 1)
    [recorded] = store.history(booking_id)
    assert recorded.event.personal is None
    assert recorded.event.pricing.total_price_cents == 99500


def test_a_person_forgotten_while_booking_again_gets_a_new_key(store):
    place(store)
    with store.recorder.transaction() as db:
        store.vault.destroy(db, person("ada"), 1)
    booking_id = new_id()
    later = [Ref(booking, booking_id)]
    store.append(later, lambda made: [booking.place(made, placed("ada"))], note())
    [recorded] = store.history(booking_id)
    assert recorded.event.personal.first_name == "Ada"


def test_a_queued_append_whose_commit_got_no_answer_is_looked_up(store, monkeypatch):
    alone = store._alone_with

    @contextmanager
    def cut_off(refs):
        with alone(refs):
            yield
        raise OperationalError("the answer to the commit is lost")

    monkeypatch.setattr("eventlog.store.OPTIMISTIC", 0)
    monkeypatch.setattr(store, "_alone_with", cut_off)
    appended = place(store)
    assert (appended.position, len(appended.events)) == (2, 2)
    assert store.recorder.max_notification_id() == 2


def test_a_writer_in_a_transaction_waits_for_no_thread_of_this_process(store):
    """Which may be waiting in Postgres for what the transaction holds."""
    ref, is_deciding, goes_on = Ref(customer, person("ada")), Event(), Event()

    def slow(_):
        is_deciding.set()
        assert goes_on.wait(20), "the transaction waited for this writer"
        return [[]]

    with ThreadPoolExecutor(1) as other:
        queued = other.submit(store.append, [ref], slow, note())
        assert is_deciding.wait(20)
        with store.recorder.transaction():
            store.append([ref], lambda _: [[VipGranted()]], note())
        goes_on.set()
        assert queued.result().events == []
