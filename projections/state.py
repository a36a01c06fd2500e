"""How far the read models are, measured against what is committed, not against what they happen to have read.

Over Kafka a partition without news keeps its old position: it is complete up to the relay's position once it has the
partition's head of that moment.
"""

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain import Value
from projections import locks
from projections.models import MODELS
from projections.parking import MOST
from projections.schemas import exists, generations

MOST_COUNTED = 1_000_000
STATE = """
    with done as (
        select p.partition, p.position,
               case when p.position >= r.head then greatest(p.position, r.position) else p.position end as complete
        from {positions} p left join eventlog.relay r using (partition)),
    least as (select min(complete) as complete from done)
    select (select json_object_agg(partition, position order by partition) from done) as positions, complete,
        (select coalesce(max(notification_id), 0) from eventlog.stored_events) as head,
        (select count(*) from (select from eventlog.stored_events
                               where notification_id > complete limit {most}) behind) as lag_events,
        coalesce((select greatest(0, extract(epoch from
                             now() - (convert_from(state, 'UTF8')::json->>'at')::timestamptz))
                  from eventlog.stored_events where notification_id > complete
                  order by notification_id limit 1), 0)::float as lag_s,
        (select count(*) from {parked}) as parked
    from least"""


class Standing(Value):
    """`complete` is the position up to which every event is applied or parked; at the log's head both lags are zero.

    `lag_events` counts what is committed behind it, up to a million; `lag_s` is the age of the first of them.
    """

    positions: dict[str, int]
    complete: int
    head: int
    lag_events: int
    lag_s: float
    parked: int

    @property
    def is_stopped(self) -> bool:
        """Too many keys are parked: nothing more is applied until they are retried or skipped."""
        return self.parked >= MOST


class ModelState(Value):
    """A read model as it is asked; how many of its partitions some projector holds; its schemas beside the live one."""

    name: str
    standing: Standing
    claimed: int
    beside: tuple[str, ...]


def state(db: Connection) -> list[ModelState]:
    """Of each read model that has been created, by name."""
    return [_state(db, name) for name in sorted(MODELS) if exists(db, name)]


def standing(db: Connection, schema: str) -> Standing:
    """How far the model in this schema is."""
    query = SQL(STATE).format(
        positions=Identifier(schema, "positions"), parked=Identifier(schema, "parked_keys"), most=MOST_COUNTED
    )
    [found] = db.cursor(row_factory=class_row(Standing)).execute(query).fetchall()
    return found


def _state(db: Connection, name: str) -> ModelState:
    beside = tuple(schema for schema in generations(name)[1:] if exists(db, schema))
    return ModelState(name, standing(db, name), locks.count(db, locks.claim_class(name)), beside)
