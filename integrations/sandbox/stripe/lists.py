"""Lists as Stripe pages them, newest first, and the expansion of ids into the objects they name."""

from collections.abc import Awaitable, Callable

from integrations.sandbox.stripe.params import Call, fields, text, whole
from integrations.sandbox.stripe.refusals import invalid, no_such
from integrations.sandbox.stripe.store import ABOUT, Object, Work

PAGING = frozenset({"limit", "starting_after", "created"})
SECRET = {"we": ("secret",)}
FOREVER = 1 << 40
DEPTH = 4


def listing(kind: str, url: str) -> Callable[[Work, Call], Awaitable[Object]]:
    """GET of a list: `limit` (1 to 100), `starting_after`, `created[gte|gt|lte|lt]`, and what the kind is listed by."""

    async def answer(work: Work, call: Call) -> Object:
        limit = whole(call.params, "limit", 10)
        if not 1 <= limit <= 100:
            raise invalid("limit", "This value must be between 1 and 100 (inclusive).", "parameter_invalid_integer")
        after = text(call.params, "starting_after")
        if after and not (after.startswith(f"{kind}_") and await work.get(after)):
            raise no_such(kind, after, "starting_after")
        since, until = created(call)
        found = await work.page(
            {
                "kind": kind,
                "about": text(call.params, ABOUT.get(kind, "")),
                "since": since,
                "until": until,
                "after": after,
                "limit": limit + 1,
            }
        )
        hidden = SECRET.get(kind, ())
        data = [{name: value for name, value in body.items() if name not in hidden} for body in found[:limit]]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}

    return answer


def created(call: Call) -> tuple[int, int]:
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
