"""The parameters of an operation: what its path names, its query, and the headers that it minds."""

import re
from typing import Any

from api.openapi.told import AFTER, KEY, MATCH, NONE_MATCH, SIGNATURE, TOKEN, Told, needs_token
from api.route import Route

A_UUID = {"type": "string", "format": "uuid"}
AN_ID = "019b2d3f-6c1a-7e55-9a53-0d2b6f8e4c11"
PATH: dict[str, tuple[str, dict[str, Any], Any]] = {
    "id": ("The id of it.", A_UUID, AN_ID),
    "booking_number": (
        "The number of the booking, as the customer has it.",
        {"type": "string", "pattern": "^TT[2-9A-HJ-NP-Z]{8}$"},
        "TT7K2M9QXD",
    ),
    "date": ("A day of New York.", {"type": "string", "format": "date"}, "2027-01-12"),
}
ENTRY = {"mini-moves": "standard", "organizing": "standard_packing", "standard-delivery": "standard-delivery",
         "blade-airports": "JFK"}  # fmt: skip
PATH_BY_ROUTE: dict[str, tuple[str, dict[str, Any], Any]] = {
    "/api/staff/parked-events/{id}/retry/": ("Read model and key.", {"type": "string"}, f"calendar:{AN_ID}"),
    "/api/staff/parked-events/{id}/skip/": ("Read model and key.", {"type": "string"}, f"calendar:{AN_ID}"),
    "/api/staff/work/{id}/retry/": ("The number of the job.", {"type": "string"}, "7"),
    "/api/customer/payment-methods/{id}/": ("Stripe's id of it.", {"type": "string"}, "pm_3QK"),
    **{
        f"/api/staff/catalog/{kind}/{{id}}/": ("What the entry is known by.", {"type": "string"}, name)
        for kind, name in ENTRY.items()
    },
}
VERSION = {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,17})"$'}
HEADERS: dict[str, tuple[str, dict[str, Any], Any]] = {
    KEY: (
        "The same key and body by the same caller within a day is one write, and gets the same answer.",
        {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "5f0c1d9e-1",
    ),
    MATCH: ("The ETag of what was read and is to be changed.", VERSION, '"1"'),
    NONE_MATCH: (
        "The ETag of what one has: unchanged, it is not sent again.",
        {"type": "string"},
        '"7"',
    ),
    AFTER: (
        "The `position` of a write: the answer waits, up to 5 s, until it is in the read model.",
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        0,
    ),
    TOKEN: (
        "The booking's manage token: who has it does with the booking what a customer does with an account.",
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "9b" * 32,
    ),
    SIGNATURE: (
        "Stripe's signature of the raw body: `t` is when it was sent, no more than five minutes ago.",
        {"type": "string"},
        "t=1799163000,v1=" + "5c" * 32,
    ),
}


def parameters(route: Route, told: Told) -> list[dict[str, Any]]:
    """In the order of path, query, headers."""
    named = re.findall(r"{(\w+)}", route.path)
    path = [_parameter("path", name, PATH_BY_ROUTE.get(route.path, PATH.get(name)), True) for name in named]
    must = (MATCH,) if route.method in ("PUT", "PATCH") else ()
    must += (TOKEN,) if needs_token(told) else ()
    must += (SIGNATURE,) if SIGNATURE in told.takes else ()
    wanted = [*must, *(name for name in told.takes if name not in must)]
    headers = [_parameter("header", name, HEADERS[name], name in must) for name in wanted]
    return path + (_query(route) if route.query else []) + headers


def _parameter(where: str, name: str, about: Any, is_required: bool) -> dict[str, Any]:
    description, schema, example = about
    shown = {"name": name, "in": where, "description": description, "schema": schema, "example": example}
    return shown | {"required": is_required}


def _query(route: Route) -> list[dict[str, Any]]:
    assert route.query
    schema = route.query.json_schema()
    shown = []
    for name, one in schema["properties"].items():
        words = one.pop("description", None) or QUERY[name]
        one = {key: value for key, value in _inlined(one, schema).items() if key != "title"}
        one = _without_null(one)
        required = name in schema.get("required", ())
        asked = {"name": name, "in": "query", "description": words, "required": required, "schema": one}
        shown.append(asked | ({"example": ASKED[name]} if name in ASKED else {}))
    return shown


ASKED = {"start_date": "2027-01-12", "end_date": "2027-01-12", "at": "2027-01-12T00:00:00Z"}
QUERY = {
    "limit": "How many at most.",
    "cursor": "The `next_cursor` of the page before.",
    "start_date": "The first day.",
    "end_date": "The last day, included.",
    "to": "Until then, excluded.",
    "from": "From then on.",
    "sort": "The order; `-` before it: descending.",
    "search": "Words, or their beginnings, that are in it.",
    "at": "The instant.",
    "version": "The version of the booking, in place of an instant.",
    "status": "One status, or several with commas between.",
    "service_type": "The service.",
    "pickup_from": "The first pickup day.",
    "pickup_to": "The last pickup day, included.",
    "registered_from": "The first day of registering, in New York.",
    "registered_to": "The last day of it, included.",
    "customer": "The id of a customer, or of somebody who books as a guest: all that is theirs.",
    "vip": "`true`: VIPs alone; `false`: everybody else.",
    "tier": "The loyalty tier.",
    "deleted": "Those that were put away, and no others.",
    "staff_id": "Who did it.",
    "action_type": "What kind of act.",
    "booking_id": "The booking it was about.",
    "customer_id": "The customer it was about.",
}


def _inlined(one: Any, schema: dict[str, Any]) -> Any:
    """Without references: a query's few enumerations stand where they are used."""
    if isinstance(one, list):
        return [_inlined(inner, schema) for inner in one]
    if not isinstance(one, dict):
        return one
    if "$ref" in one:
        found = schema["$defs"][one["$ref"].rpartition("/")[2]]
        return {key: value for key, value in found.items() if key in ("type", "enum", "const")}
    return {key: _inlined(value, schema) for key, value in one.items()}


def _without_null(one: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be left out is left out."""
    rest = {key: value for key, value in one.items() if key != "anyOf" and not (key == "default" and value is None)}
    some = [inner for inner in one.get("anyOf", ()) if inner != {"type": "null"}]
    return rest | (some[0] if len(some) == 1 else {"anyOf": some} if some else {})
