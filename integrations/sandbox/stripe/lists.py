"""Lists as Stripe pages them, newest first, and the expansion of ids into the objects they name."""

from collections.abc import Awaitable, Callable
from typing import Any

from integrations.sandbox.stripe.params import Call, fields, listed, text, whole
from integrations.sandbox.stripe.refusals import invalid, no_such
from integrations.sandbox.stripe.store import ABOUT, Object, Work

PAGING = frozenset({"limit", "starting_after", "created"})
SECRET = {"we": ("secret",)}
FOREVER = 1 << 40
DEPTH = 4


def listing(kind: str, url: str) -> Callable[[Work, Call], Awaitable[Object]]:
    """GET of a list: `limit` (1 to 100), `starting_after`, `created[gte|gt|lte|lt]`, and fields as they must be.

    Events also by `types`, and by patterns of them (`charge.*`).
    """

    async def answer(work: Work, call: Call) -> Object:
        limit = whole(call.params, "limit", 10)
        if not 1 <= limit <= 100:
            raise invalid("limit", "This value must be between 1 and 100 (inclusive).", "parameter_invalid_integer")
        after = text(call.params, "starting_after")
        if after and not (after.startswith(f"{kind}_") and await work.get(after)):
            raise no_such(kind, after, "starting_after")
        found = await work.page(wanted(kind, call) | {"kind": kind, "after": after, "limit": limit + 1})
        hidden = SECRET.get(kind, ())
        data = [{name: value for name, value in body.items() if name not in hidden} for body in found[:limit]]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}

    return answer


def wanted(kind: str, call: Call) -> dict[str, Any]:
    """What tells the members of the list from others of the kind."""
    given = {name: text(call.params, name) for name in call.params if name not in PAGING | {"types", "expand"}}
    key = ABOUT.get(kind, "")
    about = given.pop(key, None)
    types = listed(call.params, "types") or ([about] if about and "*" in about else [])
    since, until = created(call)
    return {
        "about": None if types else about,
        "types": [pattern.replace("_", "\\_").replace("*", "%") for pattern in types] or None,
        "match": {name: value for name, value in given.items() if value},
        "since": since,
        "until": until,
    }


def one(kind: str, what: str) -> Callable[[Work, Call], Awaitable[Object]]:
    """GET of one object by its id."""

    async def answer(work: Work, call: Call) -> Object:
        found = await work.get(call.id) if call.id.startswith(f"{kind}_") else None
        if not found:
            raise no_such(what, call.id)
        return found

    return answer


def created(call: Call) -> tuple[int, int]:
    """First and last second, both included; `created` can also be one second itself."""
    if isinstance(call.params.get("created"), str):
        return whole(call.params, "created"), whole(call.params, "created")
    bounds = fields(call.params, "created")
    since = max(whole(bounds, "gte", 0), whole(bounds, "gt", -1) + 1)
    return since, min(whole(bounds, "lte", FOREVER), whole(bounds, "lt", FOREVER + 1) - 1)


async def expanded(work: Work, body: Object, path: str) -> Object:
    """A copy of the answer with the id at `path` (`latest_charge.balance_transaction`) replaced by its object."""
    steps = path.split(".")
    if len(steps) > DEPTH:
        raise invalid("expand", f"You cannot expand more than {DEPTH} levels of a property. Property: {path}")
    name, rest = steps[0], ".".join(steps[1:])
    if body.get("object") == "list" and name == "data":
        return body | {"data": [await expanded(work, each, rest) for each in body["data"]]} if rest else body
    if name not in body:
        raise invalid("expand", f"This property cannot be expanded ({name}).")
    inner = await work.get(body[name]) if isinstance(body[name], str) else body[name]
    if not isinstance(inner, dict):
        return body
    return body | {name: await expanded(work, inner, rest) if rest else inner}
