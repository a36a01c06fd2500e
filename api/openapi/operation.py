"""One operation of the reference: what a route takes and answers, who may call it, and which problems it can give."""

import inspect
import re
from typing import Any

from api.openapi.examples import example
from api.openapi.links import links
from api.openapi.parameters import parameters
from api.openapi.problem_responses import LIMITS, REQUEST_ID, problem_response, refusals
from api.openapi.security import security
from api.openapi.sent_examples import SENT
from api.openapi.told import NONE_MATCH, Told
from api.route import Route
from domain import Value

JSON = "application/json"


class Known(Value):
    """Of the whole document: bodies by method and path, answers likewise, the components they name, operations."""

    bodies: dict[str, Any]
    answers: dict[str, Any]
    components: dict[str, Any]
    operations: set[str]


def operation_id(route: Route) -> str:
    """As stable as the path: `get_customer_addresses_by_id`."""
    path = re.sub(r"{(\w+)}", r"by_\1", route.path.removeprefix("/api"))
    return re.sub(r"[^a-z]+", "_", f"{route.method.lower()}{path}".lower()).strip("_")


def operation(route: Route, told: Told, known: Known) -> dict[str, Any]:
    words = inspect.getdoc(route.handler) or ""
    shown: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": _summary(words),
        "description": " ".join(words.split()),
        "tags": list(route.tags),
        "security": security(route.policy, told),
        "responses": _responses(route, told, known),
    }
    if asked := parameters(route, told):
        shown["parameters"] = asked
    if body := _body(route, known):
        shown["requestBody"] = body
    return shown


def _summary(words: str) -> str:
    """The first clause, without its full stop."""
    return re.split(r"[.;:](?:\s|$)", " ".join(words.split()), maxsplit=1)[0]


def _body(route: Route, known: Known) -> dict[str, Any] | None:
    where = route.where
    if where not in known.bodies:
        return None
    schema = known.bodies[where]
    sent = SENT.get(where) or {"example": example(schema, known.components, is_sent=True)}
    shown = {"schema": schema, "examples": {name: {"value": value} for name, value in sent.items()}}
    return {"required": True, "content": {JSON: shown}}


def _responses(route: Route, told: Told, known: Known) -> dict[str, Any]:
    found = {str(route.status): _success(route, told, known)}
    if NONE_MATCH in told.takes:
        headers = REQUEST_ID | _given(told)
        found["304"] = {"description": "It is what the client has.", "headers": headers}
    for status, codes in refusals(route, told).items():
        found[str(status)] = problem_response(status, codes)
    return found


def _success(route: Route, told: Told, known: Known) -> dict[str, Any]:
    headers = REQUEST_ID | _given(told) | (LIMITS if route.policy.limit else {})
    shown = {"description": "As asked for.", "headers": headers}
    if followed := links(route.where, known.operations):
        shown["links"] = followed
    if isinstance(told.answers, str):
        return shown | {"content": {told.answers: {"schema": {"type": "string"}}}}
    schema = known.answers[route.where]
    return shown | {"content": {JSON: {"schema": schema, "example": example(schema, known.components)}}}


def _given(told: Told) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in told.gives}
