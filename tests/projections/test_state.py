"""How far read models are, measured against what is committed."""

from datetime import UTC, datetime, timedelta

import psycopg

from eventlog.feed import Batch, Progress
from projections import calendar, locks
from projections.applying import apply
from projections.models import MODELS
from projections.state import standing, state
from tests.projections.stories import Story, follow


def test_every_model_is_shown_and_is_complete_at_the_end_of_the_log(store, made):
    Story(store).place()
    follow(store, made, calendar)
    shown = {model.name: model for model in state(made)}
    assert set(shown) == set(MODELS)
    at = shown["calendar"].standing
    assert (at.complete, at.head, at.lag_events, at.lag_s, at.parked, at.is_stopped) == (2, 2, 0, 0, 0, False)
    assert (shown["history"].standing.complete, shown["history"].standing.lag_events) == (0, 2)


def test_the_lag_is_the_age_of_the_first_event_that_is_missing(store, made):
    now = datetime.now(UTC)
    Story(store, 1).place(at=now - timedelta(minutes=3))
    Story(store, 2, "eve").place(at=now)
    assert 179 < standing(made, "calendar").lag_s < 240
    follow(store, made, calendar)
    assert standing(made, "calendar").lag_s == 0


def test_what_is_committed_and_not_settled_counts_as_lag(store, made, database):
    Story(store, 1).place()
    follow(store, made, calendar)
    with psycopg.connect(database) as other:
        other.execute("""insert into eventlog.stored_events (originator_id, originator_version, topic, state)
                         values (gen_random_uuid(), 1, 'BookingConfirmed', '{}')""")
        Story(store, 2, "eve").place()
        follow(store, made, calendar)
        assert standing(made, "calendar").lag_events == 2
        other.rollback()


def test_over_kafka_an_idle_partition_is_complete_as_far_as_the_relay_has_published(store, made):
    Story(store).place()
    at = {partition: Progress() for partition in range(8)}
    made.execute("update eventlog.relay set position = 2, head = case when partition = 5 then 2 else 0 end")
    apply(made, calendar, Batch([], at | {5: Progress(1)}), store.vault)
    assert standing(made, "calendar").complete == 1
    apply(made, calendar, Batch([], {5: Progress(2)}), store.vault)
    assert standing(made, "calendar").complete == 2


def test_claims_are_counted_in_this_database_only(made):
    assert {model.claimed for model in state(made)} == {0}
    assert locks.try_claim(made, "calendar", 3)
    assert locks.try_claim(made, "calendar", 4)
    assert {model.name: model.claimed for model in state(made) if model.claimed} == {"calendar": 2}
