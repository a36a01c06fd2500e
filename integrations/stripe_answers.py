"""How a call to Stripe ends: with an answer (or pages of it), with a refusal that is certain, or with nothing known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, TypeVar

import stripe

ROOM, ROOM_WAIT_S = BoundedSemaphore(24), 0.5
UNKNOWN_OUTCOMES = (401, 403, 409, 429)  # our key is not right (any more); a twin is at work; too many requests
Thing = TypeVar("Thing")


class StripeUnavailable(Exception):
    """No answer, or none that says anything: the outcome is unknown. Ask again."""


class StripeRefused(Exception):
    """Stripe says no, and it is certain: `code` is Stripe's word (`charge_already_refunded`, `resource_missing`)."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


@contextmanager
def certain_or_unknown() -> Iterator[None]:
    """Let none of the package's exceptions out: they become `StripeRefused` or `StripeUnavailable`.

    So many calls at once and no more: a Stripe that hangs must not hold every thread that serves bookings.
    """
    if not ROOM.acquire(timeout=ROOM_WAIT_S):
        raise StripeUnavailable("too many calls are waiting for Stripe")
    try:
        yield
    except stripe.StripeError as error:
        if 400 <= (error.http_status or 0) < 500 and error.http_status not in UNKNOWN_OUTCOMES:
            details = error.error.to_dict() if error.error else {}
            code = details.get("code") or details.get("type") or "invalid_request_error"
            raise StripeRefused(code, error.user_message or str(error)) from error
        raise StripeUnavailable(str(error)) from error
    finally:
        ROOM.release()


def since(instant: datetime, list_them: Callable[[Any], Any], of: Callable[[Any], Thing]) -> Iterator[Thing]:
    """Every member of a list that was made at or after an instant (to the second), newest first."""
    return pages(list_them, {"created": {"gte": int(instant.timestamp())}}, of)


def pages(list_them: Callable[[Any], Any], asked: dict[str, Any], of: Callable[[Any], Thing]) -> Iterator[Thing]:
    """Every member of a list; each page is a call of its own, so that nothing is held while somebody reads on."""
    after: dict[str, Any] = {}
    while True:
        with certain_or_unknown():
            page = list_them({"limit": 100} | asked | after)
        yield from (of(each.to_dict()) for each in page.data)
        if not page.has_more:
            return
        after = {"starting_after": page.data[-1].id}
