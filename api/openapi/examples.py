"""Examples of what is sent and answered: whole ones where the parts have to fit, else put together from the schema."""

from copy import deepcopy
from typing import Any

from api.openapi.example_values import AT, BY_NAME, DAY, ID, OF_SHAPE, WHOLE

BY_FORMAT = {"date-time": AT, "uuid": ID, "date": DAY, "decimal": "20.00"}
PREFIX = "#/components/schemas/"


def example(schema: dict[str, Any], components: dict[str, Any], name: str = "", is_sent: bool = False) -> Any:
    """A value that the schema admits. Of what is sent, the fields that are needed; of what is answered, all."""
    if "$ref" in schema:
        return _of_component(schema["$ref"].removeprefix(PREFIX), components, name, is_sent)
    if name in BY_NAME and "enum" not in schema and "properties" not in schema:
        return deepcopy(BY_NAME[name])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return example(schema[key][0], components, name, is_sent)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    return _by_type(schema, components, is_sent)


def _of_component(component: str, components: dict[str, Any], name: str, is_sent: bool) -> Any:
    if component in WHOLE:
        return deepcopy(WHOLE[component])
    found, own = example(components[component], components, name, is_sent), OF_SHAPE.get(component, {})
    return {field: deepcopy(own.get(field, value)) for field, value in found.items()} if own else found


def _by_type(schema: dict[str, Any], components: dict[str, Any], is_sent: bool) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return [example(schema["items"], components, is_sent=is_sent)]
    if kind == "object":
        shown = schema.get("required", ()) if is_sent else schema.get("properties", {})
        fields = schema.get("properties", {})
        return {name: example(fields[name], components, name, is_sent) for name in shown}
    if kind == "string":
        return BY_FORMAT.get(schema.get("format", ""), "…")
    return {"integer": 1, "number": 1.5, "boolean": False, "null": None}.get(kind or "", {})
