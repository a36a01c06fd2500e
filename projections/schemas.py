"""Where read models live: a schema for each, with its positions and parked keys, so that a switch takes them along.

`calendar` is asked and kept up to date, `calendar_next` is there while a rebuild builds, `calendar_old` after a switch.
Each schema carries the shape of its tables as its comment: a version that would make others does not write there.
"""

from hashlib import sha256
from types import ModuleType

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from projections.locks import model_lock

FRAME = """
    create table positions (
        partition    int    primary key,
        position     bigint not null,
        kafka_offset bigint
    );
    insert into positions (partition, position)
        select n, 0 from generate_series(0, (select partitions - 1 from eventlog.log)) n;

    -- A key whose event could not be projected, and what staff want done about it: retry or skip.
    create table parked_keys (
        key       uuid        primary key,
        partition int         not null,
        error     text        not null,
        attempts  int         not null default 1,
        wanted    text        check (wanted in ('retry', 'skip')),
        parked_at timestamptz not null default now()
    );
    -- Its events in order: the first one failed, the others wait behind it.
    create table parked (
        key       uuid        not null references parked_keys on delete cascade,
        position  bigint      not null,
        name      text        not null,
        error     text,
        parked_at timestamptz not null default now(),
        primary key (key, position)
    );
"""
FRAME_TABLES = frozenset({"positions", "parked_keys", "parked"})


class OtherShape(Exception):
    """The read model's tables are those of another version: `totetaxi migrate` of this one makes them anew."""


def shape_of(model: ModuleType) -> str:
    """Says whether two versions of a model have the same tables."""
    return f"shape {sha256((FRAME + model.SCHEMA).encode()).hexdigest()[:16]}"


def has_shape(db: Connection, model: ModuleType, schema: str) -> bool:
    """Whether the tables in a schema are those that this version of the model would make; no where there is none."""
    cursor = db.cursor(row_factory=tuple_row)
    asked = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s"
    found = cursor.execute(asked, (schema,)).fetchone()
    return found == (shape_of(model),)


def name_of(model: ModuleType) -> str:
    """What staff call it, and its live schema: the last part of the module's name."""
    return model.__name__.rpartition(".")[2]


def next_of(name: str) -> str:
    return f"{name}_next"


def old_of(name: str) -> str:
    return f"{name}_old"


def generations(name: str) -> tuple[str, str, str]:
    """The schemas that may hold rows of the model."""
    return name, next_of(name), old_of(name)


def exists(db: Connection, schema: str) -> bool:
    cursor = db.cursor(row_factory=tuple_row)
    return cursor.execute("select 1 from pg_namespace where nspname = %s", (schema,)).fetchone() is not None


def create(db: Connection, model: ModuleType, schema: str | None = None) -> None:
    """The schema with the model's empty tables, at the beginning of the log; nothing when it is there already."""
    schema = schema or name_of(model)
    with db.transaction():
        db.execute("select pg_advisory_xact_lock(%s)", (model_lock(f"creation of {schema}"),))
        if not exists(db, schema):
            db.execute(SQL("create schema {}").format(Identifier(schema)))
            look_into(db, schema)
            db.execute(FRAME + model.SCHEMA)
            db.execute(SQL("comment on schema {} is {}").format(Identifier(schema), shape_of(model)))


def look_into(db: Connection, *schemas: str) -> None:
    """For the rest of the transaction, unqualified names mean tables of these schemas and nothing else."""
    path = ", ".join(f'"{schema}"' for schema in schemas)
    db.execute("select set_config('search_path', %s, true)", (path,))


def enter(db: Connection, name: str, schema: str | None = None) -> None:
    """In a transaction: no switch until it ends, and unqualified names mean the model's tables."""
    db.execute("select pg_advisory_xact_lock_shared(%s)", (model_lock(name),))
    look_into(db, schema or name)
