"""The tables of the job queue: procrastinate's own, made once."""

from procrastinate.schema import SchemaManager
from psycopg import Connection

LOCK = 7_042_003


def create_job_tables(db: Connection) -> None:
    """In the schema `public`; nothing when they are there."""
    with db.transaction():
        db.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        if db.execute("select to_regclass('public.procrastinate_jobs') is null").fetchone() == (True,):
            db.execute(SchemaManager.get_schema())
