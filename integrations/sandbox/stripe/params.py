"""Stripe's parameters: forms with names like `card[number]` or `expand[0]`, read into nested dicts of strings."""

from typing import Any
from urllib.parse import parse_qsl

from domain import Value
from integrations.sandbox.stripe.refusals import invalid, missing

Params = dict[str, Any]


class Call(Value):
    """What a request asks: its parameters, the id in its path (or empty), and the address it came to."""

    params: Params
    id: str
    address: str


def parse(raw: bytes) -> Params:
    """`a[b][0]=x` becomes `{"a": {"b": {"0": "x"}}}`; a list is a dict of its places."""
    params: Params = {}
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
        *path, last = name.replace("]", "").split("[")
        inside = params
        for step in path:
            inside = inside.setdefault(step, {})
            if not isinstance(inside, dict):
                raise invalid(path[0], "Invalid object")
        inside[last or str(len(inside))] = value
    return params


def only(params: Params, known: frozenset[str]) -> None:
    """Stripe refuses what it does not know; so do we, lest a misspelt parameter passes unnoticed."""
    for name in params:
        if name not in known:
            raise invalid(name, f"Received unknown parameter: {name}", "parameter_unknown")


def whole(params: Params, name: str, default: int | None = None) -> int:
    value = params.get(name, default)
    if value is None:
        raise missing(name)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(name, f"Invalid integer: {value}", "parameter_invalid_integer") from None


def text(params: Params, name: str) -> str | None:
    """A string, or None where it is absent or empty (an empty string unsets a value in Stripe's forms)."""
    value = params.get(name) or None
    if isinstance(value, dict):
        raise invalid(name, "Invalid string")
    return value


def listed(params: Params, name: str) -> list[str]:
    value = params.get(name) or {}
    return [value] if isinstance(value, str) else list(value.values())


def fields(params: Params, name: str) -> dict[str, Any]:
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(name, "Invalid object")
    return value


def flag(params: Params, name: str) -> bool:
    return params.get(name) == "true"
