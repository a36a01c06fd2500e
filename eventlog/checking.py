"""What can be wrong with the log and its copy in Kafka; each finding is a sentence, and none means that all is well."""

from collections.abc import Iterator
from hashlib import sha256

from psycopg import Connection
from psycopg.rows import tuple_row

from eventlog.envelope import DECODERS, Stored, key_of, partition_of
from eventlog.feed import KafkaFeed
from eventlog.passage import passed

SHOWN, BATCH = 10, 5_000
GAPS = """
    select originator_id, count(*), max(originator_version) from eventlog.stored_events group by 1
    having min(originator_version) <> 1 or max(originator_version) <> count(*) order by 1 limit %s"""
DISORDER = """
    select originator_id, originator_version, notification_id, before from (
        select *, lag(notification_id) over (partition by originator_id order by originator_version) as before
        from eventlog.stored_events) e
    where before >= notification_id order by 1, 2 limit %s"""
RELAYED = """
    select partition, head, position from eventlog.relay
    where head > position or position > (select coalesce(max(notification_id), 0) from eventlog.stored_events)"""


def log_findings(db: Connection) -> Iterator[str]:
    """Gaps in versions, positions that do not ascend with them, unknown names, a relay ahead of the log."""
    ask = db.cursor(row_factory=tuple_row).execute
    for stream, count, last in ask(GAPS, (SHOWN,)).fetchall():
        yield f"stream {stream} has {count} events, the last of version {last}: some are missing"
    for stream, version, position, before in ask(DISORDER, (SHOWN,)).fetchall():
        yield f"stream {stream}: version {version} is at position {position}, the version before it at {before}"
    names = "select topic, count(*) from eventlog.stored_events where topic <> all(%s) group by 1 order by 1"
    for name, count in ask(names, (list(DECODERS),)).fetchall():
        yield f"{count} events are called {name}, which this version does not know"
    for partition, head, position in ask(RELAYED).fetchall():
        yield f"the relay's partition {partition} (head {head}, position {position}) is ahead of the log"


class Chain:
    """The events of one partition in their order: how many, the last one's position, and a digest of all of them."""

    def __init__(self) -> None:
        self.last, self.count, self._digest = 0, 0, sha256()

    def add(self, stored: Stored) -> None:
        self.last, self.count = stored.position, self.count + 1
        self._digest.update(f"{stored.position} {stored.stream} {stored.version} {stored.name} ".encode() + stored.body)

    def digest(self) -> bytes:
        return self._digest.digest()


def topic_findings(db: Connection, feed: KafkaFeed) -> Iterator[str]:
    """Whether the topic has all that the relay says it published, as it lies in the log, in one unbroken chain."""
    cursor = db.cursor(row_factory=tuple_row)
    heads = dict(cursor.execute("select partition, head from eventlog.relay order by partition").fetchall())
    in_log = log_chains(db, heads)
    for partition, head in heads.items():
        if not head:
            continue
        in_topic = topic_chain(feed, partition, head)
        if in_topic.count != in_log[partition].count:
            yield (f"partition {partition} of the topic has {in_topic.count} of {in_log[partition].count} events, "
                   f"the chain breaks behind {in_topic.last}: projectors read the rest from the log")  # fmt: skip
        elif in_topic.digest() != in_log[partition].digest():
            yield f"partition {partition} of the topic has other events than the log"


def log_chains(db: Connection, heads: dict[int, int]) -> dict[int, Chain]:
    """What lies in the log of each partition, up to its head."""
    chains = {partition: Chain() for partition in heads}
    for rows in passed(db, 0, max(heads.values()), BATCH):
        for stored in rows:
            partition = partition_of(key_of(stored.body), len(heads))
            if stored.position <= heads[partition]:
                chains[partition].add(stored)
    return chains


def topic_chain(feed: KafkaFeed, partition: int, head: int) -> Chain:
    """What a reader of nothing but the topic gets: each event once, after the one before it, up to the head.

    A record beyond a hole does not count: after a failed send the relay sends what is missing, then all that follows.
    """
    chain = Chain()
    for stored, previous in feed.records(partition):
        if previous == chain.last and chain.last < stored.position <= head:
            chain.add(stored)
    return chain
