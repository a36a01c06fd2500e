"""JSON Schemas of what the API takes and answers, from the types in the code; the references are to components."""

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import TypeAdapter

from api.route import Route

TEMPLATE = "#/components/schemas/{}"
CENTS = "US cents."
PROBLEM = {
    "type": "object",
    "description": "A refusal, as in RFC 9457. `code` is for programs and stays, `detail` is for people.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": TEMPLATE.format("FieldError")}},
    },
}
FIELD_ERROR = {
    "type": "object",
    "description": "What is wrong with one field; `path` is a JSON pointer into the body, or into the query's names.",
    "required": ["path", "code", "message"],
    "properties": {name: {"type": "string"} for name in ("path", "code", "message")},
}


def answers(types: Iterable[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The schema of each type, and the components that they name."""
    found, components = msgspec.json.schema_components(list(types), ref_template=TEMPLATE.format("{name}"))
    for component in components.values():
        _always_there(component)
    return [_tidy(one) for one in found], {name: _tidy(one) for name, one in components.items()}


def bodies(routes: Iterable[Route]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each route's body by method and path, and the components that they name."""
    asked = [(route.where, "validation", route.body) for route in routes if route.body]
    found, rest = TypeAdapter.json_schemas(asked, ref_template=TEMPLATE.format("{model}"))
    components = rest.get("$defs", {})
    for (where, _), schema in found.items():
        if where.startswith("PATCH") and "$ref" in schema:
            _stays(components[schema["$ref"].rpartition("/")[2]])
    shown = {where: _tidy(schema) for (where, _), schema in found.items()}
    return shown, {name: _tidy(one) for name, one in components.items()}


def _always_there(component: dict[str, Any]) -> None:
    """In an answer a field with a default is there all the same."""
    for name, one in component.get("properties", {}).items():
        if "default" in one:
            del one["default"]
            component["required"] = [*component.get("required", ()), name]


def _stays(component: dict[str, Any]) -> None:
    """In a change, what is left out stays as it is: it has no default."""
    for one in component.get("properties", {}).values():
        one.pop("default", None)


def _tidy(schema: Any, name: str = "") -> Any:
    """Without titles and defaults of null; enumerations with a type; money with its unit."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {key: value for key, value in schema.items() if not _is_noise(key, value)}
    if "properties" in shown:
        shown["properties"] = {key: _tidy(one, key) for key, one in shown["properties"].items()}
    for key in shown.keys() - {"properties", "enum", "const", "required"}:
        shown[key] = _tidy(shown[key])
    if all(isinstance(one, str) for one in shown.get("enum", [0])):
        shown |= {"type": "string", "enum": sorted(shown["enum"])}
    if name.endswith("_cents") and "$ref" not in shown:
        shown.setdefault("description", CENTS)
    return shown


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)
