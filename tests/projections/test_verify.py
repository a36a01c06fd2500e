"""Verify finds what is wrong with the log, the read models and the topic, and nothing when all is right."""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from eventlog.envelope import key_of
from eventlog.feed import KafkaFeed, headers
from projections.models import MODELS, create_all
from projections.rebuilding import Site
from projections.schemas import exists
from projections.switching import workbench
from projections.verify import verify
from tests.projections.going_on import catch_up, in_background, live, projected
from tests.projections.stories import act


@pytest.fixture
def site(database, vault):
    return Site(database, vault)


@pytest.fixture
def lived(store, db):
    """Ten bookings, in all read models."""
    for _ in range(10):
        live(store)
    act(store)
    catch_up(store, db, *MODELS.values())


def test_all_is_well(site, lived):
    assert list(verify(site)) == []


def test_all_is_well_before_the_first_event(site, db):
    create_all(db)
    assert list(verify(site)) == []


def test_all_is_well_while_bookings_and_projection_go_on(site, lived, store, database, vault):
    with projected(database, vault, *MODELS.values()), in_background(lambda: live(store)):
        assert [list(verify(site)) for _ in range(3)] == [[], [], []]


def test_verifying_leaves_nothing_behind(site, lived, db):
    list(verify(site))
    assert not [name for name in MODELS if exists(db, f"{name}_folded")]


def test_a_read_model_that_was_never_made_is_found(site, db):
    db.execute("drop schema calendar cascade")
    assert [finding for finding in verify(site) if finding.startswith("calendar: is not there")]


@pytest.mark.parametrize("name", MODELS)
def test_a_row_that_history_does_not_tell_is_found(site, lived, db, name):
    tables = {
        "audit": "entries",
        "bookings": "lines",
        "calendar": "taken",
        "customers": "purchases",
        "dashboard": "bookings",
        "history": "entries",
        "ledger": "postings",
        "payments": "payments",
    }
    table = tables[name]
    db.execute(f"delete from {name}.{table} where ctid = (select min(ctid) from {name}.{table})")
    [finding] = verify(site)
    assert finding.startswith(f"{name}: {table}: 1 rows only in {name}_folded")


def test_what_differs_is_told_without_the_names_of_people(site, lived, db):
    db.execute('update history.bookings set details = details || \'{"first_name": "Canary"}\'')
    findings = "\n".join(verify(site))
    assert "10 rows only in history," in findings
    assert "Canary" not in findings


def test_a_read_model_beyond_the_log_is_found(site, lived, db):
    db.execute("update calendar.positions set position = 1000000 where partition = 5")
    assert list(verify(site)) == ["calendar: is beyond the log's end in the partitions [5]"]


def test_a_missing_version_is_found(site, store, db):
    create_all(db)
    guest = live(store)
    db.execute(
        "delete from eventlog.stored_events where originator_id = %s and originator_version = 1", (guest.payment,)
    )
    assert [finding for finding in verify(site) if f"stream {guest.payment} has" in finding]


def test_versions_in_the_wrong_order_are_found(site, store, db):
    create_all(db)
    guest = live(store)
    db.execute(
        """update eventlog.stored_events set notification_id = 1000 - notification_id
                  where originator_id = %s""",
        (guest.payment,),
    )
    assert [finding for finding in verify(site) if f"stream {guest.payment}: version 2" in finding]


def test_an_event_of_a_newer_version_is_found(site, lived, db):
    db.execute(
        """insert into eventlog.stored_events (originator_id, originator_version, topic, state)
                  values (%s, 1, 'BookingTeleported', '{}')""",
        (uuid4(),),
    )
    assert list(verify(site)) == ["1 events are called BookingTeleported, which this version does not know"]


def test_parked_keys_are_told(site, lived, db):
    db.execute("insert into calendar.parked_keys (key, partition, error) values (%s, 1, 'ArithmeticError')", (uuid4(),))
    assert list(verify(site)) == ["calendar: 1 keys are parked"]


def test_a_model_that_is_being_rebuilt_is_not_compared(site, lived, database):
    with workbench(database, "calendar"):
        [finding] = verify(site)
    assert finding.startswith("calendar: was not compared")


def test_a_relay_ahead_of_the_log_is_found(site, lived, db):
    db.execute("update eventlog.relay set position = 1000000 where partition = 2")
    assert [finding for finding in verify(site) if "partition 2 (head 0, position 1000000)" in finding]


# Kafka against the log


def test_a_topic_with_all_that_was_published_is_well(site, lived, log, topic):
    with published(log, topic) as feed:
        assert list(verify(site, feed)) == []


def test_what_was_sent_again_after_a_failure_is_well(site, lived, log, topic):
    with published(log, topic, lambda sent: [*sent[:5], *sent[7:9], *sent[3:]]) as feed:
        assert list(verify(site, feed)) == []


def test_an_event_that_the_topic_lacks_is_found(site, lived, log, topic):
    with published(log, topic, lambda sent: sent[:20] + sent[21:]) as feed:
        [finding] = verify(site, feed)
    assert "of the topic has" in finding


def test_an_event_that_lies_otherwise_in_the_topic_is_found(site, lived, log, topic):
    def changed(sent):
        row, previous, head = sent[3]
        return [*sent[:3], (row._replace(body=row.body.replace(b"guest", b"staff")), previous, head), *sent[4:]]

    with published(log, topic, changed) as feed:
        [finding] = verify(site, feed)
    assert "other events than the log" in finding


@pytest.fixture
def topic(bootstrap):
    """A topic of the test's own, with eight partitions."""
    name = f"verify-{uuid4().hex}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name=name, num_partitions=8, replication_factor=1)])
    yield bootstrap, name
    admin.delete_topics([name])
    admin.close()


@contextmanager
def published(log, topic, arranged=list):
    """A feed of what a relay has published, had it sent the records as `arranged`."""
    bootstrap, name = topic
    heads = dict.fromkeys(range(8), 0)
    sent = []
    for row in log.read(0, 10_000, 2**62):
        partition = log.partition(row)
        sent.append((row, heads[partition], partition))
        heads[partition] = row.position
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for row, previous, partition in arranged(sent):
        producer.send(name, row.body, key_of(row.body).bytes, headers(row, previous), partition)
    producer.flush(10)
    producer.close()
    with log.recorder.transaction() as db:
        for partition, head in heads.items():
            db.execute(
                "update eventlog.relay set head = %s, position = %s where partition = %s",
                (head, max(heads.values()), partition),
            )
    feed = KafkaFeed(log, bootstrap, name)
    try:
        yield feed
    finally:
        feed.close()
