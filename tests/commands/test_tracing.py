"""What staff do and its entry in the audit log are written together, once; the entry holds nothing personal."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec import json

from commands import booking_ref, day_ref, payment_ref
from commands.catalog import seed
from commands.tracing import Trace
from domain import Refused, audit, pickup_day
from domain.audit import Action, Change, PersonalChangeRecorded, StaffActed, Whence
from eventlog.envelope import decode
from eventlog.feed import open_log
from eventlog.ids import new_id
from eventlog.statements import Once
from eventlog.store import EventStore, KeyTaken
from tests.commands.changes import start_booking
from tests.commands.wishes import pay, place
from tests.eventlog.golden_events import EVENTS
from tests.samples import MONDAY, NOON, person


def trace(change=None):
    acted = StaffActed(person("max"), Action.MODIFY_BOOKING, "req-1", person("max"), personal=Whence("192.0.2.7", ""))
    return Trace(new_id(), acted, change)


@pytest.fixture
def staff(ctx):
    return lambda change=None, **more: ctx(actor="staff:max", trace=trace(change), **more)


def recorded(store):
    return [decode(stored) for stored in open_log(store.recorder).read(0, 10_000, 2**62)]


def entries(store):
    return [one.event for one in recorded(store) if one.name == "StaffActed"]


def set_limit(ctx, limit, service="mini_move", day=MONDAY):
    return ctx.append([day_ref(day)], lambda state: [pickup_day.set_limit(state, day, service, limit)])


# Once, with the act, or not at all


def test_an_act_and_its_entry_are_one_append_under_one_key(staff, store):
    appended = set_limit(staff(), 5)
    *_, act, entry = sorted(recorded(store), key=lambda one: one.name == "StaffActed")
    assert (act.name, entry.name) == ("LimitSet", "StaffActed")
    assert {act.position, entry.position} == {appended.position - 1, appended.position}
    assert (act.key, act.origin, act.at) == (entry.key, entry.origin, entry.at)


def test_an_act_whose_entry_cannot_be_written_is_not_done(staff, store, db):
    db.execute("alter table eventlog.stored_events add constraint broken check (topic <> 'StaffActed') not valid")
    with pytest.raises(Exception, match="broken"):
        set_limit(staff(), 5)
    assert store.history(pickup_day.stream(MONDAY)) == []


def test_a_refused_command_has_no_entry(staff, store):
    with pytest.raises(Refused):
        set_limit(staff(), -1)
    assert entries(store) == []


def test_a_command_that_changes_nothing_has_no_entry(staff, store):
    done = set_limit(staff(), 5).position
    assert set_limit(staff(), 5).position in (done, done - 1)
    assert len(entries(store)) == 1


def test_a_command_of_several_appends_has_one_entry(staff, store):
    for again in (lambda ctx: ctx, lambda ctx: ctx.without_key()):
        ctx, before = staff(), len(entries(store))
        set_limit(ctx, 5 + before)
        set_limit(again(ctx), 50 + before)
        assert len(entries(store)) == before + 1


def test_in_a_transaction_as_well(staff, store):
    ctx = staff()
    with store.recorder.transaction():
        set_limit(ctx, 5)
        set_limit(ctx, 6)
    assert [entry.after["pickup_day"]["limits"] for entry in entries(store)] == [{"mini_move": 5}]


def test_a_transaction_taken_back_takes_the_entry_along(staff, store):
    def fail():
        with store.recorder.transaction():
            set_limit(staff(), 5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert entries(store) == []


def test_a_repeated_idempotency_key_has_one_entry(staff, store):
    once = Once("staff:max", "PATCH /limit/", "key", b"hash", {})
    set_limit(staff(once=once), 5)
    with pytest.raises(KeyTaken):
        set_limit(staff(once=once), 6)
    assert len(entries(store)) == 1


def test_acts_that_meet_have_one_entry_each_that_follow_each_other(staff, store, database, vault):
    """Eight writers in two processes: each entry goes from what the one before has left."""
    acts = range(40)
    with EventStore(database, vault) as other, ThreadPoolExecutor(8) as many:
        stores = (store, other)
        list(many.map(lambda n: set_limit(staff(store=stores[n % 2]), 100 + n), acts))
    told = entries(store)
    afters = [entry.after["pickup_day"]["limits"] for entry in told]
    assert sorted(limits["mini_move"] for limits in afters) == [100 + n for n in acts]
    assert [entry.before["pickup_day"] for entry in told[1:]] == [{"limits": limits} for limits in afters[:-1]]
    assert all(one.after != other.after for one, other in pairwise(told))


def test_the_entries_stream_is_written_once(staff, store):
    ctx = staff()
    set_limit(ctx, 5)
    assert audit.record(store.load(ctx.trace.ref._replace(is_new=False)).state, ctx.trace.acted) == []


# What it tells


def test_of_something_new_there_is_nothing_before(staff, store):
    set_limit(staff(), 5)
    [entry] = entries(store)
    assert entry.before == {"pickup_day": None}
    limited = {"places": {}, "limits": {"mini_move": 5}, "is_blackout": False, "reason": ""}
    assert entry.after == {"pickup_day": limited}


def test_only_what_is_different_is_told(ctx, staff, store):
    placed = place(ctx)
    pay(ctx, placed)
    start_booking(placed.booking_id, staff())
    [entry] = entries(store)
    assert (entry.before, entry.after) == ({"booking": {"status": "paid"}}, {"booking": {"status": "in_progress"}})


def test_a_full_day_makes_a_small_entry(ctx, staff, store):
    ids = [new_id() for _ in range(500)]
    places = [
        pickup_day.PlaceReserved(MONDAY, id, "mini_move", person("ada"), pickup_day.Slot("morning")) for id in ids
    ]
    ctx().append([day_ref(MONDAY)], lambda day: [places])
    staff().append([day_ref(MONDAY)], lambda day: [pickup_day.release(day, MONDAY, ids[7])])
    [entry] = entries(store)
    assert list(entry.before["pickup_day"]["places"]) == [str(ids[7])]
    assert entry.after == {"pickup_day": {"places": {str(ids[7]): None}}}
    assert len(json.encode(entry)) < 1_000


def test_of_two_streams_of_a_kind_both_are_told(staff, store):
    days = [MONDAY, MONDAY + timedelta(1)]
    staff().append([day_ref(day) for day in days], lambda *_: [[pickup_day.DayBlackedOut(day, "snow")] for day in days])
    [entry] = entries(store)
    assert set(entry.after) == {f"pickup_day {pickup_day.stream(day)}" for day in days}


def test_which_booking_and_whose_is_told_wherever_it_is_known(ctx, staff, store):
    placed = place(ctx)
    whose = store.load(booking_ref(placed.booking_id)).state.placed.person_id
    ref = payment_ref(placed.payment_id)
    staff().append([ref], lambda paying: [[EVENTS["PaymentProcessing"]]], placed.booking_id)
    staff().append([booking_ref(placed.booking_id)], lambda made: [[EVENTS["BookingDelayed"]]], placed.booking_id)
    seed(staff(now=NOON + timedelta(400)))
    one, other, catalogue = entries(store)
    assert (one.booking_id, one.customer_id) == (other.booking_id, other.customer_id) == (placed.booking_id, whose)
    assert (catalogue.booking_id, catalogue.customer_id) == (None, None)


def test_the_change_of_personal_data_lies_sealed_beside_it(staff, store, db):
    change = PersonalChangeRecorded(person("ada"), Change({"notes": "likes tea"}, {"notes": "likes coffee"}))
    set_limit(staff(change), 5)
    stream = next(one.originator_id for one in recorded(store) if one.name == "StaffActed")
    assert [one.name for one in store.history(stream)] == ["StaffActed", "PersonalChangeRecorded"]
    assert store.history(stream)[1].event.personal == change.personal
    for word in ("coffee", "192.0.2.7"):
        query = "select 1 from eventlog.stored_events where position(%s in convert_from(state, 'utf8')) > 0"
        assert db.execute(query, (word,)).rowcount == 0
