"""The house's questions read hardly more pages when its past is longer; and the past is one that can have been."""

from collections import Counter
from functools import reduce
from itertools import groupby

from bench.read import HITS, MOST, RARE, VAULT, bring_up, costs_at, fill, tell
from bench.years import Years, load
from domain import booking, pickup_day
from domain.booking_status import ACTIVE
from eventlog.envelope import AGGREGATES, decode, unseal_all
from eventlog.passage import passed
from projections.models import MODELS

COMING = 300
FEW, MANY, DEEP = Years(800, COMING), Years(2_400, COMING), 600


def read(db):
    return [decode(row) for rows in passed(db, 0, 2**62, 10_000) for row in rows]


def by_stream(events):
    ordered = sorted(events, key=lambda one: (one.originator_id, one.position))
    return {stream: list(own) for stream, own in groupby(ordered, lambda one: one.originator_id)}


def aggregate_of(event):
    return next(aggregate for aggregate in AGGREGATES if isinstance(event, aggregate.Event))


def costs(db, database, years):
    db.execute("truncate eventlog.stored_events, eventlog.person_keys restart identity")
    db.execute(f"drop schema {', '.join(MODELS)} cascade")
    fill(database, years, bring_up)
    return costs_at(database, DEEP)


def test_the_past_that_is_loaded_can_have_been(db):
    count = load(db, VAULT, FEW, tell)
    events = unseal_all(read(db), VAULT, db)
    assert len(events) == count
    assert [one for one in events if one.sealed] == []
    streams = by_stream(events)
    for own in streams.values():
        assert [one.originator_version for one in own] == list(range(1, len(own) + 1))
    states = {
        stream: reduce(aggregate_of(own[0].event).evolve, (one.event for one in own), None)
        for stream, own in streams.items()
    }
    made = {id: state for id, state in states.items() if isinstance(state, booking.Booking)}
    days = [state for state in states.values() if isinstance(state, pickup_day.PickupDay)]
    assert len(made) == FEW.bookings
    assert {id for day in days for id in day.places} == {id for id, one in made.items() if one.status != "cancelled"}
    assert all(pickup_day.left(day, one.service_type, 0) >= 0 for day in days for one in day.places.values())
    assert sum(one.placed.personal.last_name == RARE for one in made.values()) == HITS
    assert Counter(one.status in ACTIVE for one in made.values())[True] > COMING / 2


def test_every_question_reads_hardly_more_pages_of_a_longer_past(db, database):
    few, many = (costs(db, database, years) for years in (FEW, MANY))
    assert {label: one.answers for label, one in few.items()} == {label: one.answers for label, one in many.items()}
    pages = {label: (few[label].pages, many[label].pages) for label in few}
    assert {label: (first, last) for label, (first, last) in pages.items() if last > MOST * first} == {}
    db.execute("drop index bookings.lines_status_created_at_booking_id_idx")
    assert costs_at(database, DEEP)["list, page 1"].pages > MOST * few["list, page 1"].pages
