"""A database comes to the schema of this version by files that are applied once and never edited."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from eventlog.migrations import EditedMigration, is_current, migrate


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_one.sql").write_text("create table public.one (id int); insert into public.one values (1)")
    (tmp_path / "0002_two.sql").write_text("create table public.two (id int)")
    return tmp_path


def test_files_are_applied_once_and_in_their_order(database, db, folder):
    assert not is_current(db, folder)
    assert list(migrate(database, folder)) == ["0001_one.sql", "0002_two.sql"]
    assert is_current(db, folder)
    assert list(migrate(database, folder)) == []
    assert db.execute("select count(*) from one").fetchone() == (1,)


def test_a_new_file_is_applied_alone_and_until_then_the_database_is_not_current(database, db, folder):
    list(migrate(database, folder))
    (folder / "0003_three.sql").write_text("create table public.three (id int)")
    assert not is_current(db, folder)
    assert list(migrate(database, folder)) == ["0003_three.sql"]


def test_an_edited_file_is_refused_and_nothing_behind_it_is_applied(database, db, folder):
    list(migrate(database, folder))
    (folder / "0001_one.sql").write_text("create table public.one (id bigint)")
    (folder / "0003_three.sql").write_text("create table public.three (id int)")
    with pytest.raises(EditedMigration, match="0001_one"):
        list(migrate(database, folder))
    assert db.execute("select to_regclass('three')").fetchone() == (None,)


def test_a_file_that_fails_leaves_nothing_behind(database, db, folder):
    (folder / "0003_three.sql").write_text("create table public.three (id int); select 1/0")
    with pytest.raises(errors.DivisionByZero):
        list(migrate(database, folder))
    assert db.execute("select to_regclass('three')").fetchone() == (None,)
    (folder / "0003_three.sql").write_text("create table public.three (id int)")
    assert list(migrate(database, folder)) == ["0003_three.sql"]


def test_two_processes_at_once_apply_each_file_once(database, folder):
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: list(migrate(database, folder)), range(4)))
    assert sorted(name for names in applied for name in names) == ["0001_one.sql", "0002_two.sql"]


def test_a_database_that_was_never_migrated_is_not_current(server):
    with psycopg.connect(server) as db:
        assert not is_current(db)


def test_this_version_s_own_files_are_applied_in_every_test_database(database, db):
    assert is_current(db)
    assert list(migrate(database)) == []
