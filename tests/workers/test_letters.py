"""Letters through timers and jobs: once, whatever is killed; in the end, whatever is broken; told to nobody else."""

import pytest

from commands.customers import Registration, register, verify_mail
from eventlog.ids import new_id
from eventlog.timers import ask
from integrations.inbox import Inbox
from integrations.stripe import connect
from tests.commands.test_letters import account_id, token
from tests.integrations.stripe_account import KEY, SECRET
from tests.proofs.canaries import places_of, tables
from tests.waiting import until
from tests.workers.acting import Acting, context, is_idle
from tests.workers.test_jobs import defer, state

ADA = Registration("canary.ada@example.com", "correct horse battery", "Canaryname", "Byron", "+12125550123")
PERSONAL = [ADA.email, ADA.first_name, ADA.password, ADA.phone]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "inbox"


@pytest.fixture
def inbox(folder):
    return Inbox(folder)


@pytest.fixture
def guest(store):
    return lambda: context(store, connect(KEY, "http://127.0.0.1:9", SECRET), "guest")


@pytest.fixture
def ada(guest, db):
    """An account that has just been made: its letter is asked for."""
    register(ADA, guest())
    return account_id(db, ADA.email)


def test_a_letter_that_is_asked_for_comes_and_one_about_nobody_does_not(ada, database, db, folder, inbox, guest):
    ask(db, "letter_reset", new_id(), guest().now)
    with Acting("reactions", database), Acting("jobs", database, inbox=folder):
        until(lambda: is_idle(db), 60)
    [letter] = inbox.letters()
    assert letter.to == ADA.email
    verify_mail(token(letter), guest())
    jobs = "select task_name, status::text from procrastinate_jobs where task_name like 'letter_%' order by 1"
    assert db.execute(jobs).fetchall() == [("letter_reset", "succeeded"), ("letter_verify", "succeeded")]


def test_a_worker_that_is_killed_after_sending_sends_nothing_twice(ada, database, db, folder, inbox, guest):
    defer(database, db, "letter_verify", ada)
    with Acting("silent jobs", database, inbox=folder) as killed:
        until(inbox.letters, 60)
        killed.kill()
    assert state(db, "letter_verify")[0] == "doing"
    with Acting("jobs", database, inbox=folder):
        until(lambda: state(db, "letter_verify")[0] == "succeeded", 60)
    [letter] = inbox.letters()
    verify_mail(token(letter), guest())


def test_a_letter_waits_for_the_mail_and_nobody_waits_for_the_letter(ada, database, db, folder, inbox):
    folder.write_text("no folder: the inbox takes nothing")
    with Acting("reactions", database), Acting("jobs", database, inbox=folder):
        until(lambda: job_attempts(db, "letter_verify") >= 1, 60)
        defer(database, db, "erase_person", ada)
        until(lambda: state(db, "erase_person")[0] == "succeeded", 60)
        assert state(db, "letter_verify")[0] != "succeeded"
        folder.unlink()
        until(lambda: state(db, "letter_verify")[0] == "succeeded", 60)
    assert len(inbox.letters()) == 1


def job_attempts(db, task):
    rows = db.execute("select attempts from procrastinate_jobs where task_name = %s", (task,)).fetchall()
    return rows[0][0] if rows else 0


def test_neither_jobs_nor_timers_nor_logs_hold_what_is_in_a_letter(ada, database, db, folder, inbox, tmp_path):
    """Also when it fails at first: what an error says is logged."""
    folder.write_text("no folder: the inbox takes nothing")
    log = tmp_path / "log"
    held = places_of(PERSONAL, tables(db))
    with Acting("reactions", database, log=log), Acting("jobs", database, inbox=folder, log=log):
        until(lambda: job_attempts(db, "letter_verify") >= 1, 60)
        folder.unlink()
        until(lambda: state(db, "letter_verify")[0] == "succeeded", 60)
    secret = token(inbox.letters()[0])
    found = tables(db) | {"log": log.read_bytes()}
    assert b"MailUnavailable" in found["log"]
    assert str(ada).encode() in found["public.procrastinate_jobs"]
    assert held == {(ADA.email, "api.accounts")}
    assert places_of([*PERSONAL, secret], found) == held | {(ADA.email, "api.tokens")}
