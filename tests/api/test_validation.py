"""A refusal names the field and the rule, and never says again what was sent: it may be a secret, or somebody's."""

import json

import pytest

from api.app import create
from api.errors import Problem, respond
from api.validation import read_json, read_query
from settings import Settings
from tests.api.card_desk import operations, places
from tests.api.house import ENV

SECRET = "zqcanaryqz"


@pytest.fixture(scope="module")
def app():
    return create(Settings.from_env(ENV | {"DATABASE_URL": "dbname=none"}))


def words(read, adapter, told) -> bytes | None:
    """The refusal as it is sent; None where nothing is refused."""
    try:
        read(adapter, told)
    except Problem as problem:
        return respond(problem, "1").body
    except Exception as error:  # a rule of the business, refused by the field's own code
        return str(error).encode()
    return None


def asked(app):
    """(where, words of the refusal) with the secret in each field of each body and query, one at a time."""
    routes = {route.where: route for route in app.routes}
    for operation in operations(app.openapi()):
        route = routes[operation.where]
        for place in places(operation):
            sent = place.ask(SECRET)
            if place.kind == "body":
                yield place, words(read_json, route.body, json.dumps(sent["json"]).encode())
            elif place.kind == "query":
                yield place, words(read_query, route.query, sent["params"])


def test_no_refusal_says_what_was_in_the_field(app):
    told = list(asked(app))
    assert sum(refusal is not None for _, refusal in told) > 300
    assert [place[:3] for place, refusal in told if refusal and SECRET.encode() in refusal] == []


def test_a_kind_of_service_that_we_do_not_know_is_not_said_again_but_those_that_we_know(app):
    [route] = [route for route in app.routes if route.where == "POST /api/public/pricing-preview/"]
    refusal = words(read_json, route.body, json.dumps({"service_type": SECRET}).encode())
    assert b"'mini_move', 'standard_delivery'" in refusal
    assert SECRET.encode() not in refusal


@pytest.mark.parametrize(
    "raw", [b'{"a": zqcanaryqz}', b'{"zqcanaryqz', b'"zqcanaryqz" x', b"zqcanaryqz", b"\xffzqcanaryqz"]
)
def test_what_is_no_json_is_not_said_again(app, raw):
    [route] = [route for route in app.routes if route.where == "POST /api/public/pricing-preview/"]
    refusal = words(read_json, route.body, raw)
    assert b"invalid_json" in refusal
    assert SECRET.encode() not in refusal
