"""What an operation tells beside its route: the shape of its answer, its own refusals, the headers that it minds."""

from typing import Any

from domain import Value

KEY, MATCH, AFTER = "Idempotency-Key", "If-Match", "X-Consistency-Position"
NONE_MATCH, TOKEN, ETAG, SIGNATURE = "If-None-Match", "X-Manage-Token", "ETag", "Stripe-Signature"


class Told(Value):
    """`answers` is the shape of the JSON, or the media type of anything else; `reads` that of a body taken raw.

    `codes` are refusals beyond those that follow from policy, method, body and headers. `takes` are the headers that
    are honoured: PUT and PATCH demand If-Match without saying so. `gives` are headers of the answer.
    """

    answers: Any
    codes: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    reads: Any = None


def needs_token(told: Told) -> bool:
    """Whether nothing is answered without the manage token; else it only adds to the answer."""
    return TOKEN in told.takes and "unauthenticated" in told.codes
