"""Brings a database to the schema of this version: numbered SQL files, each applied once, in order."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psycopg

FOLDER = Path(__file__).with_name("schema")
LOCK = 7_042_001
TABLE = """create table if not exists public.migrations (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())"""


class EditedMigration(Exception):
    """A file that was applied has other contents now; put it back and write a new file instead."""


def migrate(database_url: str, folder: Path = FOLDER) -> Iterator[str]:
    """Apply what is missing, as the owner; yields the name of each file applied. Of two at once the second finds it
    done. The files name schemas: nothing is looked for by search path.
    """
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("select pg_advisory_lock(%s)", (LOCK,))
        # The application may create what it likes in `public`: nothing there may come before what we mean.
        db.execute("set search_path = pg_catalog")
        db.execute(TABLE)
        applied = dict(db.execute("select name, sha256 from public.migrations").fetchall())
        for file in sorted(folder.glob("*.sql")):
            text = file.read_bytes()
            digest = sha256(text).hexdigest()
            if applied.get(file.name, digest) != digest:
                raise EditedMigration(f"{file.name} was applied with other contents; restore it and add a new file")
            if file.name not in applied:
                with db.transaction():
                    db.execute(text)
                    db.execute("insert into public.migrations (name, sha256) values (%s, %s)", (file.name, digest))
                yield file.name


def is_current(db: psycopg.Connection, folder: Path = FOLDER) -> bool:
    """Whether every file of this version was applied."""
    if not db.execute("select to_regclass('public.migrations')").fetchone()[0]:
        return False
    applied = {name for (name,) in db.execute("select name from public.migrations")}
    return applied >= {file.name for file in folder.glob("*.sql")}
