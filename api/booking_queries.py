"""How the list of bookings is asked for: the query's names, and the cursor that leads to the next page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import MsgspecError, json
from pydantic import AfterValidator, Field

from api.errors import FieldError, Problem
from api.validation import Body, Day, text
from domain import Value
from domain.booking_status import Status
from domain.selection import ServiceType
from projections.booking_list import After, Sort, Wish


def _statuses(told: str) -> str:
    """One or several, with commas between them."""
    known = {str(status) for status in Status}
    if not known.issuperset(told.split(",")):
        raise ValueError("there is no such status of a booking")
    return told


ANY_STATUS = "|".join(Status)
STATUSES = {"pattern": f"^({ANY_STATUS})(,({ANY_STATUS}))*$"}


class Filters(Body):
    """`status` is one or several with commas between; `pickup_from` and `pickup_to` are both included.

    `customer` is a customer's id, or the one under which somebody booked as a guest: all that is theirs is found.
    `deleted` shows those that were put away, and no others.
    """

    search: Annotated[str, text(254)] = ""
    status: Annotated[str, AfterValidator(_statuses), Field(json_schema_extra=STATUSES)] | None = None
    service_type: Literal["mini_move", "standard_delivery", "specialty_item", "blade_transfer"] | None = None
    pickup_from: Day | None = None
    pickup_to: Day | None = None
    customer: UUID | None = None
    vip: bool | None = None
    deleted: bool = False


class Search(Filters):
    """`-` before a sort: descending."""

    sort: Literal[
        "pickup_date", "-pickup_date", "created_at", "-created_at", "total_price_cents", "-total_price_cents",
        "booking_number", "-booking_number",
    ] = "-created_at"  # fmt: skip
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, text(2000, least=1)] | None = None


class Cursor(Value):
    """`of` is what was asked for on the pages before: a cursor leads nowhere in another list."""

    of: str
    key: str
    id: UUID


def filters_of(asked: Filters) -> dict[str, Any]:
    """What a Wish says of which bookings are meant."""
    names = ("search", "pickup_from", "pickup_to", "customer", "deleted")
    found = {name: getattr(asked, name) for name in names} | {"is_vip": asked.vip}
    service = ServiceType(asked.service_type) if asked.service_type else None
    statuses = tuple(Status(word) for word in asked.status.split(",")) if asked.status else ()
    return found | {"status": statuses, "service_type": service}


def wish_of(asked: Search) -> Wish:
    return Wish(
        **filters_of(asked),
        sort=Sort(asked.sort.removeprefix("-")),
        is_descending=asked.sort.startswith("-"),
        limit=asked.limit,
        after=_after(asked) if asked.cursor else None,
    )


def cursor_of(after: After | None, asked: Search) -> str | None:
    """Opaque to the client."""
    return urlsafe_b64encode(json.encode(Cursor(_list(asked), after.key, after.id))).decode() if after else None


def no_cursor() -> Problem:
    told = FieldError("/cursor", "invalid_value", "This is no next_cursor of this list.")
    return Problem("invalid_value", told.message, [told])


def _after(asked: Search) -> After:
    try:
        read = json.decode(urlsafe_b64decode(asked.cursor or ""), type=Cursor)
    except (ValueError, MsgspecError):
        raise no_cursor() from None
    if read.of != _list(asked):
        raise no_cursor()
    return After(read.key, read.id)


def _list(asked: Search) -> str:
    """Which list it is; a digest, for what is searched for may be somebody's name."""
    told = [asked.sort, *(str(value) for value in filters_of(asked).values())]
    return sha256(json.encode(told)).hexdigest()[:16]
