"""Card numbers that belong to nobody, one of each kind, and the ways in which people write them."""

from itertools import cycle

BEGINNINGS = {
    "visa": ("419365702846150", "420577310962", "453901728460395274"),
    "mastercard": ("530946281750392", "222173950284617", "272068319402751"),
    "american express": ("34729106385041", "37410582963715"),
    "discover": ("601184920573618", "644719305826413", "650928471603951826"),
    "diners club": ("3029587164032", "3671840295163", "389052716438097"),
    "jcb": ("352849017365284", "358971630492857104"),
    "unionpay": ("627401958362740", "621583907264019385"),
    "maestro": ("501847293650418", "589304716295", "676285019374629518"),
}


def check_digit(beginning: str) -> str:
    """By Luhn's formula, ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (2 - n % 2) for n, digit in enumerate(reversed(beginning))]
    return str(-sum(digit // 10 + digit % 10 for digit in doubled) % 10)


def whole(beginning: str) -> str:
    return beginning + check_digit(beginning)


NUMBERS = {network: tuple(map(whole, each)) for network, each in BEGINNINGS.items()}
EVERY = tuple(number for each in NUMBERS.values() for number in each)


def in_fours(number: str, between: str = " ") -> str:
    return between.join(number[n : n + 4] for n in range(0, len(number), 4))


def as_four_six_five(number: str) -> str:
    return f"{number[:4]} {number[4:10]} {number[10:]}"


WAYS = (
    str,
    in_fours,
    lambda number: f"My card is {in_fours(number, '-')}, exp 12/29, 123",
    lambda number: in_fours(number, "."),
    lambda number: f"visa{number}!",
    lambda number: in_fours(number, " - "),
    lambda number: f"1/{in_fours(number, '/')}/2",
    lambda number: in_fours(number, "_"),
    lambda number: "\n".join(("Apt 5", in_fours(number, "\u00a0"))),
    lambda number: " ".join(number),
    as_four_six_five,
    lambda number: f"{number[:8]} {number[8:]}",
)
EXACT = [number for number in EVERY if float(number) < 2**53]


def written() -> "cycle[tuple[str, str]]":
    """(number, how it is written), every number in every way, without an end."""
    return cycle([(number, way(number)) for way in WAYS for number in EVERY])


def as_numbers() -> "cycle[tuple[str, str]]":
    """(number, how JSON may write it without quotes), without an end."""
    fractions = [(number, f"{number}.0") for number in EXACT]
    powers = [(number, f"{number[0]}.{number[1:]}e{len(number) - 1}") for number in EXACT]
    return cycle([*zip(EVERY, EVERY, strict=True), *fractions, *powers])
