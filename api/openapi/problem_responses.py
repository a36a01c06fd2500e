"""Which problems an operation can answer with: those that follow from what it is, and those it tells itself."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from api.errors import MEDIA_TYPE, Problem
from api.openapi.told import AFTER, KEY, MATCH, NONE_MATCH, SIGNATURE, TOKEN, Told
from api.policies import Limit, Who
from api.route import Route

BODY = ("unsupported_media_type", "invalid_json", "missing_field", "unexpected_field", "invalid_value", "text_too_long")
QUERY = ("missing_field", "unexpected_field", "invalid_value", "text_too_long")
BY_HEADER = {
    KEY: ("invalid_value", "idempotency_mismatch", "idempotency_in_progress"),
    MATCH: ("version_conflict",),
    AFTER: ("read_model_behind",),
    TOKEN: ("not_found",),
    NONE_MATCH: (),
    SIGNATURE: ("invalid_signature",),
}
REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
WAITS = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
LIMITS = {
    f"RateLimit-{name}": {"$ref": f"#/components/headers/RateLimit-{name}"} for name in ("Limit", "Remaining", "Reset")
}


def refusals(route: Route, told: Told) -> dict[int, list[str]]:
    """The codes by status, each list sorted."""
    found: dict[int, set[str]] = defaultdict(set)
    for code in (*_who(route), *_how(route, told), *told.codes):
        found[Problem(code, "").status].add(code)
    if AFTER in told.takes:
        found[400].add("invalid_value")  # a position that the log does not have
    return {status: sorted(codes) for status, codes in sorted(found.items())}


def _who(route: Route) -> Iterator[str]:
    policy = route.policy
    if policy.who in (Who.CUSTOMER, Who.STAFF, Who.PAYER):
        yield "unauthenticated"
    if (policy.is_write and policy.who in (Who.CUSTOMER, Who.STAFF, Who.PAYER)) or policy.limit is Limit.AUTH:
        yield "csrf_failed"
    if policy.may or policy.by_field:
        yield "not_allowed"
    if policy.limit:
        yield "rate_limited"
    if policy.who is not Who.MACHINES:
        yield "unknown_host"


def _how(route: Route, told: Told) -> Iterator[str]:
    if "{" in route.path:
        yield "not_found"
    if route.method != "GET":
        yield "body_too_large"
    if route.method in ("PUT", "PATCH"):
        yield from ("precondition_required", "version_conflict")
    yield from BODY if route.body else ()
    yield from QUERY if route.query else ()
    if route.policy.who is not Who.STRIPE and (route.method != "GET" or route.query or "{" in route.path):
        yield "card_number_not_allowed"
    for header in told.takes:
        yield from BY_HEADER[header]
    if not route.policy.is_instant:
        yield from ("internal_error", "temporarily_unavailable")


def problem_response(status: int, codes: Sequence[str]) -> dict[str, Any]:
    """What an operation answers with one of these codes."""
    schema = {"$ref": "#/components/schemas/Problem"}
    codes_of_it = {"type": "object", "properties": {"code": {"type": "string", "enum": list(codes)}}}
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    headers = REQUEST_ID | (WAITS if status in (429, 503) else {}) | (LIMITS if status == 429 else {})
    return {
        "description": " ".join(f"`{code}`: {Problem(code, '').title}." for code in codes),
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"allOf": [schema, codes_of_it]}, "examples": examples}},
    }


def problem_example(code: str) -> dict[str, Any]:
    """A problem document with this code."""
    problem = Problem(code, "")
    shown = {"type": f"/problems/{code}", "title": problem.title, "status": problem.status}
    words = {"detail": "Words for people, which may change.", "code": code, "request_id": "7d0f5b2ce3a94a55"}
    return {"summary": problem.title, "value": shown | words}
