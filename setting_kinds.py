"""How a setting is declared, and the kinds there are: how its text becomes its value, or why not, as a ValueError."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import field
from ipaddress import ip_network
from typing import Any

RATES = {
    "auth": 5,
    "public_writes": 20,
    "status": 30,
    "customer_reads": 120,
    "customer_writes": 60,
    "staff_reads": 300,
    "staff_writes": 60,
}


def known(name: str, default: str, meaning: str, parse: Callable[[str], Any] = str) -> Any:
    """A setting: its name in the environment, the text of its default, what it means, how text becomes its value."""
    told = {"name": name, "default": default, "meaning": meaning, "parse": parse}
    return field(default_factory=lambda: parse(default), metadata=told)


def secret(name: str, meaning: str, parse: Callable[[str], Any] = str) -> Any:
    """A setting without which nothing starts."""
    return known(name, "", meaning + " Required.", parse)


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def networks(text: str) -> tuple[str, ...]:
    """As they are written: 10.0.0.0/8, fd00::/8, or one address."""
    for word in words(text):
        ip_network(word, strict=False)
    return words(text)


def wrapping_keys(text: str) -> dict[str, bytes]:
    """id:base64,id:base64 with 32 bytes each, the current key first."""
    try:
        keys = {name: b64decode(key, validate=True) for name, _, key in (word.partition(":") for word in words(text))}
    except NotBase64:
        keys = {"": b""}
    if any(not name or len(key) != 32 for name, key in keys.items()):
        raise ValueError("each is id:base64 of 32 bytes, the current one first")
    return keys


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return parse


def tcp_port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise ValueError("a port from 0 to 65535")
    return int(text)


def seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise ValueError("seconds from 1 to 3600")
    return int(text)


def rates(text: str) -> dict[str, int]:
    """name=count,name=count over the defaults."""
    told = dict(word.partition("=")[::2] for word in words(text))
    if unknown := told.keys() - RATES.keys():
        raise ValueError(f"there is no limit {', '.join(sorted(unknown))}; there are {', '.join(RATES)}")
    if wrong := [name for name, count in told.items() if not count.isdecimal() or not 1 <= int(count) <= 1_000_000]:
        raise ValueError(f"{', '.join(wrong)}: a number from 1 to 1000000")
    return RATES | {name: int(count) for name, count in told.items()}
