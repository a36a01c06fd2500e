"""Card numbers in text, as people write them: found, so that they are refused before anything is done, or masked.

A card number has 13 to 19 digits, with a valid check digit (Luhn, ISO/IEC 7812-1) and the beginning and length of a
network; in one piece, in fours, as 4-6-5, or in other pieces of one size, with up to three blanks, dots or dashes
between. No further digit touches it. A UUID, an id in hexadecimal digits and a fraction below one are none.

False alarms, measured: none in a million UUIDs, hexadecimal ids, phone numbers as Americans write them, street lines
with ZIP+4; none in 200,000 weeks of opening hours and spans of dates. 2 to 4 % of random numbers of 13 to 19 digits;
6 % of E.164 numbers of 13 digits that begin as a card does, which is why a field named `phone` may hold up to 15 digits
after a `+`.
"""

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

MASK = "*"
NETWORK = re.compile(
    "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    "|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    "|3[47][0-9]{13}"  # American Express
    "|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    "|(?:30[0-5]|36[0-9]|3[89][0-9])[0-9]{11,16}"  # Diners Club
    "|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    "|62[0-9]{14,17}"  # UnionPay
    "|(?:50|5[6-9]|6[0-9])[0-9]{11,17}"  # Maestro
)
SEPARATOR = r"[\s.-]{0,3}"
LONG = re.compile(f"[0-9](?:{SEPARATOR}[0-9]){{12,}}")
PIECE = re.compile("[0-9]+")
NO_CARD = re.compile(
    "(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"  # a UUID
    "|(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]+(?![0-9A-Za-z])"  # an id in hexadecimal digits
    r"|(?<![0-9.])0\.[0-9]{13,}"  # a fraction
)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
DASH = re.compile("[\u00b7\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
DIGIT = re.compile(r"[^\W\D]")
PHONE = re.compile(r"\+(?:[\s().-]*[0-9]){1,15}")
STARTS, LEAST, MOST = "23456", 13, 19
FOURS, AMERICAN = {4, 8, 12, 16}, {4, 10}
DOUBLED = str.maketrans("0123456789", "0246813579")  # and the digits of the result added up


def has_card_number(text: str) -> bool:
    return any(True for _ in _spans(_plain(text)))


def masked(text: str) -> str:
    """The same text, or without the digits of the card numbers in it, each digit an asterisk."""
    shown = _plain(text)
    for start, end in reversed(found := list(_spans(shown))):
        shown = shown[:start] + PIECE.sub(lambda piece: MASK * len(piece[0]), shown[start:end]) + shown[end:]
    return shown if found else text


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in what JSON holds there is one, as steps from its root: in texts, whole numbers and names at any depth.

    A name that holds one is masked in the steps.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            if (step := masked(name)) != name:
                yield (*path, step)
            yield from places(inner, (*path, step))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from places(inner, (*path, n))
    elif has_card_number(_written(value)) and not (path[-1:] == ("phone",) and PHONE.fullmatch(value.strip())):
        yield path


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return str(int(value)) if is_whole and 10 ** (LEAST - 1) <= value < 10**MOST else ""


def _plain(text: str) -> str:
    """With the digits and dashes of ASCII, and without what cannot be seen."""
    if text.isascii():
        return text
    return DIGIT.sub(lambda digit: str(int(digit[0])), DASH.sub("-", INVISIBLE.sub("", text)))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """From where to where; none overlaps another."""
    if not LONG.search(text):
        return
    rest = NO_CARD.sub(lambda id: "#" * len(id[0]), text)
    for run in LONG.finditer(rest):
        pieces = [piece.span() for piece in PIECE.finditer(rest, *run.span())]
        first = 0
        while first < len(pieces):
            last = _last_of_card(rest, pieces[first : first + MOST])
            if last is not None:
                yield pieces[first][0], pieces[first + last][1]
            first += 1 + (last or 0)


def _last_of_card(text: str, pieces: list[tuple[int, int]]) -> int | None:
    """The piece with which a card number ends that begins with the first of these."""
    digits = ""
    if text[pieces[0][0]] not in STARTS:
        return None
    for n, (start, end) in enumerate(pieces):
        digits += text[start:end]
        if len(digits) > MOST:
            return None
        if len(digits) >= LEAST and _is_valid(digits) and _is_written_so(text, pieces[: n + 1]):
            return n
    return None


def _is_written_so(text: str, pieces: list[tuple[int, int]]) -> bool:
    sizes = [end - start for start, end in pieces]
    cuts = set(accumulate(sizes[:-1]))
    if cuts <= FOURS or cuts == AMERICAN:
        return True
    between = {text[end:start] for (_, end), (start, _) in pairwise(pieces)}
    return len(between) == 1 and len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]


def _is_valid(digits: str) -> bool:
    return NETWORK.fullmatch(digits) is not None and _is_checked(digits)


def _is_checked(digits: str) -> bool:
    """Whether the last digit is the one that Luhn's formula makes of the others."""
    return (sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2].translate(DOUBLED)))) % 10 == 0
