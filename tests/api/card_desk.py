"""Where somebody could put a card number: every field, name and number that an operation of the reference takes."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.api.trying import STAFF_GROUPS

PREFIX = "#/components/schemas/"
WEBHOOK = "POST /api/payments/webhook/"
NAMES = {"{id}": "0193b5a0-7000-7000-8000-00000000ada0", "{booking_number}": "TT22222222", "{date}": "2027-01-12"}


class Place(NamedTuple):
    """`path` is how a refusal names it, "" for a header; `ask` makes the request with a text there."""

    where: str
    kind: str
    path: str
    ask: Callable[[str], dict[str, Any]]


class Operation(NamedTuple):
    where: str
    told: dict[str, Any]
    components: dict[str, Any]

    @property
    def method(self) -> str:
        return self.where.split(" ")[0]

    @property
    def url(self) -> str:
        return self.where.split(" ")[1]

    @property
    def content(self) -> dict[str, Any]:
        return self.told.get("requestBody", {}).get("content", {}).get("application/json", {})

    def named(self, within: str) -> list[str]:
        return [one["name"] for one in self.told.get("parameters", ()) if one["in"] == within]


def operations(document: dict[str, Any]) -> list[Operation]:
    """All but Stripe's: what it has signed is its own."""
    found = [
        Operation(f"{method.upper()} {path}", one, document["components"]["schemas"])
        for path, each in document["paths"].items()
        for method, one in each.items()
    ]
    return [one for one in found if one.where != WEBHOOK]


def places(operation: Operation) -> Iterator[Place]:
    where = operation.where
    for name in operation.named("path"):
        yield Place(where, "path", f"/{name}", lambda text, name=name: _request(operation, {}, {f"{{{name}}}": text}))
    for name in operation.named("query"):
        yield Place(where, "query", f"/{name}", lambda text, name=name: _request(operation) | {"params": {name: text}})
    if operation.method != "GET":
        yield Place(where, "header", "", lambda text: _request(operation) | {"headers": {"Idempotency-Key": text}})
    for path, ask in _in_body(operation):
        yield Place(where, "body", path, ask)


def _in_body(operation: Operation) -> Iterator[tuple[str, Callable[[str], dict[str, Any]]]]:
    if operation.content:
        example = next(iter(operation.content["examples"].values()))["value"]
        fields = {*_of_schema(operation.content["schema"], operation.components), *_of_example(example), ("more", "0")}
        for steps in sorted(fields):
            path = "".join(f"/{step}" for step in steps)
            yield path, lambda text, steps=steps: _request(operation, _put(example, steps, text))


def _request(operation: Operation, body: Any = None, names: dict[str, str] | None = None) -> dict[str, Any]:
    url = operation.url
    for name, value in (NAMES | (names or {})).items():
        url = url.replace(name, value)
    return {"method": operation.method, "url": url} | ({} if operation.method == "GET" else {"json": body or {}})


def _of_schema(schema: Any, components: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The steps to each field, the first of a list standing for all."""
    if "$ref" in schema:
        yield from _of_schema(components[schema["$ref"].removeprefix(PREFIX)], components)
    for key in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(key, ()):
            yield from _of_schema(each, components)
    for name, field in schema.get("properties", {}).items():
        yield (name,)
        yield from ((name, *steps) for steps in _of_schema(field, components))
    if "items" in schema:
        yield ("0",)
        yield from (("0", *steps) for steps in _of_schema(schema["items"], components))


def _of_example(example: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(example, dict | list):
        for name, inner in example.items() if isinstance(example, dict) else enumerate(example):
            yield (str(name),)
            yield from ((str(name), *steps) for steps in _of_example(inner))


def _put(example: Any, steps: tuple[str, ...], text: str) -> Any:
    """The example with the text there, and with what leads there."""
    if not steps:
        return text
    step, *rest = steps
    if step.isdecimal():
        there = example if isinstance(example, list) else [None]
        return [_put(there[0], tuple(rest), text), *there[1:]]
    there = example if isinstance(example, dict) else {}
    return there | {step: _put(there.get(step), tuple(rest), text)}


def headers_for(where: str, staff: Any, customer: Any) -> dict[str, str]:
    path = where.split(" ")[1]
    if path.startswith(STAFF_GROUPS):
        return staff.headers
    return customer.headers if path.startswith("/api/customer/") else {}
