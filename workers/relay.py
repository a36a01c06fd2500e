"""The relay: publishes the settled log to Kafka in its order, one leader at a time.

The leader holds an advisory lock on the very connection that stores how far it is, so nobody else can store. It sends
a batch, waits until all of it is acknowledged, and stores. When a send has failed, a later one may have succeeded: then
it starts again from what is stored, and readers drop what they have and see by each record's `previous` what they lack.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event

import psycopg
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaTimeoutError, TopicAlreadyExistsError, for_code

from eventlog.envelope import Stored, key_of, partition_of
from eventlog.feed import LONGEST_POLL_S, POLL_S, Log, headers, log_at, topic_name
from workers.stopping import on_stop

LOCK = 7_042_002
BATCH, END = 2_000, 2**62
STANDBY_S, CHECK_S, LONGEST_PAUSE_S = 0.5, 5.0, 5.0
# So that the server notices within seconds when the leader's machine is gone, and lets the next one lead.
ALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
STORE = """
    update eventlog.relay set position = %s, head = new.head
    from unnest(%s::int[], %s::bigint[]) new (partition, head) where relay.partition = new.partition"""

log = logging.getLogger(__name__)


class Relay:
    """`run` publishes until `stop`. For metrics: is it the leader, its position, how many it published, its trouble."""

    def __init__(self, database_url: str, bootstrap: str, delivery_timeout_ms: int = 60_000):
        self._database_url, self._bootstrap, self._delivery_timeout_ms = database_url, bootstrap, delivery_timeout_ms
        self._stopping = Event()
        self._pause_s = POLL_S
        self.is_leader, self.position, self.published, self.trouble = False, 0, 0, ""

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Never gives up: whatever happens to Kafka or Postgres, it starts again from what is stored."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database_url, autocommit=True, options=ALIVE) as db:
                    if self._leads(db):
                        self._publish(db)
            except Exception as error:
                self.trouble = f"{type(error).__name__}: {error}"
                self._pause_s = min(max(self._pause_s, 0.1) * 2, LONGEST_PAUSE_S)
                log.warning("relay starts again in %.1f s: %s", self._pause_s, self.trouble)
                self._stopping.wait(self._pause_s)
            finally:
                self.is_leader = False

    def _leads(self, db: psycopg.Connection) -> bool:
        while not self._stopping.is_set():
            if db.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,):
                self.is_leader = True
                return True
            self._stopping.wait(STANDBY_S)
        return False

    def _publish(self, db: psycopg.Connection) -> None:
        topic = topic_name(*db.execute("select id from eventlog.log").fetchone() or ())
        stored = db.execute("select partition, head, position from eventlog.relay").fetchall()
        heads = {partition: head for partition, head, _ in stored}
        self.position = min(position for _, _, position in stored)
        with log_at(self._database_url) as source, _topic(self._bootstrap, topic, source.partitions) as vanished:
            with _producer(self._bootstrap, self._delivery_timeout_ms) as producer:
                while not self._stopping.is_set():
                    if rows := self._next(source):
                        sent = self._send(producer, topic, rows, heads)
                        if not self._delivered(producer, sent, vanished):
                            return
                        self._store(db, rows, heads)
                    else:
                        db.execute("select 1")
                        if vanished():
                            return

    def _next(self, source: Log) -> list[Stored]:
        """What comes next, or nothing after a while."""
        waited, pause = 0.0, POLL_S
        while not (rows := source.read(self.position, BATCH, END)) and waited < CHECK_S:
            if self._stopping.wait(pause):
                break
            waited += pause
            pause = min(pause * 1.2, LONGEST_POLL_S)
        return rows

    def _send(self, producer: KafkaProducer, topic: str, rows: Sequence[Stored], heads: dict[int, int]) -> list:
        sent = []
        for row in rows:
            key = key_of(row.body)
            partition = partition_of(key, len(heads))
            sent.append(producer.send(topic, row.body, key.bytes, headers(row, heads[partition]), partition))
            heads[partition] = row.position
        return sent

    def _delivered(self, producer: KafkaProducer, sent: list, vanished: Callable[[], bool]) -> bool:
        """Whether all are acknowledged; False to start again or to stop. Raises the error of a send that failed.

        What is sent to a topic that has vanished would be tried for ever, so that is asked, too.
        """
        deadline, check = time.monotonic() + 1.5 * self._delivery_timeout_ms / 1000, time.monotonic() + 2
        while not self._stopping.is_set():
            try:
                producer.flush(timeout=0.5)
            except KafkaTimeoutError:
                if time.monotonic() > deadline:
                    raise
                if time.monotonic() > check:
                    if vanished():
                        return False
                    check = time.monotonic() + CHECK_S
            else:
                for failed in (future for future in sent if not future.succeeded()):
                    raise failed.exception
                return True
        return False

    def _store(self, db: psycopg.Connection, rows: Sequence[Stored], heads: dict[int, int]) -> None:
        db.execute(STORE, (rows[-1].position, list(heads), list(heads.values())))
        self.position = rows[-1].position
        self.published += len(rows)
        self._pause_s, self.trouble = POLL_S, ""


@contextmanager
def _producer(bootstrap: str, delivery_timeout_ms: int) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, delivery_timeout_ms=delivery_timeout_ms,
        request_timeout_ms=min(5_000, delivery_timeout_ms), reconnect_backoff_max_ms=500, bootstrap_timeout_ms=5_000,
        max_block_ms=5_000, batch_size=65_536, allow_auto_create_topics=False, metrics_enabled=False)  # fmt: skip
    try:
        yield producer
    finally:
        try:
            producer.close(timeout=0)
        except KafkaTimeoutError:  # its close gives up when there is something left to send, and its thread goes on
            producer._sender.force_close()


@contextmanager
def _topic(bootstrap: str, name: str, partitions: int) -> Iterator[Callable[[], bool]]:
    """The topic is there. Yields a question to ask from time to time: had it vanished, so that it was made anew?"""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000, bootstrap_timeout_ms=5_000,
                             reconnect_backoff_max_ms=500)  # fmt: skip

    def vanished() -> bool:
        """False as well while nobody answers."""
        try:
            return create()
        except (KafkaConnectionError, KafkaTimeoutError):
            return False

    def create() -> bool:
        [answer] = admin.create_topics({name: {"num_partitions": partitions}}, raise_errors=False)["topics"]
        error = for_code(answer["error_code"])
        if error is TopicAlreadyExistsError:
            return False
        if answer["error_code"]:
            raise error(answer["error_message"])
        admin.wait_for_topics([name])
        return True

    try:
        create()
        [found] = admin.describe_topics([name])
        if len(found["partitions"]) != partitions:
            raise RuntimeError(f"{name} has {len(found['partitions'])} partitions instead of {partitions}: delete it")
        yield vanished
    finally:
        admin.close()


def run(database_url: str, bootstrap: str, delivery_timeout_s: int = 60) -> None:
    """The process: until SIGTERM or Ctrl-C."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # an outage is told by the relay itself, once for each try
    relay = Relay(database_url, bootstrap, 1000 * delivery_timeout_s)
    on_stop(relay.stop)
    relay.run()
