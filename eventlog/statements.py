"""The SQL of the log's recorder."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Identifier, Literal
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
    """Texts, as bytes: a composed query would be put together anew at each use."""

    insert: bytes
    history: bytes
    read: bytes
    last_value: bytes
    last_settled: bytes
    writers: bytes
    blockers: bytes
    fitness: bytes


INSERT = "insert into {table} (originator_id, originator_version, topic, state) select * from (values "
ROW = b"(%b::uuid, %b::bigint, %s::text, %b::bytea)"
KEPT = b"""select count(*) as keys from (
    select 1 from eventlog.person_keys where key_id = any(%b::uuid[]) and left_by is null for key share) k"""
ONCE = b""", once as (insert into eventlog.idempotency (caller, route, key, body_hash, ids, position)
    select %s, %s, %s, %b, %s, max(notification_id) from new having count(*) > 0)"""
WRITERS = """relation = {name}::regclass and mode = 'RowExclusiveLock' and granted
             and database = (select oid from pg_database where datname = current_database())"""
BLOCKERS = (
    """select a.pid, a.application_name, a.state, left(a.query, 200) as query,
    extract(epoch from now() - a.xact_start)::float as seconds
    from pg_stat_activity a where a.pid in (select pid from pg_locks where """
    + WRITERS
    + ")"
)
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

    def sql(text: str) -> bytes:
        return SQL(text).format(**names).as_bytes(None)

    return Statements(
        insert=sql(INSERT),
        history=sql(
            "select * from {table} where originator_id = %s and originator_version > %s and originator_version <= %s"
        ),
        read=sql("""select * from {table} where notification_id > %s and notification_id <= %s
                    and (%s::text[] is null or topic = any(%s::text[])) order by notification_id limit %s"""),
        last_value=sql("select case when is_called then last_value else 0 end as last from {sequence}"),
        last_settled=sql(LAST_SETTLED),
        writers=sql("select virtualtransaction as writer from pg_locks where " + WRITERS),
        blockers=sql(BLOCKERS),
        fitness=sql("""select pg_is_in_recovery() as standby,
                       (select seqcache from pg_sequence where seqrelid = {sequence_name}::regclass) as cache"""),
    )


def append(sql: Statements, rows: Sequence[tuple], claim: Claim | None) -> tuple[bytes, list]:
    """The statement of an append and its parameters, event by event: lists would cost the client twice the time."""
    params = [value for row in rows for value in row]
    if claim is None or not (claim.key_ids or claim.once):
        return append_text(sql.insert, len(rows), False, False), params
    params = [claim.key_ids, *params, len(claim.key_ids)]
    if once := claim.once:
        params += [once.caller, once.route, once.key, once.body_hash, Jsonb(once.ids)]
    return append_text(sql.insert, len(rows), True, once is not None), params


@lru_cache(256)
def append_text(insert: bytes, events: int, claims: bool, once: bool) -> bytes:
    insert += b", ".join([ROW] * events) + b") as e (stream, version, topic, state)"
    if not claims:
        return insert + b" returning notification_id"
    new = b"with kept as (" + KEPT + b"), new as (" + insert + b" where (select keys from kept) = %b"
    return new + b" returning notification_id)" + (ONCE if once else b"") + b" select notification_id from new"


def history(sql: Statements, stream: Any, limits: dict[str, Any]) -> tuple[bytes, list]:
    """One stream's events, by the arguments of the package's `select_events`: gt, lte, desc, limit."""
    gt, lte = limits.get("gt"), limits.get("lte")
    params: list = [stream, -1 if gt is None else gt, 2**62 if lte is None else lte]
    query = sql.history + b" order by originator_version" + (b" desc" if limits.get("desc") else b"")
    if limits.get("limit") is not None:
        return query + b" limit %s", [*params, limits["limit"]]
    return query, params
