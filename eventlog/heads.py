"""Heads of the audit log's chain outside the database: lines of a file, one for each time that the chain has grown.

Who can write to the database can make a chain anew that fits itself; it does not fit what was told outside before.
"""

import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from msgspec import MsgspecError, json

from domain import Value

LONGEST = 10_000


class Head(Value):
    """The chain of this log had n links at that moment, the last one over the event at `position`; `hash` is in hex."""

    log: UUID
    n: int
    position: int
    hash: str
    at: datetime


HEAD = json.Decoder(Head)


def write_head(file: Path, head: Head) -> None:
    """Adds a line and returns when it is on the disk. What a crash left of a line is cut off first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        _cut_torn_line(lines.fileno())
        lines.write(json.encode(head) + b"\n")
        lines.flush()
        os.fsync(lines.fileno())


def read_heads(file: Path) -> Iterator[Head]:
    """Line by line; nothing where there is no file. Raises ValueError for a line that is no head."""
    if not file.exists():
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield HEAD.decode(line)
            except MsgspecError:
                raise ValueError(f"line {number} of {file} is no head of a chain") from None


def put_aside(file: Path, at: datetime) -> None:
    """When their log is no more: what comes now is another log's."""
    if file.exists():
        file.rename(file.with_name(f"{file.stem}.until-{at:%Y%m%dT%H%M%S}{file.suffix}"))


def _cut_torn_line(file: int) -> None:
    size = os.fstat(file).st_size
    tail = os.pread(file, LONGEST, max(0, size - LONGEST))
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(file, size - len(tail) + tail.rfind(b"\n") + 1)
