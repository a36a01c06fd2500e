"""Card numbers in text, as people write them: found, so that they are refused before anything is done, or masked.

A card number has 13 to 19 digits, with a valid check digit (Luhn, ISO/IEC 7812-1) and the beginning and length of a
network; in one piece, in fours, as 4-6-5, or in other pieces of one size, with up to three blanks, dots or dashes
between; in fours also with a slash or an underscore. No further digit touches it. A UUID, an id of 16, 24, 32 ...
hexadecimal digits and a fraction below one are none, and a field named `phone` may hold up to 15 digits after a `+`.
Why so, and how often it is a false alarm: docs/decisions/0016.
"""

import re
from collections.abc import Iterator
from itertools import accumulate
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
IN_FOURS = re.compile(r"(?<![0-9])[0-9]{4}([/_])(?:[0-9]{4}\1){2,}[0-9]{1,4}(?![0-9])")
NO_CARD = re.compile(
    "(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"  # a UUID
    "|(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])(?:[0-9A-Fa-f]{8}){2,}(?![0-9A-Za-z])"  # an id in hexadecimal digits
    r"|(?<![0-9.])0\.[0-9]{13,}"  # a fraction
)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
DASH = re.compile("[\u00b7\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
DIGIT = re.compile(r"[^\W\D]")
PHONE = re.compile(r"\+(?:[\s().-]*[0-9]){1,15}")
LEAST, MOST = 13, 19
ANY = range(LEAST, MOST + 1)
LENGTHS = {"2": (16,), "3": range(14, MOST + 1), "4": (13, 16, 19), "5": ANY, "6": ANY}  # of networks, by first digit
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
    elif has_card_number(text := _written(value)) and not (path[-1:] == ("phone",) and PHONE.fullmatch(text.strip())):
        yield path


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return str(int(value)) if is_whole and 10 ** (LEAST - 1) <= abs(value) < 10**MOST else ""


def _plain(text: str) -> str:
    """With the digits and dashes of ASCII, and without what cannot be seen."""
    if text.isascii():
        return text
    return DIGIT.sub(lambda digit: str(int(digit[0])), DASH.sub("-", INVISIBLE.sub("", text)))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """From where to where; none overlaps another."""
    text = IN_FOURS.sub(lambda fours: fours[0].replace(fours[1], " "), text)
    if not LONG.search(text):
        return
    rest = NO_CARD.sub(lambda id: "#" * len(id[0]), text)
    for run in LONG.finditer(rest):
        yield from _in_run(rest, [piece.span() for piece in PIECE.finditer(rest, *run.span())])


def _in_run(text: str, pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Of pieces of digits with nothing but separators between them; what it costs grows with their number alone."""
    digits = "".join(text[start:end] for start, end in pieces)
    before = [0, *accumulate(end - start for start, end in pieces)]
    even_since, free = _even_since(text, pieces), 0
    for first, last in _valid(digits, before):
        is_even = even_since[last] <= first and _size(pieces[last]) <= _size(pieces[first])
        if first >= free and (is_even or _is_in_fours(before[first : last + 1])):
            yield pieces[first][0], pieces[last][1]
            free = last + 1


def _is_in_fours(before: list[int]) -> bool:
    """In fours, some of them perhaps in one piece; or 4-6-5."""
    cuts = {so_many - before[0] for so_many in before[1:7]}
    return cuts == AMERICAN or cuts <= FOURS


def _valid(digits: str, before: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last piece of what is a number of a network, as far as its digits say."""
    odd, even = _sums(digits)
    nth = {so_many: n for n, so_many in enumerate(before)}
    for first, start in enumerate(before[:-1]):
        for length in LENGTHS.get(digits[start], ()):
            end = start + length
            sums = odd if end % 2 else even
            if end in nth and not (sums[end] - sums[start]) % 10 and NETWORK.fullmatch(digits, start, end):
                yield first, nth[end] - 1


def _sums(digits: str) -> tuple[list[int], list[int]]:
    """Luhn's sum of the digits up to each place, for what ends at an odd place, and at an even one.

    Every second digit counts doubled, the last one does not.
    """
    odd, doubled = list(map(int, digits)), list(map(int, digits.translate(DOUBLED)))
    even = odd.copy()
    odd[1::2], even[::2] = doubled[1::2], doubled[::2]
    return [0, *accumulate(odd)], [0, *accumulate(even)]


def _even_since(text: str, pieces: list[tuple[int, int]]) -> list[int]:
    """For each piece the first one from which on all before it are of one size, with the same between them."""
    since = [0]
    for n, (start, _) in enumerate(pieces[1:], 1):
        one, other = pieces[n - 1], pieces[n - 2]
        goes_on = n == 1 or (_size(one) == _size(other) and text[one[1] : start] == text[other[1] : one[0]])
        since.append(since[-1] if goes_on else n - 1)
    return since


def _size(piece: tuple[int, int]) -> int:
    return piece[1] - piece[0]
