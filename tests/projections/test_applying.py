"""Batches: each event counts exactly once, whatever comes twice, late, in parts or in other company."""

from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import booking
from domain.booking_events import BookingDeleted
from domain.customer import VipGranted
from eventlog.envelope import partition_of
from eventlog.feed import Batch, PostgresFeed, Progress
from projections import calendar, dashboard, history, parking
from projections.applying import apply, positions
from projections.models import MODELS
from tests.projections.accounts import Account
from tests.projections.stories import CENTS, Story, act, empty, follow, rows
from tests.samples import MONDAY, NOON

ALL = {partition: Progress() for partition in range(8)}


def some_lives(store, count=6):
    """Bookings of several people on two days, with every kind of end, woven into each other."""
    stories = [Story(store, n, f"guest{n}", day=MONDAY + timedelta(n % 2)) for n in range(count)]
    for story in stories:
        story.place()
    for n, story in enumerate(stories):
        story.move(MONDAY + timedelta(3 + n % 2), cents=CENTS + n)
        story.send_to("Sag Harbor", "11963", f"{n} Elsewhere")
    for n, story in enumerate(stories):
        story.cancel("no words") if n % 3 == 0 else story.pay(at=NOON + timedelta(days=n))
    for n, story in enumerate(stories):
        if n % 3 == 1:
            story.turn(booking.BookingStarted(), booking.BookingCompleted())
            story.give_back(at=NOON + timedelta(days=9))
    stories[0].turn(BookingDeleted())
    account = Account(store, "guest1")
    account.register()
    account.verify()
    account.tell(VipGranted())
    act(store, about="guest1")
    return stories


def whole(log):
    return PostgresFeed(log).read(ALL, 10_000, 0)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_batch_that_comes_twice_counts_once(store, made, log, model):
    some_lives(store)
    apply(made, model, batch := whole(log), store.vault)
    once = rows(made, model.__name__.rpartition(".")[2])
    apply(made, model, batch, store.vault)
    assert rows(made, model.__name__.rpartition(".")[2]) == once
    assert sum(map(len, once.values())) > 0


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("limit", [1, 3])
def test_the_size_of_batches_leaves_no_trace_in_the_rows(store, made, log, model, limit):
    name = model.__name__.rpartition(".")[2]
    some_lives(store)
    apply(made, model, whole(log), store.vault)
    at_once = rows(made, name)
    empty(made, name)
    follow(store, made, model, limit)
    assert rows(made, name) == at_once


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_keys_commute_in_any_order_that_keeps_each_of_them(store, made, log, data):
    if not store.recorder.max_notification_id():
        some_lives(store)
    batch = whole(log)
    for name, model in MODELS.items():
        expected = _applied(made, model, [batch], store.vault)
        shuffled = _woven(batch.events, data)
        cut = data.draw(st.integers(0, len(shuffled)))
        parts = [_of_partitions(shuffled[:cut]), _of_partitions(shuffled[cut:], batch.progress)]
        assert _applied(made, model, parts, store.vault) == expected, name


def _woven(events, data):
    """The events in another order, with those of each partition in theirs."""
    lanes = {}
    for recorded in events:
        lanes.setdefault(partition_of(recorded.key, 8), []).append(recorded)
    order = data.draw(st.permutations([partition for partition, lane in lanes.items() for _ in lane]))
    ahead = {partition: iter(lane) for partition, lane in lanes.items()}
    return [next(ahead[partition]) for partition in order]


def _of_partitions(events, progress=None):
    return Batch(events, progress or {partition_of(r.key, 8): Progress(r.position) for r in events})


def _applied(db, model, batches, vault):
    name = model.__name__.rpartition(".")[2]
    empty(db, name)
    for batch in batches:
        apply(db, model, batch, vault)
    return rows(db, name)


def test_only_partitions_named_in_the_batch_are_touched(store, made, log):
    some_lives(store)
    mine = {0: Progress(), 3: Progress()}
    apply(made, history, PostgresFeed(log).read(mine, 10_000, 0), store.vault)
    reached = store.recorder.max_notification_id()
    assert {p: at.position for p, at in positions(made, "history").items()} == {
        p: reached if p in mine else 0 for p in ALL
    }
    keys = [key for (key,) in made.execute("select booking_id from history.entries")]
    assert {partition_of(key, 8) for key in keys} <= set(mine)


def test_an_older_batch_never_brings_positions_back(store, made, log):
    some_lives(store)
    apply(made, calendar, whole(log), store.vault)
    apply(made, calendar, Batch([], {0: Progress(1, 7)}), store.vault)
    assert positions(made, "calendar")[0] == Progress(store.recorder.max_notification_id(), None)


def test_rows_and_positions_are_stored_together_or_not_at_all(store, made, log, monkeypatch):
    some_lives(store)

    def interrupted(db, batch):
        dashboard_project(db, batch)
        raise psycopg.OperationalError("the server went away")

    dashboard_project = dashboard.project
    monkeypatch.setattr(dashboard, "project", interrupted)
    with pytest.raises(psycopg.OperationalError):
        apply(made, dashboard, whole(log), store.vault)
    assert not any(rows(made, "dashboard").values())
    assert positions(made, "dashboard") == ALL


@pytest.mark.parametrize("error", [psycopg.OperationalError(), psycopg.errors.DeadlockDetected(), OSError(),
                                   psycopg.errors.DiskFull(), psycopg.errors.QueryCanceled(), MemoryError(),
                                   psycopg.errors.InternalError_(), psycopg.InterfaceError()])  # fmt: skip
def test_what_is_nobodys_fault_is_not_poison(error):
    assert not parking.is_poison(error)


@pytest.mark.parametrize("error", [KeyError("x"), psycopg.errors.UniqueViolation(), psycopg.DataError(), ValueError()])
def test_what_an_event_causes_is_poison(error):
    assert parking.is_poison(error)
