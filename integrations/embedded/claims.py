"""File locks: one owner for a data folder, one at a time for a shared cache; the kernel lets go when the owner dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from integrations.embedded.child import CannotStart


def claim(lock: Path, folder: Path) -> TextIO:
    """The lock file, held; `release` gives it back. Raises CannotStart naming the process that owns `folder` by now."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = lock.open("a+")
    except PermissionError as error:
        raise CannotStart(f"{folder} belongs to another user of this machine; take another data folder") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = lock.read_text().strip() or "unknown"
        file.close()
        raise CannotStart(f"{folder} is in use by process {owner}: stop it or take another data folder") from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def release(held: TextIO) -> None:
    # Explicitly, for a forked child that shares the open file would keep the lock.
    fcntl.flock(held, fcntl.LOCK_UN)
    held.close()


@contextmanager
def turn(lock: Path) -> Iterator[None]:
    """Waits until no other process is between the same two lines."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
