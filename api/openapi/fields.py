"""The fields of a body in lines for people: by their path, with type, whether they are needed, and what they are."""

from collections.abc import Iterator
from typing import Any

from msgspec import json

from api.openapi.examples import PREFIX
from domain import Value

Schema = dict[str, Any]


class Field(Value):
    """`name` is the way to it, as `limits.mini_move` or, in a list, `specialty_items[].id`."""

    name: str
    kind: str
    needed: str
    words: str


def variants(schema: Schema, components: dict[str, Any]) -> list[Schema]:
    """The objects that a body may be: one, or one for each service."""
    return [_found(one, components) for one in schema.get("oneOf", [schema])]


def fields(schema: Schema, components: dict[str, Any], within: str = "") -> Iterator[Field]:
    """Of an object, each followed by what is in it."""
    for name, one in schema.get("properties", {}).items():
        words = one.get("description", "").split("\n")[0]
        yield Field(within + name, kind(one, components), _needed(schema, name, one), words)
        inner, step = _inside(one, components)
        yield from fields(inner, components, f"{within}{name}{step}")


def kind(schema: Schema, components: dict[str, Any]) -> str:
    """As `string (date)`, `list of object`, `integer or null`, `petite, standard or full`."""
    found = _found(schema, components)
    for key in ("anyOf", "oneOf"):
        if key in found:
            return _either(list(dict.fromkeys(kind(one, components) for one in found[key])))
    if "const" in found:
        return _written(found["const"])
    if "enum" in found:
        return _either([_written(one) for one in found["enum"]])
    if found.get("type") == "array":
        return f"list of {kind(found['items'], components)}"
    form = found.get("format")
    return f"{found.get('type', 'anything')} ({form})" if form else found.get("type", "anything")


def _found(schema: Schema, components: dict[str, Any]) -> Schema:
    return components[schema["$ref"].removeprefix(PREFIX)] if "$ref" in schema else schema


def _inside(schema: Schema, components: dict[str, Any]) -> tuple[Schema, str]:
    """The object that a field holds, and how its fields are reached."""
    found = _found(schema, components)
    for one in found.get("anyOf", ()):
        if "$ref" in one:
            return _inside(one, components)
    if found.get("type") == "array":
        return _inside(found["items"], components)[0], "[]."
    return found, "."


def _needed(schema: Schema, name: str, one: Schema) -> str:
    if name in schema.get("required", ()):
        return "required"
    return f"optional, else {_written(one['default'])}" if "default" in one else "optional"


def _written(value: Any) -> str:
    return value if isinstance(value, str) and value else json.encode(value).decode()


def _either(kinds: list[str]) -> str:
    return " or ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
