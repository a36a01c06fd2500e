"""The application's role reads the log and the audit chain and adds to their ends; nothing it can say changes them."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from eventlog import roles
from eventlog.roles import Login
from tests.conftest import APPLICATION

TABLES = ("eventlog.stored_events", "eventlog.audit_chain")
EVENT = "insert into eventlog.stored_events (originator_id, originator_version, topic, state) values (%s, 1, 'X', '')"
DEEDS = {
    "update": "update {table} set {column} = ''",
    "delete": "delete from {table}",
    "truncate": "truncate {table}",
    "alter": "alter table {table} add column more int",
    "drop": "drop table {table}",
    "take": "alter table {table} owner to current_user",
    "grant": "grant update on {table} to current_user; update {table} set {column} = ''",
    "lock": "lock table {table} in share row exclusive mode",
    "trigger": "create trigger quiet before update on {table} for each row"
    " execute function suppress_redundant_updates_trigger()",
    "disable": "alter table {table} disable trigger all",
    "rule": "create rule quiet as on insert to {table} do instead nothing",
    "policy": "alter table {table} enable row level security",
    "reference": "create table public.mine (n bigint references {table} ({position}))",
    "heir": "create table public.mine () inherits ({table})",
}
COLUMNS = {"eventlog.stored_events": ("state", "notification_id"), "eventlog.audit_chain": ("hash", "position")}
LIKEWISE = (
    "drop schema eventlog cascade",
    "alter schema eventlog rename to eventlog_before",
    "create table eventlog.more (n int)",
    "set session_replication_role = replica",
    "select setval('eventlog.stored_events_notification_id_seq', 1)",
    "alter sequence eventlog.stored_events_notification_id_seq restart",
    "insert into eventlog.stored_events values (gen_random_uuid(), 1, 'X', '', 7)",
    "delete from public.migrations",
    "drop table public.migrations",
    "delete from eventlog.destroyed_keys",
    "update eventlog.log set id = gen_random_uuid()",
    "set role {owner}",
)


def deed_on(table, deed):
    column, position = COLUMNS[table]
    return DEEDS[deed].format(table=table, column=column, position=position)


def asked(dsn, statement):
    with psycopg.connect(dsn, autocommit=True) as db:
        with db.transaction():
            db.execute(statement)


def refused(dsn, statement) -> bool:
    """Whether the role has no right to it; any other error is raised."""
    try:
        asked(dsn, statement)
    except errors.InsufficientPrivilege:
        return True
    return False


def fill(db):
    db.execute(EVENT, (uuid4(),))
    db.execute("insert into eventlog.audit_chain values (1, 1, gen_random_uuid(), 1, '\\x00')")


def contents(db):
    return [db.execute(f"select * from {table}").fetchall() for table in TABLES]


@pytest.fixture
def name(database):
    """A role that no other test knows of, dropped in the end; what it has lies in this database alone."""
    name = f"app_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(database, autocommit=True) as db:
        if db.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone():
            db.execute(f"drop owned by {name} cascade")
            db.execute(f"drop role {name}")


def test_the_application_adds_to_the_log_and_to_the_chain_and_reads_both(app_database, db):
    with psycopg.connect(app_database) as app:
        fill(app)
        [[event], [link]] = contents(app)
    assert (event[1:4], link[:2]) == ((1, "X", b""), (1, 1))


@pytest.mark.parametrize("table", TABLES)
def test_the_application_cannot_change_what_is_there(app_database, db, table):
    fill(db)
    before = contents(db)
    assert [deed for deed in DEEDS if not refused(app_database, deed_on(table, deed))] == []
    assert contents(db) == before


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_can_so_that_the_refusals_mean_something(app_database, db, table):
    for deed in DEEDS:
        with db.transaction(force_rollback=True):
            db.execute(deed_on(table, deed))


def test_the_application_gets_around_it_in_no_other_way(app_database, db):
    fill(db)
    before = contents(db)
    assert [way for way in LIKEWISE if not refused(app_database, way.format(owner=db.info.user))] == []
    assert contents(db) == before


def test_a_log_is_known_to_be_append_only_for_one_and_not_for_the_other(app_database, db):
    assert not roles.is_append_only(db)
    assert roles.weakness(db) == "is a superuser"
    with psycopg.connect(app_database) as app:
        assert roles.weakness(app) is None
        assert roles.is_append_only(app)


@pytest.mark.parametrize(("given", "found"), [
    ("grant update on eventlog.audit_chain to {app}", "may update eventlog.audit_chain"),
    ("grant update (state) on eventlog.stored_events to {app}", "may update eventlog.stored_events"),
    ("grant delete on eventlog.stored_events to public", "may delete eventlog.stored_events"),
    ("grant truncate on eventlog.audit_chain to {app}", "may truncate eventlog.audit_chain"),
    ("grant trigger on eventlog.audit_chain to {app}", "may trigger eventlog.audit_chain"),
    ("grant insert on eventlog.stored_events to {app}", "may choose positions in the log"),
    ("grant update on sequence eventlog.stored_events_notification_id_seq to {app}", "may set back the positions"),
    ("alter table eventlog.audit_chain owner to {app}", "owns eventlog.audit_chain"),
    ("alter schema eventlog owner to {app}", "owns schema eventlog"),
    ("alter database {database} owner to {app}", "owns the database"),
])  # fmt: skip
def test_each_way_to_change_the_log_is_found_and_taken_away_but_the_database_s_owner(db, database, name, given, found):
    login = Login(name, "word")
    roles.make(db, login)
    roles.settle(db, name, ())
    db.execute(given.format(app=name, database=db.info.dbname))
    with psycopg.connect(make_conninfo(database, user=name, password="word"), autocommit=True) as app:
        assert roles.weakness(app).startswith(found)
        roles.settle(db, name, ())
        assert (roles.weakness(app) is None) == ("database" not in found)
    db.execute(f"alter database {db.info.dbname} owner to current_user")


def test_what_was_made_before_there_were_roles_changes_hands(db, app_database):
    belongs = """select n.nspname || '.' || relname, relowner::regrole::text from pg_class c
                 join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'S') and nspname !~ '^pg_'
                 and nspname <> 'information_schema'"""
    owners = dict(db.execute(belongs).fetchall())
    of_the_owner = {what for what, owner in owners.items() if owner != APPLICATION.name}
    assert {what.partition(".")[0] for what in of_the_owner} == {"eventlog", "api", "public"}
    assert [what for what in of_the_owner if what.startswith("public.")] == ["public.migrations"]
    assert {"calendar.positions", "public.procrastinate_jobs"} < owners.keys() - of_the_owner


def test_a_log_that_belonged_to_the_application_is_taken_from_it(db, database, name):
    roles.make(db, Login(name, "word"))
    for what in (
        "schema eventlog",
        "table eventlog.stored_events",
        "table eventlog.audit_chain",
        "table public.migrations",
    ):
        db.execute(f"alter {what} owner to {name}")
    roles.settle(db, name, ())
    with psycopg.connect(make_conninfo(database, user=name, password="word")) as app:
        assert roles.is_append_only(app)
        fill(app)


def test_many_who_make_one_role_at_once_find_it_made(database, name):
    def make_and_settle(_):
        with psycopg.connect(database, autocommit=True) as owner:
            roles.make(owner, Login(name, "word"))
            roles.settle(owner, name, ())

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(make_and_settle, range(12)))
    asked(make_conninfo(database, user=name, password="word"), "select from eventlog.stored_events")


def test_a_role_that_is_there_keeps_its_password_and_no_password_is_told_to_the_server(db, name):
    roles.make(db, Login(name, "word"))
    kept = "select rolpassword from pg_authid where rolname = %s"
    before = db.execute(kept, (name,)).fetchone()
    roles.make(db, Login(name, "another"))
    assert db.execute(kept, (name,)).fetchone() == before
    assert before[0].startswith("SCRAM-SHA-256$")
