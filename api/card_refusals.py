"""No card number comes in: what a request says is looked through before anything is done with it, for every route."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import from_json

from api.call import Call
from api.card_numbers import has_card_number, places
from api.errors import FieldError, Problem
from api.policies import Who
from api.validation import pointer

CODE = "card_number_not_allowed"
WORDS = "This looks like a card number. Never send one here: cards are entered at Stripe, and nowhere else."
KEPT = "idempotency-key"


def refuse_card_numbers(call: Call, has_query: bool) -> None:
    """Raises Problem("card_number_not_allowed") with where they are, in path, query, body; never with the number.

    What Stripe has signed is Stripe's. A query is looked through where the route has one; nobody else reads it.
    """
    if call.policy.who is Who.STRIPE:
        return
    if any(has_card_number(told) for told in call.headers.getlist(KEPT)):
        raise Problem(CODE, f"Idempotency-Key: {WORDS}")
    query = call.query_params.multi_items() if has_query else ()
    found = [*_named(call.path_params.items()), *_named(query), *_in_body(call)]
    if found:
        raise Problem(CODE, f"{found[0]}: {WORDS}", [FieldError(where, CODE, WORDS) for where in found])


def _named(told: Iterable[tuple[str, Any]]) -> Iterator[str]:
    return (pointer(list(steps)) for name, value in told for steps in places({name: value}))


def _in_body(call: Call) -> Iterator[str]:
    """As pydantic reads it. What is no JSON is kept by nobody, and refused as such where a body is read."""
    try:
        told = from_json(call.raw) if call.raw else None
    except ValueError:
        return iter(())
    return (pointer(list(steps)) for steps in places(told) if steps != (call.policy.card_field,))
