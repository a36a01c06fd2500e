"""The command line: every command is there, starts quickly, and says what is wrong in a sentence."""

import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

import cli
from commands.accounts import account_of
from domain import booking
from domain.ids import booking_id
from eventlog.store import Ref
from settings import Settings
from tests.samples import NOON, note, placed
from tests.test_settings import ENOUGH, PRODUCTION
from workers.upkeep import store_of

CLI = Path(cli.__file__)
LONG_RUNNING = {"run", "api", "relay", "projector", "reactions", "jobs", "stripe-sandbox", "kafka"}


@pytest.fixture
def asked(database, monkeypatch, tmp_path):
    """Calls a command on the test's database, with a data folder of its own: beside it `make run` may have left one."""
    own = {"DATABASE_URL": database, "TOTETAXI_ENV": "test", "TOTETAXI_DATA": str(tmp_path)}
    for name, text in (ENOUGH | own).items():
        monkeypatch.setenv(name, text)
    return lambda *words: cli.main(words)


@pytest.mark.parametrize("command", cli.COMMANDS, ids=lambda command: command.words)
def test_every_command_finds_its_function(command):
    assert callable(cli.load(command.function))


def test_help_imports_nothing_heavy():
    heavy = "{'psycopg', 'fastapi', 'stripe', 'kafka', 'msgspec'}"
    code = f"import sys, cli; cli.parser(); print([*{heavy}.intersection(sys.modules)])"
    found = subprocess.run([sys.executable, "-c", code], cwd=CLI.parent, capture_output=True, text=True, timeout=30)
    assert found.stdout == "[]\n"


def test_nothing_starts_on_bad_settings(capsys, monkeypatch):
    for name in PRODUCTION:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOTETAXI_ENV", "production")
    for command in (c for c in cli.COMMANDS if c.words in LONG_RUNNING - {"run", "kafka"}):
        assert cli.main([command.words]) == 2
        assert "DATABASE_URL is missing" in capsys.readouterr().err


def test_a_database_that_cannot_be_reached_is_told(asked, capsys, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    assert asked("migrate") == 2
    assert "the database can't be reached" in capsys.readouterr().err


def test_a_process_refuses_a_database_that_forgets(asked, capsys, monkeypatch):
    monkeypatch.setenv("TOTETAXI_ENV", "development")
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off")
    assert asked("api") == 2
    assert "synchronous_commit" in capsys.readouterr().err


def test_without_a_platform_it_is_told_how_to_get_one(capsys, monkeypatch, tmp_path):
    for name in PRODUCTION:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOTETAXI_DATA", str(tmp_path))
    assert cli.main(["verify"]) == cli.main(["projections", "list"]) == 2
    told = capsys.readouterr()
    assert told.err.count(f"no platform runs on {tmp_path}: `make run` starts one") == 2
    assert told.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("simulate", "--bookings", "many"),
        ("simulate", "--bookings", "-3"),
        ("simulate", "--rate", "fast"),
        ("events", "tail", "--after", "noon"),
        ("projections", "retry", "calendar", "some-key"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_named(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)
    assert f"argument {words[-2].replace('calendar', 'KEY')}: " in capsys.readouterr().err


def test_a_mail_address_that_is_none_is_refused(asked, capsys):
    assert asked("person", "forget", "nobody") == 2
    assert "not a mail address" in capsys.readouterr().err


def test_a_platform_that_does_not_answer_is_told(capsys):
    assert cli.main(["simulate", "--url", "http://127.0.0.1:1", "--staff", "a@example.com:b"]) == 2
    assert "does not answer" in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_ends_the_command_quietly(asked):
    asked("seed")
    tail = [sys.executable, CLI, "events", "tail", "--follow"]
    with subprocess.Popen(tail, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reading:
        reading.stdout.close()
        assert (reading.wait(30), reading.stderr.read()) == (0, "")


def test_nothing_parked_is_told(asked, capsys):
    asked("migrate")
    capsys.readouterr()
    assert asked("projections", "parked") == 0
    assert capsys.readouterr().out == "nothing is parked\n"


def test_migrating_twice_changes_nothing(asked, db):
    assert asked("migrate") == asked("migrate") == 0
    schemas = {name for (name,) in db.execute("select nspname from pg_namespace")}
    assert {"calendar", "dashboard", "history"} <= schemas
    assert db.execute("select to_regclass('public.procrastinate_jobs')").fetchone() != (None,)


def test_the_catalogue_is_loaded_once(asked, capsys):
    assert asked("seed") == 0
    assert int(capsys.readouterr().out.split()[0]) > 10
    assert asked("seed") == 0
    assert capsys.readouterr().out == "0 new entries\n"


def test_of_an_empty_log_nothing_is_shown(asked, capsys):
    assert asked("events", "tail") == 0
    assert capsys.readouterr().out == ""


def test_the_log_is_shown_with_its_end_first_asked_for(asked, capsys):
    asked("seed")
    capsys.readouterr()
    assert asked("events", "tail", "--after", "0") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))
    assert asked("events", "tail") == 0
    assert capsys.readouterr().out.splitlines() == lines[-20:]


def test_a_booking_is_shown_as_it_is_and_as_it_was_and_without_its_person_once_forgotten(asked, capsys):
    with store_of(Settings.from_env()) as store:
        offer = replace(placed(number="TT00000001"), person_id=store.vault.person_id("ada@example.com"))
        ref = Ref(booking, booking_id("TT00000001"), True)
        store.append([ref], lambda made: [booking.place(made, offer)], note())
        store.append([ref], lambda made: [booking.confirm(made)], note(NOON + timedelta(minutes=5)))

    def shown(*words: str) -> str:
        assert asked("booking", "show", "TT00000001", *words) == 0
        return capsys.readouterr().out

    assert '"status": "confirmed"' in shown()
    assert '"status": "pending"' in shown("--as-of", "1")
    assert '"status": "pending"' in shown("--as-of", NOON.isoformat())
    assert '"status": "confirmed"' in shown("--as-of", (NOON + timedelta(minutes=5)).isoformat())
    assert asked("booking", "show", "TT00000001", "--as-of", "2020-01-01") == 1
    assert asked("booking", "show", "TT00000001", "--as-of", "yesterday") == 2
    assert "Byron" in shown()
    assert asked("person", "forget", "Ada@Example.com") == 0
    assert "Byron" not in shown()
    assert asked("person", "forget", "ada@example.com") == 1


def test_staff_get_an_account_by_a_password_from_a_pipe(asked, db, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n"))
    assert asked("staff", "create", "eve@example.com") == 0
    assert account_of(db, "eve@example.com").role == "admin"
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n"))
    assert asked("staff", "create", "Eve@example.com", "--role", "support") == 0
    assert account_of(db, "eve@example.com").role == "support"
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n"))
    assert asked("staff", "create", "eve@example.com") == 0
    id = account_of(db, "eve@example.com").id
    assert capsys.readouterr().out.splitlines() == [
        f"{id} admin: made", f"{id} support: new role, new password", f"{id} support: new password"]  # fmt: skip


def test_a_role_that_there_is_not_is_told(asked, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n"))
    assert asked("staff", "create", "eve@example.com", "--role", "boss") == 2
    assert "admin, manager, operator" in capsys.readouterr().err


def test_what_is_parked_nowhere_cannot_be_retried(asked, capsys):
    asked("migrate")
    assert asked("projections", "parked") == 0
    assert asked("projections", "retry", "calendar", str(booking_id("TT1"))) == 1
    assert "is not parked in calendar" in capsys.readouterr().out
    assert asked("projections", "skip", "weather", str(booking_id("TT1"))) == 2


def test_a_healthy_platform_is_found_healthy_and_a_torn_stream_is_not(asked, db, capsys):
    asked("migrate")
    asked("seed")
    assert asked("verify") == 0
    db.execute("delete from eventlog.stored_events where originator_version = 2")
    assert asked("verify") == 1
    assert "some are missing" in capsys.readouterr().out


def test_production_is_wiped_only_by_the_name_of_its_database(asked, db, database, capsys, monkeypatch):
    name = conninfo_to_dict(database)["dbname"]
    for setting, text in (PRODUCTION | {"DATABASE_URL": database}).items():
        monkeypatch.setenv(setting, text)
    monkeypatch.setenv("TOTETAXI_ALLOW_WIPE", "another")
    assert asked("wipe") == 2
    [before] = db.execute("select id from eventlog.log").fetchone()
    monkeypatch.setenv("TOTETAXI_ALLOW_WIPE", name)
    assert asked("wipe") == asked("migrate") == 0
    with psycopg.connect(database) as anew:
        assert anew.execute("select id from eventlog.log").fetchone() != (before,)
