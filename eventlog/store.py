"""The event store: load streams, let decisions speak, append what they say to all streams or to none.

A decision is asked again when another writer came first. Writers of one stream queue: in this process by a lock, and
after a few conflicts with other processes by an advisory lock, taken, loaded and appended under on one connection.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Lock
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, PersistenceError
from psycopg import errors

from domain import Refused
from eventlog.carrier import SETTINGS, connection_settings
from eventlog.envelope import ENCODER, Recorded, Stored, decode, personal_taken_out, unseal_all
from eventlog.pool import checked, lasting
from eventlog.recorder import SettledRecorder
from eventlog.statements import Claim
from eventlog.streams import Appended, Note, Ref, Stream, as_seen, followed_by, in_envelopes
from eventlog.vault import KeyDestroyed, PersonKey, Vault, seal

OPTIMISTIC, ATTEMPTS, REMEMBERED, STRIPES = 3, 100, 2_000, 512
HISTORIES = """select * from eventlog.stored_events where originator_id = any(%s)
               order by originator_id, originator_version"""
Decision = Callable[..., Sequence[list]]


class KeyTaken(Exception):
    """Another request wrote under this idempotency key: answer from what it wrote."""


class Conflict(Exception):
    """Another writer came first."""


class EventStore(Application[UUID]):
    """`store.append(refs, decision, note)` is the only way into the log."""

    name = "stored"
    recorder: SettledRecorder

    def __init__(self, database_url: str, vault: Vault, pool_size: int = 1, max_pool_size: int = 16):
        super().__init__(
            SETTINGS
            | connection_settings(database_url)
            | {"POSTGRES_POOL_SIZE": str(pool_size), "POSTGRES_MAX_OVERFLOW": str(max_pool_size - pool_size)}
        )
        datastore = self.recorder.datastore
        lasting(datastore.pool, database_url)
        datastore.pool = checked(datastore.pool, datastore.after_connect_func())
        self.vault = vault
        self._remembered: OrderedDict[UUID, Stream] = OrderedDict()
        self._person_keys: OrderedDict[UUID, PersonKey] = OrderedDict()
        self._memory, self._stripes = Lock(), [Lock() for _ in range(STRIPES)]

    def load(self, ref: Ref) -> Stream:
        """The stream as it is now: what is remembered of it, and what came since."""
        with self._memory:
            stream = self._remembered.get(ref.stream) or Stream(ref.stream)
        news = self.events.get(ref.stream, gt=stream.version) if not ref.is_new else ()
        for recorded in news:
            stream = followed_by(stream, ref, recorded)
        return self._remember(stream)

    def named(self, ref: Ref, begins: type) -> Any:
        """The state of a stream that was named from outside; None unless there is one, and its first event is such."""
        first = next(iter(self.events.get(ref.stream, lte=1)), None)
        return self.load(ref).state if first and isinstance(first.event, begins) else None

    def history(self, stream: UUID) -> list[Recorded]:
        """All events of a stream with their positions and, where the person is not forgotten, what is personal."""
        return self.histories([stream])[stream]

    def histories(self, streams: Collection[UUID]) -> dict[UUID, list[Recorded]]:
        """The history of each, in one question; of a stream that does not exist it is empty."""
        found: dict[UUID, list[Recorded]] = {stream: [] for stream in streams}
        with self.recorder.connection() as db:
            rows = db.execute(HISTORIES, (list(found),)).fetchall()
            batch = [
                decode(
                    Stored(r["notification_id"], r["originator_id"], r["originator_version"], r["topic"], r["state"])
                )
                for r in rows
            ]
            for recorded in unseal_all(batch, self.vault, db):
                found[recorded.originator_id].append(recorded)
        return found

    def append(self, refs: Sequence[Ref], decision: Decision, note: Note, alone: bool = False) -> Appended:
        """Decide on the states of all streams together, append to all of them or to none.

        The decision takes one state for each ref and returns one list of events for each. Only the streams it writes
        are guarded: who depends on one that it perhaps only reads asks to be `alone` with them, as all have to who do.
        Raises what the decision raises, KeyTaken for a used idempotency key, and the package's OperationalError while
        Postgres is away.
        """
        with self._queued_for(refs):
            for attempt in range(ATTEMPTS):
                done = None
                try:
                    with self._alone_with(refs) if alone or attempt >= OPTIMISTIC else nullcontext():
                        done = self._decide_and_save(refs, decision, note)
                except (Conflict, KeyDestroyed):
                    refs = [ref._replace(is_new=False) for ref in refs]
                except (psycopg.Error, PersistenceError):
                    # The answer to a commit was lost, not always the commit.
                    if done is None or not self._committed(done.events):
                        raise
                if done:
                    return done
        raise Conflict(f"{ATTEMPTS} attempts on the streams {[str(ref.stream) for ref in refs]}")

    def _decide_and_save(self, refs: Sequence[Ref], decision: Decision, note: Note) -> Appended:
        streams = [as_seen(ref, self.load(ref)) for ref in refs]
        try:
            decided = decision(*(stream.state for stream in streams))
        except Refused as refusal:
            refusal.seen = {stream.id: stream.version for stream in streams}
            raise
        events = [
            recorded
            for stream, new in zip(streams, decided, strict=True)
            for recorded in in_envelopes(stream, new, note)
        ]
        if not events:
            return Appended(self._last_position(streams), [])
        try:
            position = self._save(events, note)
        except (psycopg.Error, PersistenceError) as error:
            position = self._what_became_of(events, error)
        advanced = {stream.id: stream for stream in streams}
        by_stream = {ref.stream: ref for ref in refs}
        for recorded in events:
            id = recorded.originator_id
            advanced[id] = followed_by(advanced[id], by_stream[id], recorded)
        for stream in advanced.values():
            self._remember(stream)
        return Appended(position, events)

    def _save(self, events: list[Recorded], note: Note) -> int:
        sealed, key_ids = [], set()
        for recorded in events:
            if (personal := getattr(recorded.event, "personal", None)) is not None:
                key = self._person_key(recorded.event.person_id)
                text = seal(key, recorded.id, ENCODER.encode(personal))
                recorded = personal_taken_out(recorded, text)
                key_ids.add(key.key_id)
            sealed.append(recorded)
        try:
            saved = self.save(*sealed, claim=Claim(list(key_ids), note.once))
        except KeyDestroyed:
            with self._memory:
                self._person_keys.clear()
            raise
        return max(recording.notification.id for recording in saved)

    def _what_became_of(self, events: list[Recorded], error: Exception) -> int:
        """After an error the append may have been committed all the same: the log tells. Else raises."""
        cause = error.__cause__ if isinstance(error, PersistenceError) and error.__cause__ else error
        if isinstance(cause, errors.UniqueViolation) and cause.diag.constraint_name == "idempotency_pkey":
            raise KeyTaken from None
        if isinstance(cause, errors.DeadlockDetected | errors.SerializationFailure):
            raise Conflict from None
        if not self.recorder.is_in_transaction() and (position := self._committed(events)):
            return position
        if isinstance(error, IntegrityError) or isinstance(cause, errors.UniqueViolation):
            raise Conflict from None
        raise error

    def _committed(self, events: list[Recorded]) -> int:
        """The last position of these very events; 0 when they are not in the log."""
        ids = {recorded.id for recorded in events}
        streams = {recorded.originator_id for recorded in events}
        return max((r.position for stream in streams for r in self.history(stream) if r.id in ids), default=0)

    def _last_position(self, streams: Sequence[Stream]) -> int:
        with self.recorder.connection() as db:
            row = db.execute(
                "select max(notification_id) as last from eventlog.stored_events where originator_id = any(%s)",
                ([stream.id for stream in streams],),
            ).fetchone()
        return row["last"] or 0 if row else 0

    def _person_key(self, person_id: UUID) -> PersonKey:
        """Remembered here for sealing only: the append fails with KeyDestroyed when the key is no longer there."""
        with self._memory:
            key = self._person_keys.get(person_id)
        if key is None:
            with self.recorder.connection() as db:
                key = self.vault.key_for(db, person_id)
            self._keep(self._person_keys, person_id, key)
        return key

    def _remember(self, stream: Stream) -> Stream:
        """Not in a transaction: what was appended in it is not committed, and may never be."""
        if stream.version and not self.recorder.is_in_transaction():
            self._keep(self._remembered, stream.id, stream)
        return stream

    def _keep(self, memory: OrderedDict, id: UUID, value: Any) -> None:
        with self._memory:
            memory[id] = value
            memory.move_to_end(id)
            if len(memory) > REMEMBERED:
                memory.popitem(last=False)

    @contextmanager
    def _queued_for(self, refs: Sequence[Ref]) -> Iterator[None]:
        """One writer of a stream at a time in this process; locks in one order, so that nobody waits for each other.

        Not in a transaction: whoever holds rows in Postgres and waits here for one who waits for them waits for ever.
        """
        if self.recorder.is_in_transaction():
            yield
            return
        with ExitStack() as locks:
            for stripe in sorted({hash(ref.stream) % STRIPES for ref in refs if not ref.is_new}):
                locks.enter_context(self._stripes[stripe])
            yield

    @contextmanager
    def _alone_with(self, refs: Sequence[Ref]) -> Iterator[None]:
        """One writer of these streams among all who ask for it, or have met conflicts on them, in any process."""
        with self.recorder.transaction() as db:
            for ref in sorted(refs, key=lambda ref: str(ref.stream)):
                db.execute("select pg_advisory_xact_lock(%s)", (int.from_bytes(ref.stream.bytes[:8], signed=True),))
            yield
