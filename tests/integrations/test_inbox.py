"""The local inbox: real mail, whole or not there, once for each letter."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from integrations.inbox import Inbox
from integrations.mail import Letter, MailUnavailable
from tests.waiting import until

ROOT = Path(__file__).parents[2]
HELLO = Letter("1", "ada@example.com", "Hello", "Hello Ada — ✓\n", "<p>Hello Ada — ✓</p>")
KILLED = """
import os, signal, sys
from pathlib import Path
from integrations.inbox import Inbox
from tests.integrations.test_inbox import HELLO
os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
Inbox(Path(sys.argv[1])).send(HELLO)
"""
LONG = "word " * 50_000 + "end\n"
WRITING = """
import sys
from pathlib import Path
from integrations.inbox import Inbox
from tests.integrations.test_inbox import HELLO, LONG
for n in range(20):
    Inbox(Path(sys.argv[1])).send(HELLO._replace(id=str(n), text=LONG))
"""


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path / "some" / "inbox")


def raw(tmp_path):
    [file] = (tmp_path / "some" / "inbox" / "new").iterdir()
    return message_from_bytes(file.read_bytes(), policy=default)


def test_an_inbox_without_letters_is_empty_and_makes_nothing(inbox, tmp_path):
    assert inbox.letters() == []
    assert not list(tmp_path.iterdir())


def test_a_letter_is_mail_with_both_forms_of_its_words(inbox, tmp_path):
    id = inbox.send(HELLO)
    message = raw(tmp_path)
    assert (message["To"], message["Subject"], message["Message-ID"]) == ("ada@example.com", "Hello", id)
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content() == HELLO.text
    assert message.get_body(("html",)).get_content().rstrip("\n") == HELLO.html


def test_what_was_sent_is_what_is_read(inbox):
    inbox.send(HELLO)
    [found] = inbox.letters()
    assert found[:3] == (HELLO.to, HELLO.subject, HELLO.text)


def test_an_address_of_any_script_is_kept(inbox):
    inbox.send(HELLO._replace(to="jørgen@exämple.com", subject="Grüße"))
    [found] = inbox.letters("jørgen@exämple.com")
    assert found[:2] == ("jørgen@exämple.com", "Grüße")


def test_the_newest_letter_comes_first(inbox):
    for n in range(20):
        inbox.send(HELLO._replace(id=str(n), subject=f"Letter {n}"))
    assert [found.subject for found in inbox.letters()] == [f"Letter {n}" for n in reversed(range(20))]
    assert [found.subject for found in inbox.letters(most=2)] == ["Letter 19", "Letter 18"]


def test_letters_to_one_address_are_found(inbox):
    inbox.send(HELLO)
    inbox.send(HELLO._replace(id="2", to="bob@example.com"))
    assert [found.to for found in inbox.letters("bob@example.com")] == ["bob@example.com"]
    assert not inbox.letters("b*")


def test_a_letter_that_is_sent_again_is_there_once(inbox):
    assert inbox.send(HELLO) == inbox.send(HELLO._replace(text="Other words\n"))
    assert [found.text for found in inbox.letters()] == [HELLO.text]


def test_a_letter_that_a_mail_program_has_shown_is_not_delivered_again(inbox, tmp_path):
    inbox.send(HELLO)
    [file] = (tmp_path / "some" / "inbox" / "new").iterdir()
    file.rename(file.parents[1] / "cur" / f"{file.name}:2,S")
    inbox.send(HELLO)
    assert len(inbox.letters()) == 1


def test_of_many_who_bring_the_same_letter_one_delivers_it(inbox, tmp_path):
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda n: inbox.send(HELLO._replace(id=str(n % 4))), range(64)))
    assert len(set(ids)) == len(inbox.letters()) == 4
    assert not list((tmp_path / "some" / "inbox" / "tmp").iterdir())


def test_a_letter_half_written_is_not_there_and_comes_whole_afterwards(inbox, tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "some" / "inbox")]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    assert list((tmp_path / "some" / "inbox" / "tmp").iterdir())
    assert inbox.letters() == []
    inbox.send(HELLO)
    assert len(inbox.letters()) == 1


def test_a_reader_sees_whole_letters_only(inbox):
    """While another process writes long ones."""
    with subprocess.Popen([sys.executable, "-c", WRITING, str(inbox._folder)], cwd=ROOT) as writing:
        assert until(lambda: all_whole(inbox) == 20)
    assert writing.returncode == 0


def all_whole(inbox):
    found = inbox.letters()
    assert all(each.text == LONG for each in found)
    return len(found)


@pytest.mark.parametrize("field", ["to", "subject"])
def test_a_line_break_makes_no_header(inbox, field):
    with pytest.raises(ValueError, match="line"):
        inbox.send(HELLO._replace(**{field: "ada@example.com\nBcc: eve@example.com"}))
    assert not inbox.letters()


def test_a_folder_that_takes_nothing_is_tried_again_later(tmp_path):
    """The message names nobody, because it is logged."""
    (tmp_path / "inbox").write_text("a file, not a folder")
    with pytest.raises(MailUnavailable) as raised:
        Inbox(tmp_path / "inbox").send(HELLO)
    assert "ada" not in str(raised.value)
    assert raised.value.__cause__ is None
