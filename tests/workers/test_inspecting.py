"""`totetaxi audit verify` says whether the audit log is whole, and what was done to it."""

import psycopg
import pytest

import cli
from eventlog.chain_checking import Check
from tests.eventlog.audit_entries import act, change, found, remove, seal_all
from tests.test_settings import ENOUGH


@pytest.fixture
def asked(database, monkeypatch, tmp_path):
    """Calls a command on the test's database."""
    mine = {"DATABASE_URL": database, "TOTETAXI_ENV": "test", "TOTETAXI_DATA": str(tmp_path)}
    for name, text in (ENOUGH | mine).items():
        monkeypatch.setenv(name, text)
    return lambda *words: cli.main(words)


@pytest.fixture
def heads(tmp_path, db, store):
    """Three entries, sealed; one that is not."""
    for _ in range(3):
        act(store)
    seal_all(db, tmp_path / "audit-heads.jsonl")
    act(store)
    return tmp_path / "audit-heads.jsonl"


def test_a_log_that_is_whole_is_told_with_what_was_looked_at(asked, heads, capsys):
    assert asked("audit", "verify") == 0
    told = capsys.readouterr().out
    assert f"3 entries are sealed, 1 not yet; compared with 1 head in {heads}" in told
    assert "the audit log is whole" in told


def test_what_was_tampered_with_is_named_and_the_exit_code_is_one(asked, heads, db, capsys):
    change(db, 2)
    remove(db, 3)
    assert asked("audit", "verify") == 1
    first, second, *_, last = capsys.readouterr().out.splitlines()
    assert first == "entry 2 at position 2 of the log was changed, or its row of the chain"
    assert (second[:34], second[-11:]) == ("entry 3 at position 3 of the log (", "was removed")
    assert last == "2 findings"


def test_one_finding_is_told_as_one(asked, heads, db, capsys):
    change(db, 2)
    for verify in (("audit", "verify"), ("verify",)):
        assert asked(*verify) == 1
        assert capsys.readouterr().out.splitlines()[-1] == "1 finding"


def test_verifying_everything_verifies_the_audit_log_as_well(asked, heads, db, capsys):
    change(db, 2)
    assert asked("verify") == 1
    assert "audit chain: entry 2 at position 2 of the log was changed" in capsys.readouterr().out


def test_a_wiped_database_begins_with_new_heads(asked, heads, database, capsys):
    old = heads.read_bytes()
    assert asked("wipe") == 0
    assert asked("migrate") == 0
    with psycopg.connect(database) as db:
        assert found(db, heads) == []
        assert Check(db, heads).heads == 0
    [kept] = heads.parent.glob("audit-heads.until-*.jsonl")
    assert kept.read_bytes() == old
