"""Parked keys: what cannot be projected waits with its successors; everybody else goes on."""

import pytest

from domain import booking
from projections import history, parking
from projections.applying import Place, positions, retry_parked
from projections.schemas import enter
from tests.projections.stories import Story, follow

EVERYBODY = range(8)


@pytest.fixture
def faulty(monkeypatch):
    """`faulty(*names)`: the history fails on events of these bookings from now on; without names it is mended."""
    project = history.project

    def fault(*numbers, at=("BookingPlaced",)):
        ids = {Story(None, n).id for n in numbers}

        def projecting(db, batch):
            project(db, batch)
            for recorded in batch:
                if recorded.key in ids and recorded.name in at:
                    raise LookupError(f"{getattr(recorded.event, 'personal', None)} is too much")

        monkeypatch.setattr(history, "project", projecting)

    return fault


def parked(db):
    with db.transaction():
        enter(db, "history")
        return parking.parked_keys(db)


def wish(db, key, wanted):
    with db.transaction():
        enter(db, "history")
        return parking.ask_for(db, key, wanted)


def entries(db, story):
    return [name for (name,) in db.execute(
        "select name from history.entries where booking_id = %s order by position", (story.id,))]  # fmt: skip


def retry(store, db, log):
    return retry_parked(Place(db, history, store.vault, "history"), EVERYBODY, log)


@pytest.fixture
def stories(store):
    return [Story(store, n, f"guest{n}") for n in range(6)]


def test_a_key_that_fails_is_parked_and_all_others_are_current(store, made, stories, faulty):
    faulty(3)
    for story in stories:
        story.place()
    follow(store, made, history)
    [key] = parked(made)
    assert (key.key, key.positions, key.attempts, key.wanted) == (stories[3].id, [7, 8], 1, None)
    assert [len(entries(made, story)) for story in stories] == [1, 1, 1, 0, 1, 1]
    assert {at.position for at in positions(made, "history").values()} == {12}


def test_the_error_names_kind_and_place_and_nobodys_data(store, made, stories, faulty):
    faulty(3)
    stories[3].place()
    follow(store, made, history)
    [key] = parked(made)
    assert key.error.startswith("LookupError in projecting, line ")
    assert "example.com" not in key.error


def test_successors_wait_behind_a_parked_event_also_in_later_batches(store, made, stories, faulty):
    faulty(3)
    for story in stories:
        story.place()
    stories[3].turn(booking.BookingConfirmed())
    follow(store, made, history)
    stories[3].pay()
    stories[4].pay()
    follow(store, made, history)
    assert [len(key.positions) for key in parked(made)] == [7]
    assert (entries(made, stories[3]), len(entries(made, stories[4]))) == ([], 5)


def test_a_retry_after_the_fix_catches_up(store, made, log, stories, faulty):
    faulty(3)
    stories[3].place()
    stories[3].turn(booking.BookingConfirmed())
    follow(store, made, history)
    faulty()
    assert wish(made, stories[3].id, "retry")
    assert retry(store, made, log) == 1
    assert (entries(made, stories[3]), parked(made)) == (["BookingPlaced", "BookingConfirmed"], [])
    assert made.execute("select details->>'email' from history.bookings").fetchone() == ("guest3@example.com",)
    stories[3].turn(booking.BookingStarted())
    follow(store, made, history)
    assert entries(made, stories[3])[-1] == "BookingStarted"


def test_a_retry_without_a_fix_parks_it_again_and_counts_the_attempt(store, made, log, stories, faulty):
    faulty(3)
    stories[3].place()
    follow(store, made, history)
    wish(made, stories[3].id, "retry")
    assert retry(store, made, log) == 1
    assert retry(store, made, log) == 0
    assert [(key.attempts, key.wanted) for key in parked(made)] == [(2, None)]


def test_a_retry_goes_on_up_to_the_next_event_that_fails(store, made, log, stories, faulty):
    faulty(3)
    stories[3].place()
    stories[3].turn(booking.BookingConfirmed())
    stories[3].turn(booking.BookingStarted())
    follow(store, made, history)
    faulty(3, at=("BookingConfirmed",))
    wish(made, stories[3].id, "retry")
    retry(store, made, log)
    assert (entries(made, stories[3]), [len(key.positions) for key in parked(made)]) == (["BookingPlaced"], [2])


def test_to_skip_leaves_out_the_event_that_failed_and_nothing_else(store, made, log, stories, faulty):
    faulty(3, at=("BookingCancelled",))
    stories[3].place()
    stories[3].cancel("words")
    stories[3].turn(booking.BookingReinstated(stories[3].payment, 1))
    follow(store, made, history)
    wish(made, stories[3].id, "skip")
    retry(store, made, log)
    assert (entries(made, stories[3]), parked(made)) == (["BookingPlaced", "BookingReinstated"], [])


def test_what_is_asked_for_is_done_only_by_the_holder_of_the_partition(store, made, log, stories, faulty):
    faulty(3)
    stories[3].place()
    follow(store, made, history)
    faulty()
    wish(made, stories[3].id, "retry")
    [key] = parked(made)
    others = [partition for partition in EVERYBODY if partition != key.partition]
    assert retry_parked(Place(made, history, store.vault, "history"), others, log) == 0
    assert retry_parked(Place(made, history, store.vault, "history"), [key.partition], log) == 1


def test_a_key_that_is_not_parked_cannot_be_retried(made, stories):
    assert not wish(made, stories[3].id, "retry")


def test_after_fifty_parked_keys_the_model_stops_and_goes_on_after_retries(store, made, log, faulty):
    stories = [Story(store, n, f"guest{n}") for n in range(60)]
    tell_all(store, stories)
    faulty(*range(5, 60))
    with pytest.raises(parking.Stopped, match="50 keys"):
        follow(store, made, history)
    assert len(parked(made)) == 50
    reached = {partition: at.position for partition, at in positions(made, "history").items()}
    faulty()
    for key in parked(made):
        wish(made, key.key, "retry")
    retry(store, made, log)
    follow(store, made, history)
    assert [len(entries(made, story)) for story in stories] == [1] * 60
    assert max(reached.values()) < store.recorder.max_notification_id()


def tell_all(store, stories):
    for story in stories:
        story.place()


def test_a_body_that_does_not_fit_its_name_parks_its_key_and_is_projected_once_it_is_mended(store, made, stories, log):
    for story in stories:
        story.place()
    stories[3].pay()
    torn = "update eventlog.stored_events set state = %s where originator_id = %s and originator_version = 1"
    [whole] = made.execute(
        "select state from eventlog.stored_events where originator_id = %s", (stories[3].id,)
    ).fetchone()
    made.execute(torn, (bytes(whole).replace(b'"booking_number"', b'"booking_numeral"'), stories[3].id))
    follow(store, made, history)
    assert [(one.key, len(one.positions) > 1, one.error.split()[0]) for one in parked(made)] == [
        (stories[3].id, True, "UnreadableBody")]  # fmt: skip
    assert entries(made, stories[3]) == []
    assert entries(made, stories[2])

    made.execute(torn, (whole, stories[3].id))
    assert wish(made, stories[3].id, "retry")
    assert retry(store, made, log) == 1
    assert parked(made) == []
    assert entries(made, stories[3])[0] == "BookingPlaced"
