"""The roles of the database: the owner keeps the log, the application reads it and adds to its end, and no more.

Everything here is done as the owner, a superuser or a role that may create roles and is a member of the application's.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from psycopg import Connection, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier, Literal

LOCK = 7_042_005
OWNERS, OWNERS_IN_PUBLIC = ("eventlog", "api"), "migrations"
APPLICATIONS_IN_PUBLIC = r"procrastinate\_%"
RIGHTS = """
    revoke all on schema eventlog, api from public, {app};
    revoke all on all tables in schema eventlog from public, {app};
    revoke all on all sequences in schema eventlog from public, {app};
    revoke all on public.migrations from public, {app};

    grant usage on schema eventlog, api to {app};
    grant select on public.migrations to {app};
    grant select on all tables in schema eventlog to {app};
    -- The position is not the application's to choose: it comes from the sequence.
    grant insert (originator_id, originator_version, topic, state) on eventlog.stored_events to {app};
    grant usage, select on sequence eventlog.stored_events_notification_id_seq to {app};
    grant insert on eventlog.audit_chain to {app};
    grant insert, update, delete on eventlog.person_keys, eventlog.idempotency, eventlog.timers to {app};
    grant insert, update on eventlog.destroyed_keys to {app};
    grant update on eventlog.relay, eventlog.reactions to {app};
    grant select, insert, update, delete on all tables in schema api to {app};
    grant usage, select on all sequences in schema api to {app};
"""
# What there is under the schemas and words given and does not belong to the role: statements that change that.
STRANGERS = """
    with thing as (
        select 'schema' as kind, oid::regnamespace::text as name, oid as place, '' as word, nspowner as owner
        from pg_namespace
        union all select 'table', oid::regclass::text, relnamespace, relname, relowner from pg_class c
        where relkind in ('r', 'p', 'v', 'm', 'f') or relkind = 'S' and not exists (select from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i'))
        union all select 'type', t.oid::regtype::text, typnamespace, typname, typowner
        from pg_type t left join pg_class c on c.oid = typrelid where typtype in ('e', 'd') or c.relkind = 'c'
        union all select 'routine', oid::regprocedure::text, pronamespace, proname, proowner from pg_proc)
    select format('alter %%s %%s owner to %%I', kind, name, %(role)s::text)
    from thing join pg_namespace n on n.oid = place where owner <> %(role)s::text::regrole
    and (nspname = any(%(schemas)s) or nspname = 'public' and word like %(words)s) order by kind <> 'schema', name"""
WEAKNESS = """
    with me as (select * from pg_roles where rolname = current_user),
    log as (select c.oid, relname, relowner, nspname, nspowner
            from pg_class c join pg_namespace n on n.oid = relnamespace
            where (nspname, relname) in (('eventlog', 'stored_events'), ('eventlog', 'audit_chain')))
    select 'is a superuser' from me where rolsuper
    union all select 'may make itself a member of any role' from me
        where rolcreaterole and current_setting('server_version_num')::int < 160000
    union all select 'owns the database' from pg_database
        where datname = current_database() and pg_has_role(datdba, 'member')
    union all select 'owns schema ' || nspname from log where pg_has_role(nspowner, 'member')
    union all select 'owns ' || nspname || '.' || relname from log where pg_has_role(relowner, 'member')
    union all select 'may ' || deed || ' ' || nspname || '.' || relname
        from log, unnest(array['update', 'delete', 'truncate', 'trigger']) deed
        where has_table_privilege(oid, deed) or deed = 'update' and has_any_column_privilege(oid, deed)
    union all select 'may choose positions in the log' from log join pg_attribute on attrelid = oid
        where attname = 'notification_id' and has_column_privilege(oid, attnum, 'insert')
    union all select 'may set back the positions of the log' from pg_class
        where relname = 'stored_events_notification_id_seq' and has_sequence_privilege(oid, 'update')
    limit 1"""


class Login(NamedTuple):
    """The application's role, as DATABASE_URL names it."""

    name: str
    password: str


def login_of(database_url: str) -> Login:
    where = conninfo_to_dict(database_url)
    return Login(str(where.get("user") or ""), str(where.get("password") or ""))


def is_append_only(db: Connection) -> bool:
    """Whether the role of this connection can read the log and the audit chain and add to them, but not change them."""
    return weakness(db) is None


def weakness(db: Connection) -> str | None:
    """A way in which the role of this connection could change the log or the audit chain; None if there is none."""
    row = db.cursor(row_factory=tuple_row).execute(WEAKNESS).fetchone()
    return row[0] if row else None


def make(db: Connection, app: Login) -> None:
    """The application's role, and the owner's membership in it. A role that is there keeps its password.

    Roles belong to the whole server: another database's migration may make it at the same moment.
    """
    with suppress(errors.DuplicateObject, errors.UniqueViolation), db.transaction():
        if not db.execute("select 1 from pg_roles where rolname = %s", (app.name,)).fetchone():
            # Hashed here, so that the server's log has no password.
            word = db.pgconn.encrypt_password(app.password.encode(), app.name.encode(), b"scram-sha-256").decode()
            secret = SQL("password {}").format(Literal(word)) if app.password else SQL("")
            db.execute(SQL("create role {} login {}").format(Identifier(app.name), secret))
    _join(db, app.name, db.info.user)
    with suppress(errors.InsufficientPrivilege):  # without it /readyz can't tell who of other roles holds up the feed
        _join(db, "pg_read_all_stats", app.name)


def settle(db: Connection, app: str, schemas: Sequence[str]) -> None:
    """Log, audit chain and tables of the API belong to the owner; job queue and `schemas`, where there, to the `app`.

    Also where everything belonged to one role before. The rights of the application are those of RIGHTS afterwards.
    """
    role, database = Identifier(app), Identifier(db.info.dbname)
    with db.transaction():
        db.execute("set local search_path = pg_catalog")
        db.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        db.execute(SQL("grant connect, create, temporary on database {} to {}").format(database, role))
        db.execute(SQL("grant usage, create on schema public to {}").format(role))
        _hand_over(db, db.info.user, OWNERS, OWNERS_IN_PUBLIC)
        _hand_over(db, app, schemas, APPLICATIONS_IN_PUBLIC)
        db.execute(SQL(RIGHTS).format(app=role))


def _join(db: Connection, group: str, member: str) -> None:
    with suppress(errors.UniqueViolation), db.transaction():
        [(is_in,)] = db.execute("select pg_has_role(%s, %s, 'usage')", (member, group)).fetchall()
        if not is_in:
            db.execute(SQL("grant {} to {}").format(Identifier(group), Identifier(member)))


def _hand_over(db: Connection, role: str, schemas: Sequence[str], words: str) -> None:
    named = {"role": role, "schemas": list(schemas), "words": words}
    for (statement,) in db.execute(STRANGERS, named).fetchall():
        db.execute(statement)
