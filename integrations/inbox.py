"""The local inbox: a Mailer that keeps what it is given in a folder, so that no letter of a trial leaves the machine.

The folder is a Maildir, which any mail program can open. Whoever delivers writes aside and links: a reader sees whole
letters only, and of two who bring the same letter one finds it there.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.parser import BytesParser
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from integrations.mail import POLICY, Letter, MailUnavailable, in_mime

NEWEST = 200


class Delivered(NamedTuple):
    to: str
    subject: str
    text: str
    sent_at: datetime


class Inbox:
    """In this folder, which is made with the first letter."""

    def __init__(self, folder: Path):
        self._folder = folder

    def send(self, letter: Letter) -> str:
        """The letter's id in the inbox; delivered once, however often and by however many it is sent."""
        message = in_mime(letter)
        try:
            self._deliver(_name(letter), bytes(message))
        except OSError as error:
            raise MailUnavailable(f"the inbox takes no letters: {error.strerror}") from None
        return message["Message-ID"]

    def letters(self, to: str = "", most: int = NEWEST) -> list[Delivered]:
        """The newest first; all, or those to one address."""
        found = sorted(self._files(f"{_digest(to)}.*" if to else "*"), key=_delivered_ns, reverse=True)
        return [_read(file) for file in found[:most]]

    def _deliver(self, name: str, content: bytes) -> None:
        for part in ("tmp", "new", "cur"):
            (self._folder / part).mkdir(0o700, parents=True, exist_ok=True)
        if next(self._files(f"{name}*"), None):
            return
        aside = self._folder / "tmp" / uuid4().hex
        try:
            _write(aside, content)
            os.link(aside, self._folder / "new" / name)
        except FileExistsError:
            return
        finally:
            aside.unlink(missing_ok=True)

    def _files(self, pattern: str) -> Iterator[Path]:
        """A mail program moves what it has shown from `new` to `cur` and adds to its name."""
        for part in ("new", "cur"):
            yield from (self._folder / part).glob(pattern)


def inbox_in(data: Path) -> Inbox:
    """That of the platform with this data folder."""
    return Inbox(data / "inbox")


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    now = time.time_ns()
    os.utime(file, ns=(now, now))  # the file system's own clock may tick too slowly to tell two letters apart


def _name(letter: Letter) -> str:
    """The same for the same letter; letters to one address begin alike."""
    return f"{_digest(letter.to)}.{_digest(letter.id)}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _delivered_ns(file: Path) -> int:
    return file.stat().st_mtime_ns


def _read(file: Path) -> Delivered:
    with file.open("rb") as content:
        message: Any = BytesParser(policy=POLICY).parse(content)
    sent_at = datetime.fromtimestamp(_delivered_ns(file) / 1e9, UTC)
    return Delivered(str(message["To"]), str(message["Subject"]), message.get_body(("plain",)).get_content(), sent_at)
