"""The document as a whole: what the reference of the API is, made of its routes."""

from collections.abc import Sequence
from typing import Any

from api.openapi import field_words, schemas, security, told_customer, told_house, told_public, told_staff
from api.openapi.operation import Known, operation, operation_id
from api.openapi.problem_responses import problem_example, refusals
from api.openapi.told import Told
from api.route import Route
from settings import Settings

TOLD = told_public.TOLD | told_customer.TOLD | told_staff.TOLD | told_house.TOLD
TAGS = {
    "customer": "For customers: their account, addresses and bookings.",
    "dev": "The local inbox; there is none in production.",
    "payments": "Paying a booking, what Stripe tells, and what staff see and give back.",
    "public": "For everybody: prices, the calendar, guests' bookings.",
    "staff": "For the staff, each route by what its caller may.",
    "system": "For machines: alive, ready, measured, and this reference.",
}
ABOUT = """\
ToteTaxi moves totes, suitcases and odd big things. Money is integer US cents; instants are UTC, RFC 3339; days are New
York's. A path without its trailing slash answers too.

Refusals are problem documents (RFC 9457) with a stable `code`. They come in this order: 401, 403 or 404, 415, 400, 422,
428 or 412, 409. A write answers the `position` of what it wrote; a read that is sent it as `X-Consistency-Position`
shows at least that. Lists are pages: `next_cursor` leads to the next one, as `cursor`.

The ETag of a booking is its `version` in quotes. PUT and PATCH ask for it as If-Match, other writes honour it. A write
that is sent twice with one `Idempotency-Key` happens once. What a limit lets through tells, refused or not, what
is left of it (`RateLimit-…`).
"""
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
HEADERS: dict[str, tuple[str, dict[str, str], Any]] = {
    "X-Request-Id": ("Of this request; one that is sent and sane is kept.", TEXT, "7d0f5b2ce3a94a55"),
    "ETag": ("The version of what is shown: send it as If-Match to change it.", TEXT, '"3"'),
    "Retry-After": ("Seconds to wait.", NUMBER, 1),
    "RateLimit-Limit": ("Calls in a minute.", NUMBER, 20),
    "RateLimit-Remaining": ("Of them that are left.", NUMBER, 19),
    "RateLimit-Reset": ("Seconds until all are left again.", NUMBER, 3),
    "Set-Cookie": ("The session, HttpOnly.", TEXT, "totetaxi_session=kD0c1Jm2; HttpOnly; Path=/; SameSite=lax"),
    "Content-Disposition": ("The name of the file.", TEXT, 'attachment; filename="totetaxi.json"'),
    "Cache-Control": ("How long it may be kept.", TEXT, "public, no-cache"),
}


def document(routes: Sequence[Route], settings: Settings) -> dict[str, Any]:
    """OpenAPI 3.1. A route that has told nothing is told of as far as it can be."""
    listed = sorted(_once(routes), key=lambda route: (route.path, route.method))
    told = {route.where: TOLD.get(route.where, Told(dict[str, Any])) for route in listed}
    known, components = _known(listed, told)
    paths: dict[str, Any] = {}
    for route in listed:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route, told[route.where], known)
    codes = sorted(
        {code for route in listed for codes in refusals(route, told[route.where]).values() for code in codes}
    )
    tags = sorted({tag for route in listed for tag in route.tags})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ToteTaxi",
            "version": "1",
            "description": ABOUT,
            "contact": {"name": "ToteTaxi", "url": settings.base_url},
        },
        "servers": [{"url": settings.base_url.rstrip("/"), "description": "This platform."}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": components,
            "examples": {code: problem_example(code) for code in codes},
            "headers": _headers(paths),
            "securitySchemes": security.schemes(settings.production),
        },
    }


def _once(routes: Sequence[Route]) -> list[Route]:
    """A page that answers with and without its trailing slash is one."""
    paths = {(route.method, route.path) for route in routes}
    return [route for route in routes if (route.method, route.path + "/") not in paths]


def _known(listed: Sequence[Route], told: dict[str, Told]) -> tuple[Known, dict[str, Any]]:
    """Schemas of all that is taken and answered, and the components that they name: a name stands for one of them."""
    bodies, taken = schemas.bodies(listed)
    raw = [route for route in listed if told[route.where].reads]
    shapes = [told[route.where].answers for route in listed] + [told[route.where].reads for route in raw]
    typed = [dict[str, Any] if isinstance(shape, str) else shape for shape in shapes]
    found, answered = schemas.answers(typed)
    if twice := sorted(name for name in taken.keys() & answered.keys() if taken[name] != answered[name]):
        raise TypeError(f"two shapes of one name: {', '.join(twice)}")
    problems = {"Problem": schemas.PROBLEM, "FieldError": schemas.FIELD_ERROR}
    components = dict(sorted((taken | answered | problems).items()))
    bodies |= {route.where: schema for route, schema in zip(raw, found[len(listed) :], strict=True)}
    field_words.explain(bodies.values(), components)
    answers = {route.where: schema for route, schema in zip(listed, found, strict=False)}
    return Known(bodies, answers, components, {operation_id(route) for route in listed}), components


def _headers(paths: dict[str, Any]) -> dict[str, Any]:
    """Those that some answer has."""
    answers = [one for path in paths.values() for each in path.values() for one in each["responses"].values()]
    named = {name for answer in answers for name in answer["headers"]}
    shown = {name: about for name, about in HEADERS.items() if name in named}
    return {
        name: {"description": words, "schema": schema, "example": value}
        for name, (words, schema, value) in shown.items()
    }
