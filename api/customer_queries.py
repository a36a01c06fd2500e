"""How the list of customers is asked for: the query's names, and the cursor that leads to the next page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, time
from typing import Annotated, Literal
from uuid import UUID

from msgspec import MsgspecError, json
from pydantic import Field

from api.errors import FieldError, Problem
from api.validation import Body, Day, text
from commands import NEW_YORK
from domain import Value
from projections.customer_list import After, Sort, Wish


class Search(Body):
    """`registered_from` and `registered_to` are days of New York, both included; `-` before a sort: descending."""

    search: Annotated[str, text(254)] = ""
    vip: bool | None = None
    tier: Literal["bronze", "silver", "gold", "platinum"] | None = None
    registered_from: Day | None = None
    registered_to: Day | None = None
    sort: Literal[
        "registered_at", "-registered_at", "name", "-name", "total_spent_cents", "-total_spent_cents",
        "last_booking_at", "-last_booking_at",
    ] = "-registered_at"  # fmt: skip
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, text(2000, least=1)] | None = None


class Cursor(Value):
    """`sort` is the one of the pages before: a cursor leads nowhere in another order."""

    sort: str
    key: str
    id: UUID


def wish_of(asked: Search) -> Wish:
    first, last = asked.registered_from, asked.registered_to
    return Wish(
        asked.search,
        asked.vip,
        asked.tier,
        datetime.combine(first, time.min, NEW_YORK) if first else None,
        datetime.combine(last, time.max, NEW_YORK) if last else None,
        Sort(asked.sort.removeprefix("-")),
        asked.sort.startswith("-"),
        asked.limit,
        _after(asked.cursor, asked.sort) if asked.cursor else None,
    )


def cursor_of(after: After | None, sort: str) -> str | None:
    """Opaque to the client."""
    return urlsafe_b64encode(json.encode(Cursor(sort, after.key, after.id))).decode() if after else None


def no_cursor() -> Problem:
    told = FieldError("/cursor", "invalid_value", "This is no next_cursor of this list.")
    return Problem("invalid_value", told.message, [told])


def _after(cursor: str, sort: str) -> After:
    try:
        read = json.decode(urlsafe_b64decode(cursor), type=Cursor)
    except (ValueError, MsgspecError):
        raise no_cursor() from None
    if read.sort != sort:
        raise no_cursor()
    return After(read.key, read.id)
