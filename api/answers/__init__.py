"""The shapes of the API's answers: what the reference tells and what the tests hold every answer against."""

from typing import Annotated, Any

from msgspec import Meta

Instant = Annotated[str, Meta(description="An instant in UTC, RFC 3339.", extra_json_schema={"format": "date-time"})]
WallTime = Annotated[str, Meta(description="What a clock in New York shows, HH:MM.", pattern="^[0-2][0-9]:[0-5][0-9]$")]
Position = Annotated[int, Meta(description="Of what was written in the log: send it as X-Consistency-Position.")]
Version = Annotated[int, Meta(description="Of what is shown; its ETag is the same number in quotes.")]


def either(*names: str) -> Any:
    """One of these shapes, by their names."""
    refs = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return Annotated[Any, Meta(extra_json_schema={"anyOf": refs})]
