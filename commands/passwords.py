"""Passwords: which are good enough, their hashes, and comparing, which takes as long where there is no account."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from domain import Refused

SHORTEST, LONGEST = 10, 1000
COMMON = frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)
HASHING = BoundedSemaphore(2)  # each hash takes 64 MB and a core for 50 ms


class TooManyAtOnce(Exception):
    """As many passwords are being looked at as this machine can do at a time: ask again in a moment."""


def check_new(password: str, *known: str) -> None:
    """For a new password; `known` is what is known of its owner: mail address and names.

    Raises Refused("weak_password").
    """
    if len(password) < SHORTEST:
        raise _weak(f"A password has {SHORTEST} characters or more.")
    if len(password) > LONGEST:
        raise _weak(f"A password has {LONGEST} characters at most.")
    if password.casefold() in COMMON:
        raise _weak("This is one of the passwords that everybody tries first.")
    if _plain(password) in _told(known):
        raise _weak("A password is neither the mail address nor the name.")


def hashed(password: str) -> str:
    """Raises TooManyAtOnce."""
    with _one_of_few():
        return _hasher().hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether it is the password with this hash; nobody's is compared with a hash too. Raises TooManyAtOnce."""
    compared = password_hash or nobodys()
    with _one_of_few():
        return _hasher().verify(password, compared) and password_hash is not None


@cache
def nobodys() -> str:
    """The hash for an address without an account."""
    return _hasher().hash(secrets.token_urlsafe(16))


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not HASHING.acquire(blocking=False):  # who waits here would keep a thread from others
        raise TooManyAtOnce
    try:
        yield
    finally:
        HASHING.release()


def _told(known: tuple[str, ...]) -> set[str]:
    """Each by itself, the mail address also without what is behind the @, and the names together."""
    names = [one for one in known if "@" not in one]
    mails = [part for one in known if "@" in one for part in (one, one.partition("@")[0])]
    return {_plain(one) for one in (*names, *mails, "".join(names), "".join(reversed(names)))}


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def _weak(why: str) -> Refused:
    return Refused("weak_password", why, "/password")
