"""Words to search people by: names and mail addresses in their parts, phones in any writing.

Both sides go through here: what is kept (`words_of`), and what somebody types (`query_of`). Case and accents count for
nothing. Postgres's full-text search with the configuration `simple` does the rest.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from unicodedata import combining, normalize

SHORTEST_END = 4  # of a phone: its last four digits are what people ask for
LOCAL_DIGITS = 7  # longer ones may begin with zeros that are dialled and not kept
NUMBER = re.compile(r"[+(]*[0-9][0-9().+/-]*")


def words_of(texts: Iterable[str], phone: str) -> str:
    """What is kept of a person: the parts of the texts, and each end of the phone, so that any part is a prefix."""
    digits = _digits(phone)
    ends = [digits[n:] for n in range(max(1, len(digits) - SHORTEST_END + 1)) if digits]
    return " ".join(dict.fromkeys([*(part for text in texts for part in _parts(text)), *ends]))


def query_of(search: str) -> str:
    """A tsquery for what somebody types: all of it has to be there, the last part of each word as a prefix.

    Empty when nothing in it can be searched for.
    """
    terms: list[str] = []
    for is_number, pieces in groupby(search.split(), lambda piece: NUMBER.fullmatch(piece) is not None):
        terms += (_number if is_number else _words)(pieces)
    return " & ".join(dict.fromkeys(terms))


def _words(pieces: Iterable[str]) -> list[str]:
    """`g1@example.com` is not `g10@example.com`: what a separator follows is whole."""
    found = [parts for piece in pieces if (parts := _parts(piece))]
    return [term for *whole, last in found for term in (*whole, f"{last}:*")]


def _number(pieces: Iterable[str]) -> list[str]:
    """Groups of digits side by side are one number."""
    digits = _digits("".join(pieces))
    kept = digits.lstrip("0") if len(digits) > LOCAL_DIGITS else digits
    return [f"{kept}:*"] if kept else []


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isdigit())


def _parts(text: str) -> list[str]:
    bare = "".join(char for char in normalize("NFKD", text).casefold() if not combining(char))
    return "".join(char if char.isalnum() else " " for char in bare).split()
