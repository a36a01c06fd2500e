"""Problem documents (RFC 9457): every refusal has a stable code, which tells its status and title."""

import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import json, to_builtins
from starlette.responses import Response

from domain import Refused, Value
from eventlog.away import POSTGRES_AWAY
from eventlog.store import Conflict
from integrations.stripe import StripeUnavailable

MEDIA_TYPE = "application/problem+json"
FIELD_RULE = (422, "The request breaks a rule")
TITLES = {
    "invalid_json": (400, "The body is not JSON"),
    "invalid_signature": (400, "The signature does not fit"),
    "wrong_mode": (400, "Test cards where money is real, or the other way round"),
    "unauthenticated": (401, "Log in first"),
    "second_factor_required": (401, "Send the code of the second factor too"),
    "csrf_failed": (403, "The CSRF token is missing or wrong"),
    "not_allowed": (403, "Not allowed"),
    "needs_second_person": (403, "A second person has to approve"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "This cannot be done here"),
    "last_admin": (409, "One active admin has to remain"),
    "no_capacity": (409, "No place left on that day"),
    "slot_taken": (409, "There is a booking at that time already"),
    "invalid_transition": (409, "Not possible in the present state"),
    "quote_expired": (409, "The quote has expired"),
    "quote_mismatch": (409, "The quote is for something else"),
    "email_taken": (409, "This mail address is taken"),
    "already_offered": (409, "The catalogue has it already"),
    "nickname_taken": (409, "Another address has this nickname"),
    "too_many_addresses": (409, "No more addresses can be saved"),
    "idempotency_in_progress": (409, "The first request with this key is still running"),
    "payment_failed": (409, "The payment failed"),
    "payment_not_refundable": (409, "The payment cannot be given back"),
    "refund_exceeds_payment": (409, "More than was paid"),
    "version_conflict": (412, "It has changed since it was read"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body must be application/json"),
    "unknown_host": (421, "Not a host name of ours"),
    "idempotency_mismatch": (422, "The key was used for another request"),
    "missing_field": (422, "A field is missing"),
    "unexpected_field": (422, "A field does not belong here"),
    "invalid_value": (422, "A value is not possible"),
    "text_too_long": (422, "A text is too long"),
    "card_number_not_allowed": (422, "Never send a card number"),
    "not_offered": (422, "This is not offered"),
    "weak_password": (422, "Choose another password"),
    "invalid_token": (422, "The link is no longer valid"),
    "precondition_required": (428, "If-Match is required"),
    "rate_limited": (429, "Too many requests"),
    "internal_error": (500, "Something went wrong on our side"),
    "temporarily_unavailable": (503, "Not available at the moment"),
    "read_model_behind": (503, "The read model is not there yet"),
}
AWAY = (*POSTGRES_AWAY, Conflict, StripeUnavailable)


class FieldError(Value):
    """`path` is a JSON pointer (RFC 6901) into the body, or into the names of the query or of the path."""

    path: str
    code: str
    message: str


class Problem(Exception):
    """A refusal on its way to the client. `status` where the code's usual one does not fit."""

    def __init__(self, code: str, detail: str, errors: Sequence[FieldError] = (), status: int | None = None):
        super().__init__(detail)
        self.code, self.errors, self.headers = code, errors, {}
        usual, self.title = TITLES.get(code, FIELD_RULE)
        self.status = status or usual

    def with_headers(self, headers: Mapping[str, str]) -> "Problem":
        self.headers = dict(headers)
        return self


class Later(Exception):
    """Not possible yet: the request waits without a thread and is tried again; at last, this problem is its answer."""

    def __init__(self, problem: Problem, patience_s: float):
        super().__init__(problem.code)
        self.problem, self.patience_s = problem, patience_s


def problem_of(error: Exception) -> Problem:
    """What the client is told of an error; nothing of what went wrong inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        where = [FieldError(error.path, error.code, str(error))] if error.path else []
        return Problem(error.code, str(error), where)
    if isinstance(error, AWAY):
        return unavailable("Please try again in a moment.")
    return Problem("internal_error", "It has been noted. Please try again; tell us the request id if it stays.")


def described(error: Exception) -> dict[str, Any]:
    """For the log: what and where, without the message, which may quote what is personal."""
    return {"error": type(error).__name__, "where": traceback.format_tb(error.__traceback__)}


def unavailable(detail: str, code: str = "temporarily_unavailable") -> Problem:
    return Problem(code, detail).with_headers({"retry-after": "1"})


def respond(problem: Problem, request_id: str) -> Response:
    document: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": str(problem),
        "code": problem.code,
        "request_id": request_id,
    }
    if problem.errors:
        document["errors"] = to_builtins(list(problem.errors))
    return Response(json.encode(document), problem.status, problem.headers, MEDIA_TYPE)
