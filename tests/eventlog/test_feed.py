"""Both feeds give every event once and in order, whatever has happened to the topic on the way."""

from contextlib import closing

import pytest
from kafka import KafkaConsumer, KafkaProducer

from eventlog import feed as feeds
from eventlog.feed import FeedAway, KafkaFeed, PostgresFeed, Progress, from_record, headers, log_at, topic_name
from integrations.embedded.child import wait_until
from integrations.embedded.kafka import KafkaBroker
from tests.eventlog.streams import START, Reader, Writer, by_partition, log_of
from tests.eventlog.topics import delete, empty, make, running
from workers.relay import Relay


@pytest.fixture
def topic(db):
    return topic_name(*db.execute("select id from eventlog.log").fetchone())


@pytest.fixture
def writer(database):
    with Writer(database) as writer:
        yield writer


@pytest.fixture
def publish(database, bootstrap):
    """Everything that is in the log."""

    def publish():
        with running(Relay(database, bootstrap)) as relay:
            assert wait_until(lambda: relay.position == log_of(database)[-1][1], 30), relay.trouble

    return publish


@pytest.fixture
def reader(log, bootstrap, topic):
    feed = KafkaFeed(log, bootstrap, topic)
    yield Reader(feed)
    feed.close()


def test_both_feeds_give_what_the_log_has_in_its_order(database, log, writer, publish, reader):
    writer.write(150)
    writer.waste()
    writer.write(150)
    publish()
    reader.read_all(database)
    direct = Reader(PostgresFeed(log))
    direct.read_all(database)
    assert direct.seen == log_of(database)
    assert reader.by_partition() == direct.by_partition()
    assert sum(map(bool, reader.by_partition().values())) > 3


def test_each_record_names_the_position_before_it_in_its_partition(writer, publish, bootstrap, topic):
    writer.write(100)
    publish()
    writer.write(100)
    publish()
    with closing(KafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")) as consumer:
        found = {partition: [0] for partition in range(8)}
        while sum(map(len, found.values())) < 208:
            for where, records in consumer.poll(timeout_ms=1000).items():
                for record in records:
                    stored, previous = from_record(record)
                    assert previous == found[where.partition][-1]
                    found[where.partition].append(stored.position)


def test_a_read_gives_no_more_than_its_limit(writer, publish, reader):
    writer.write(100)
    publish()
    sizes = [len(reader.read(limit=7).events) for _ in range(20)]
    assert max(sizes) == 7
    assert sum(sizes) == 100


def test_a_reader_may_change_feeds_at_any_time(database, log, writer, publish, reader):
    over_kafka = reader.feed
    for feed in (over_kafka, PostgresFeed(log), over_kafka, PostgresFeed(log), over_kafka):
        writer.write(60)
        publish()
        reader.feed = feed
        reader.read_all(database)
    assert reader.by_partition() == by_partition(log_of(database))


def test_a_reader_that_began_in_the_log_goes_on_over_kafka(database, log, writer, publish, reader):
    writer.write(100)
    publish()
    over_kafka, reader.feed = reader.feed, PostgresFeed(log)
    reader.read_all(database)
    reader.feed = over_kafka
    writer.write(100)
    publish()
    reader.read_all(database)
    assert reader.by_partition() == by_partition(log_of(database))


def test_what_was_given_and_not_applied_is_given_again(database, writer, publish, reader):
    writer.write(100)
    publish()
    applied = reader.progress
    reader.read_until(lambda: reader.seen)
    lost, reader.seen, reader.progress = reader.seen, [], applied
    reader.read_all(database)
    assert lost
    assert reader.by_partition() == by_partition(log_of(database))


def test_partitions_are_claimed_and_given_up_between_reads(database, writer, publish, log, bootstrap, topic):
    one, other = (Reader(KafkaFeed(log, bootstrap, topic)) for _ in range(2))
    for mine in ({0, 1, 2}, {0}, {0, 1, 2, 5, 6}, {7}):
        writer.write(60)
        publish()
        everything = one.progress | other.progress
        one.progress = {partition: everything[partition] for partition in mine}
        other.progress = {partition: at for partition, at in everything.items() if partition not in mine}
        one.read_all(database)
        other.read_all(database)
    one.feed.close()
    other.feed.close()
    assert by_partition(sorted(one.seen + other.seen)) == by_partition(log_of(database))


@pytest.mark.parametrize("later", [0, 50])
@pytest.mark.parametrize("lose", [empty, delete])
def test_what_the_topic_has_lost_comes_from_the_log(lose, later, database, writer, publish, bootstrap, topic, reader):
    writer.write(100)
    publish()
    reader.read_until(lambda: reader.seen)
    writer.write(100)
    publish()
    lose(bootstrap, topic)
    writer.write(later)
    publish()
    reader.read_all(database)
    fresh = Reader(reader.feed)
    fresh.read_all(database)
    assert reader.by_partition() == fresh.by_partition() == by_partition(log_of(database))


def test_a_topic_made_anew_has_other_records_at_the_old_offsets(database, writer, publish, bootstrap, topic, reader):
    writer.write(100)
    publish()
    reader.read_all(database)
    delete(bootstrap, topic)
    for _ in range(3):
        writer.write(100)
        publish()
    reader.read_all(database)
    assert reader.by_partition() == by_partition(log_of(database))


@pytest.fixture
def disorder(database, bootstrap, topic, log):
    """One partition in which the second event arrived behind the third, was sent twice, and the fifth is missing."""
    with Writer(database, streams=1) as writer:
        writer.write(7)
    make(bootstrap, topic)
    rows = log.read(0, 10, 10)
    with closing(KafkaProducer(bootstrap_servers=bootstrap)) as producer:
        for position in (1, 3, 2, 3, 2, 4, 6, 7):
            sent = headers(rows[position - 1], position - 1)
            producer.send(topic, rows[position - 1].body, b"key", sent, log.partition(rows[0])).get(10)
    return [(log.partition(rows[0]), position) for position in range(1, 8)]


def test_records_behind_later_ones_twice_or_missing_come_once_and_in_order(disorder, reader):
    reader.read_until(lambda: len(reader.seen) >= 7)
    reader.read()
    assert reader.seen == disorder


def test_a_reader_that_ignores_the_position_before_loses_events(disorder, reader, monkeypatch):
    monkeypatch.setattr(feeds, "from_record", lambda record: (from_record(record)[0], 0))
    reader.read_until(lambda: (disorder[0][0], 7) in reader.seen)
    assert [position for _, position in reader.seen] == [1, 3, 4, 6, 7]


def test_a_long_hole_is_filled_piece_by_piece(database, writer, publish, bootstrap, topic, reader, monkeypatch):
    monkeypatch.setattr(feeds, "CHUNK", 25)
    writer.write(300)
    publish()
    empty(bootstrap, topic)
    writer.write(30)
    publish()
    biggest = 0

    def complete():
        nonlocal biggest
        biggest = max(biggest, len(reader.read().events))
        return len(reader.seen) >= 330

    assert wait_until(complete, 30)
    reader.read()
    assert reader.by_partition() == by_partition(log_of(database))
    assert biggest < 200


def test_what_is_published_is_read_though_somebody_is_writing_now(database, publish, bootstrap, topic, log, writer):
    writer.write(20)
    writer.waste()
    writer.write(20)
    publish()
    empty(bootstrap, topic)
    with Writer(database) as slow, log_at(database) as fresh:
        slow.insert()
        assert len(fresh.read(0, 100, 100)) == 20  # it cannot prove by itself that the number wasted is dead
        reader = Reader(KafkaFeed(fresh, bootstrap, topic))
        reader.read_until(lambda: len(reader.seen) >= 40, 15)
        reader.feed.close()
    assert reader.by_partition() == by_partition(log_of(database))


def test_no_broker_is_feed_away_and_nothing_is_lost(database, tmp_path, log, topic):
    with KafkaBroker(tmp_path) as broker, Writer(database) as writer, running(Relay(database, broker.bootstrap)):
        writer.write(50)
        reader = Reader(KafkaFeed(log, broker.bootstrap, topic))
        reader.read_all(database)
        broker.kill()
        writer.write(50)
        with pytest.raises(FeedAway):
            KafkaFeed(log, broker.bootstrap, topic)
        broker.start()
        reader.read_all(database)
        reader.feed.close()
    assert reader.by_partition() == by_partition(log_of(database))


def test_a_reader_of_an_empty_log_waits_and_gets_nothing(log):
    assert PostgresFeed(log).read(START, 10, 0.1).events == []
    assert PostgresFeed(log).read({3: Progress(5, 7)}, 10, 0).progress == {3: Progress(5, 7)}
