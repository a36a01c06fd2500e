"""Bodies and queries as the API takes them: checked by pydantic, refused with our codes and the path of each field."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from api.errors import FieldError, Problem

CODES = {
    "missing": "missing_field",
    "union_tag_not_found": "missing_field",
    "extra_forbidden": "unexpected_field",
    "string_too_long": "text_too_long",
}
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
METHOD_ID = "^pm_[A-Za-z0-9_]+$"
LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def integral(value: Any) -> Any:
    """5.0 is an integer, as JSON Schema has it; strict integers take nothing else that is not one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text(most: int, least: int = 0, pattern: str = ONE_LINE) -> Any:
    """Trimmed text without control characters, which neither logs nor Postgres take."""
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most, pattern=pattern)


def day(value: Any) -> date:
    """A number in quotes is no date, though pydantic would take it for seconds since 1970."""
    if isinstance(value, str) and WRITTEN_DAY.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("a date is written YYYY-MM-DD")


WRITTEN = {METHOD_ID: "Stripe's id of a payment method begins with pm_."}
Day = Annotated[date, BeforeValidator(day)]
Integer = Annotated[int, BeforeValidator(integral)]
Line = Annotated[str, text(200, least=1)]
OptionalLine = Annotated[str, text(200)]
Name = Annotated[str, text(100, least=1)]
Prose = Annotated[str, text(1000, pattern=LINES)]


class Body(BaseModel):
    """A JSON object with these fields and no others; no text is taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read_json(adapter: TypeAdapter, raw: bytes) -> Any:
    """Raises Problem: `invalid_json` (400), or with an error for each field."""
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        raise _refusal(error, is_tagged(adapter)) from None


def read_query(adapter: TypeAdapter, query: Mapping[str, str]) -> Any:
    """Raises Problem with an error for each name."""
    try:
        return adapter.validate_strings(query)
    except ValidationError as error:
        raise _refusal(error, is_tagged(adapter)) from None


def is_tagged(adapter: TypeAdapter) -> bool:
    """Whether pydantic puts the tag of a union's member before the path of its fields."""
    schema: Any = adapter.core_schema
    return schema.get("schema", schema)["type"] == "tagged-union"


def _refusal(error: ValidationError, tagged: bool) -> Problem:
    found = error.errors(include_url=False, include_context=True, include_input=False)
    if found[0]["type"] == "json_invalid":
        return Problem("invalid_json", "The body is not JSON: " + str(found[0]["ctx"]["error"]))
    errors = [_field_error(one, tagged) for one in found]
    if len(errors) == 1 and errors[0].path:
        return Problem(errors[0].code, f"{errors[0].path}: {errors[0].message}", errors)
    count = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
    return Problem(errors[0].code, f"{count} wrong.", errors)


def _field_error(one: Any, tagged: bool) -> FieldError:
    kind, loc = one["type"], list(one["loc"])[1 if tagged else 0 :]
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        loc.append(one["ctx"]["discriminator"].strip("'"))
    return FieldError(pointer(loc), CODES.get(kind, "invalid_value"), _words(one))


def _words(one: Any) -> str:
    """What was sent is not said again: neither logs nor pages of others are to show it."""
    if one["type"] == "string_pattern_mismatch":
        return WRITTEN.get(one["ctx"]["pattern"], "There are characters in it that cannot be written.")
    if one["type"] == "union_tag_invalid":
        return f"Input should be {one['ctx']['expected_tags']}"
    return one["msg"].removeprefix("Value error, ")


def pointer(loc: list[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in loc)
