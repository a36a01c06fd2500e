"""Empties a database for good: the log, the keys of its people, and everything made of it."""

from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

OURS = "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"


def wipe(db: Connection) -> None:
    """Drops every schema, `public` comes back empty. The next `migrate` makes a log with another id, so a new topic."""
    with db.transaction():
        for (schema,) in db.execute(OURS).fetchall():
            db.execute(SQL("drop schema {} cascade").format(Identifier(schema)))
        db.execute("create schema public")


def name_of_database(database_url: str) -> str:
    return str(conninfo_to_dict(database_url).get("dbname", ""))
