"""Asking after a write: the answer has what was written, or says that it is not there yet."""

import threading

import pytest

from projections import calendar, dashboard
from projections.asking import BeyondTheEnd, ReadModelBehind, await_position, reading
from projections.schemas import name_of
from tests.projections.stories import Story, follow


def test_what_is_applied_is_there_at_once(store, made, pool):
    position = Story(store).place()
    follow(store, made, calendar)
    await_position(pool, [calendar], position, timeout_s=0)


def test_whoever_asks_too_early_is_told_which_model_is_behind(store, made, pool):
    position = Story(store).place()
    follow(store, made, calendar)
    with pytest.raises(ReadModelBehind, match="dashboard"):
        await_position(pool, [calendar, dashboard], position, timeout_s=0.05)


def test_the_wait_ends_when_the_model_has_it(store, made, pool):
    position = Story(store).place()
    late = threading.Timer(0.2, follow, (store, made, calendar))
    late.start()
    await_position(pool, [calendar], position, timeout_s=10)
    late.join()
    with reading(pool, calendar) as db:
        assert db.execute("select sum(places) from taken").fetchone() == (1,)


def test_only_the_partition_of_the_position_matters(store, made, pool):
    one = Story(store, 1).place()
    follow(store, made, calendar)
    Story(store, 2, "eve").place()
    await_position(pool, [calendar], one, timeout_s=0)


def test_a_position_that_no_event_has_means_the_event_before_it(store, made, pool):
    Story(store, 1).place()
    made.execute("select nextval('eventlog.stored_events_notification_id_seq')")
    last = Story(store, 2, "eve").place()
    with pytest.raises(ReadModelBehind):
        await_position(pool, [calendar], last - 2, timeout_s=0)
    follow(store, made, calendar)
    await_position(pool, [calendar], last - 2, timeout_s=0)


def test_before_the_first_event_there_is_nothing_to_wait_for(made, pool):
    await_position(pool, [calendar], 0, timeout_s=0)


@pytest.mark.parametrize("position", [-1, 3, 2**62])
def test_a_position_beyond_the_end_is_refused(store, made, pool, position):
    assert Story(store).place() == 2
    with pytest.raises(BeyondTheEnd):
        await_position(pool, [calendar], position, timeout_s=0)


def test_names_of_tables_mean_those_of_the_models_asked(pool):
    with reading(pool, dashboard) as db:
        assert db.execute("select to_regclass('counts'), to_regclass('surcharges')").fetchone() == ("counts", None)
    with pool.connection() as db:
        assert db.execute("select to_regclass('counts')").fetchone() == (None,)


def test_several_models_can_be_asked_together(pool):
    with reading(pool, dashboard, calendar) as db:
        path = db.execute("show search_path").fetchone()[0]
    assert [name_of(model) in path for model in (calendar, dashboard)] == [True, True]
