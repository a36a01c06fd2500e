"""The projector: keeps the read models up to date, each in a thread of its own, beside any number of other projectors.

It keeps no position: it asks the read model where it is, reads on from there over the feed, and applies in batches.
So it can be killed at any moment, started twice, and moved from one feed to the other.
"""

import logging
import time
from contextlib import closing
from threading import Event, Thread
from types import ModuleType

import psycopg

from domain import Value
from eventlog.envelope import UnknownEvent
from eventlog.feed import Feed, KafkaFeed, Log, PostgresFeed, log_at, topic_name
from eventlog.vault import Vault
from projections.applying import Place, apply_to, positions, retry_parked
from projections.models import MODELS
from projections.parking import Stopped
from projections.schemas import OtherShape, name_of
from settings import Settings
from workers.claims import Claims
from workers.stopping import on_stop

BATCH, WAIT_S, SHARE_OUT_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 500, 0.5, 1.0, 0.1, 5.0
# The server ends the session of a machine that is gone or a process that is suspended, and with it the claims.
ALIVE = ("-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
         " -c idle_session_timeout=60s -c idle_in_transaction_session_timeout=30s")  # fmt: skip

log = logging.getLogger(__name__)


class Sources(Value):
    """Where to read and write: the database, the vault for what is personal, and Kafka (empty: the log itself)."""

    database_url: str
    vault: Vault
    bootstrap: str = ""


class Follower:
    """Keeps one read model up to date. `trouble` says what it waits for, empty when all is well."""

    def __init__(self, model: ModuleType, sources: Sources, stopping: Event):
        self._model, self._sources, self._stopping = model, sources, stopping
        self._name, self._limit, self._pause_s = name_of(model), BATCH, FIRST_PAUSE_S
        self.trouble = ""

    def run(self, source: Log) -> None:
        """Never gives up: whatever happens to Postgres or Kafka, it starts again from what is stored."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._sources.database_url, autocommit=True, options=ALIVE) as db:
                    with closing(self._feed(db, source)) as feed:
                        self._follow(db, feed, source)
            except Exception as error:
                self._wait(error)

    def _feed(self, db: psycopg.Connection, source: Log) -> Feed:
        if not self._sources.bootstrap:
            return PostgresFeed(source)
        [(log_id,)] = db.execute("select id from eventlog.log").fetchall()
        return KafkaFeed(source, self._sources.bootstrap, topic_name(log_id))

    def _follow(self, db: psycopg.Connection, feed: Feed, source: Log) -> None:
        place, claims = Place(db, self._model, self._sources.vault, self._name), Claims(db, self._name)
        shared_out = -SHARE_OUT_S
        while not self._stopping.is_set():
            if time.monotonic() - shared_out >= SHARE_OUT_S:
                shared_out = time.monotonic()
                claims.share_out()
                retry_parked(place, sorted(claims.held), source)
            try:
                self._go_on(place, feed, claims)
            except (UnknownEvent, Stopped, OtherShape) as error:
                self._wait(error)

    def _go_on(self, place: Place, feed: Feed, claims: Claims) -> None:
        """One batch. Before an event of a newer version the batches become smaller, up to that event and not beyond."""
        if not claims.held:
            self._stopping.wait(SHARE_OUT_S)
            return
        at = positions(place.db, self._name, sorted(claims.held))
        try:
            batch = feed.read(at, self._limit, WAIT_S)
        except UnknownEvent:
            if self._limit == 1:
                raise
            self._limit //= 2
            return
        if batch.progress != at:
            apply_to(place, batch)
            self._limit = min(2 * self._limit, BATCH)
        self.trouble, self._pause_s = "", FIRST_PAUSE_S

    def _wait(self, error: Exception) -> None:
        self.trouble = f"{type(error).__name__}: {error}"
        log.warning("%s waits %.1f s: %s", self._name, self._pause_s, self.trouble)
        self._stopping.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


class Projector:
    """`run` until `stop`; the followers tell how each read model fares."""

    def __init__(self, sources: Sources, models: tuple[ModuleType, ...] = tuple(MODELS.values())):
        self._sources, self._stopping = sources, Event()
        self.followers = [Follower(model, sources, self._stopping) for model in models]

    def stop(self) -> None:
        """The batches that are being applied are finished."""
        self._stopping.set()

    def run(self) -> None:
        """Raises what prevents the log from being opened at the start; afterwards it survives every outage."""
        with log_at(self._sources.database_url) as source:
            threads = [Thread(target=one.run, args=(source,)) for one in self.followers]
            for thread in threads:
                thread.start()
            self._stopping.wait()
            for thread in threads:
                thread.join()


def run(settings: Settings) -> None:
    """The process: until SIGTERM or Ctrl-C."""
    vault = Vault(settings.master_keys, settings.identity_key)
    projector = Projector(Sources(settings.database_url, vault, settings.kafka_bootstrap))
    on_stop(projector.stop)
    projector.run()
