"""The SQL of the log's recorder."""

from typing import Any, NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier, Literal
from psycopg.types.json import Jsonb

from domain import Value


class Once(Value):
    """The idempotency key of a write: who used it where, for what body, and the ids that the command chose."""

    caller: str
    route: str
    key: str
    body_hash: bytes
    ids: dict[str, str]


class Claim(NamedTuple):
    """What an append stands on besides its versions: keys of persons that must still exist, a key that must be new."""

    key_ids: list[UUID]
    once: Once | None = None


class Statements(NamedTuple):
    append: Composed
    append_claiming: Composed
    append_once: Composed
    history: Composed
    read: Composed
    last_value: Composed
    last_settled: Composed
    writers: Composed
    blockers: Composed
    fitness: Composed


EVENTS = "from unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[]) as e (stream, version, topic, state)"
INSERT = (
    "insert into {table} (originator_id, originator_version, topic, state) select stream, version, topic, state "
    + EVENTS
)
CLAIMING = (
    """
    with kept as (select count(*) as keys from
             (select 1 from eventlog.person_keys where key_id = any(%s::uuid[]) for key share) k),
         new as ("""
    + INSERT
    + " where (select keys from kept) = %s returning notification_id)"
)
ONCE = """, once as (insert into eventlog.idempotency (caller, route, key, body_hash, ids, position)
             select %s, %s, %s, %s, %s, max(notification_id) from new having count(*) > 0)"""
WRITERS = """relation = {name}::regclass and mode = 'RowExclusiveLock' and granted
             and database = (select oid from pg_database where datname = current_database())"""
LAST_SETTLED = """
    with settled as (
        select coalesce(max(id), %s) as id from (
            select notification_id as id, notification_id - row_number() over (order by notification_id) as start
            from {table} where notification_id > %s) run
        where start = %s)
    select max(notification_id) as last from {table}, settled where notification_id <= settled.id"""


def for_table(schema: str, table: str) -> Statements:
    names = {
        "table": Identifier(schema, table),
        "name": Literal(f'"{schema}"."{table}"'),
        "sequence": Identifier(schema, f"{table}_notification_id_seq"),
        "sequence_name": Literal(f'"{schema}"."{table}_notification_id_seq"'),
    }

    def sql(text: str) -> Composed:
        return SQL(text).format(**names)

    return Statements(
        append=sql(INSERT + " returning notification_id"),
        append_claiming=sql(CLAIMING + " select notification_id from new"),
        append_once=sql(CLAIMING + ONCE + " select notification_id from new"),
        history=sql(
            "select * from {table} where originator_id = %s and originator_version > %s and originator_version <= %s"
        ),
        read=sql("""select * from {table} where notification_id > %s and notification_id <= %s
                    and (%s::text[] is null or topic = any(%s::text[])) order by notification_id limit %s"""),
        last_value=sql("select case when is_called then last_value else 0 end as last from {sequence}"),
        last_settled=sql(LAST_SETTLED),
        writers=sql("select virtualtransaction as writer from pg_locks where " + WRITERS),
        blockers=sql(
            """select a.pid, a.application_name, a.state, left(a.query, 200) as query,
                        extract(epoch from now() - a.xact_start)::float as seconds
                        from pg_stat_activity a where a.pid in (select pid from pg_locks where """
            + WRITERS
            + ")"
        ),
        fitness=sql("""select pg_is_in_recovery() as standby,
                       (select seqcache from pg_sequence where seqrelid = {sequence_name}::regclass) as cache"""),
    )


def append(sql: Statements, columns: list[list], claim: Claim | None) -> tuple[Composed, list]:
    """The statement of an append and its parameters."""
    if claim is None or not (claim.key_ids or claim.once):
        return sql.append, columns
    params = [claim.key_ids, *columns, len(claim.key_ids)]
    if claim.once is None:
        return sql.append_claiming, params
    once = claim.once
    return sql.append_once, [*params, once.caller, once.route, once.key, once.body_hash, Jsonb(once.ids)]


def history(sql: Statements, stream: Any, limits: dict[str, Any]) -> tuple[Composed, list]:
    """One stream's events, by the arguments of the package's `select_events`: gt, lte, desc, limit."""
    gt, lte = limits.get("gt"), limits.get("lte")
    params: list = [stream, -1 if gt is None else gt, 2**62 if lte is None else lte]
    query = sql.history + SQL(" order by originator_version" + (" desc" if limits.get("desc") else ""))
    if limits.get("limit") is not None:
        return query + SQL(" limit %s"), [*params, limits["limit"]]
    return query, params
