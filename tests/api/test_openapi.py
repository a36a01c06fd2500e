"""The reference of the API is whole: every route is told of, with examples that fit, and as the code has it."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from msgspec import convert

import api
from api.app import create
from api.openapi.document import TOLD
from api.openapi.field_words import OF_BODY, WORDS
from api.openapi.fields import fields, variants
from api.openapi.links import LINKS
from api.openapi.operation import operation_id
from api.openapi.told import AFTER, ETAG, KEY, MATCH, NONE_MATCH, SIGNATURE, TOKEN
from eventlog.envelope import EVENTS
from settings import Settings
from tests.api.house import ENV, in_days

API = Path(api.__file__).parent
# What in the code minds a header of the request, or gives one with the answer.
MINDS = {
    KEY: {"carry_out"},
    MATCH: {"told_version"},
    AFTER: {"consistent"},
    TOKEN: {"is_owner"},
    NONE_MATCH: {"_unless_known"},
    SIGNATURE: {"_believed"},
}
GIVES = {"give_etag", "_unless_known"}


@pytest.fixture(scope="module")
def app():
    return create(Settings.from_env(ENV | {"DATABASE_URL": "dbname=none"}))


@pytest.fixture(scope="module")
def told(app):
    return app.openapi()


def operations(told):
    return [(path, method, one) for path, each in told["paths"].items() for method, one in each.items()]


def test_every_route_tells_what_it_answers_and_nothing_else_is_told(app):
    assert {route.where for route in app.routes} == TOLD.keys()


def test_every_operation_has_a_name_of_its_own_words_and_a_tag_that_is_explained(told):
    every = [one for _, _, one in operations(told)]
    assert len({one["operationId"] for one in every}) == len(every)
    explained = {tag["name"] for tag in told["tags"] if tag["description"]}
    assert [one["operationId"] for one in every if not (one["summary"] and one["description"])] == []
    assert [one["operationId"] for one in every if not set(one["tags"]) <= explained] == []


def test_every_example_fits_its_schema(told):
    def fits(schema, value):
        return jsonschema_rs.validator_for(schema | {"components": told["components"]}).is_valid(value)

    for _, _, one in operations(told):
        contents = [one.get("requestBody", {}), *one["responses"].values()]
        for content in (content for each in contents for content in each.get("content", {}).items()):
            media, shown = content
            named = [told["components"]["examples"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
                     for value in shown.get("examples", {}).values()]  # fmt: skip
            values = [value["value"] for value in named] + [shown[name] for name in ("example",) if name in shown]
            assert values or media.startswith("text/"), one["operationId"]
            assert all(fits(shown["schema"], value) for value in values), one["operationId"]
        assert all(fits(each["schema"], each["example"]) for each in one.get("parameters", ()) if "example" in each)
    assert not fits({"$ref": "#/components/schemas/Pricing"}, {"total_price_cents": "1"})


def test_the_examples_of_a_booking_can_be_booked_in_turn(house, told):
    """As they stand, but for the days, which are moved to the coming ones."""
    sent = told["paths"]["/api/public/guest-booking/"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    written = json.dumps([one["value"] for one in sent.values()])
    for n, day in enumerate(sorted(set(re.findall(r"2027-\d\d-\d\d", written)))):
        written = written.replace(day, in_days(10 + n))
    answers = [house.book(body) for body in json.loads(written)]
    assert [answer.status_code for answer in answers] == [201] * 4, [answer.text for answer in answers]


def test_every_refusal_is_a_problem_with_a_closed_list_of_codes(told):
    for _, _, one in operations(told):
        for status, answer in one["responses"].items():
            assert "X-Request-Id" in answer["headers"]
            if status >= "4":
                problem, own = answer["content"]["application/problem+json"]["schema"]["allOf"]
                assert problem == {"$ref": "#/components/schemas/Problem"}
                assert own["properties"]["code"]["enum"]
    codes = told["components"]["examples"].keys()
    assert {"no_capacity", "slot_taken", "quote_mismatch", "version_conflict", "read_model_behind"} <= codes


def test_money_is_integer_cents_with_its_unit(told):
    fields = [(name, field) for schema in told["components"]["schemas"].values()
              for name, field in schema.get("properties", {}).items() if name.endswith("_cents")]  # fmt: skip
    assert len(fields) > 50
    for name, field in fields:
        kinds = {one["type"] for one in field.get("anyOf", [field])}
        assert kinds in ({"integer"}, {"integer", "null"}), name
        assert "cents" in field["description"], name


def test_every_link_leads_to_an_operation_that_takes_what_it_gives(told):
    known = {one["operationId"]: one for _, _, one in operations(told)}
    for where, links in LINKS.items():
        assert where in TOLD
        for name, (target, given, _) in links.items():
            taken = {f"{one['in']}.{one['name']}" for one in known[target].get("parameters", ())}
            assert given.keys() <= taken, (where, name)


def test_a_header_is_told_of_exactly_where_the_code_minds_it(app):
    for route in app.routes:
        told, reached = TOLD[route.where], called_by(route.handler.__module__, route.handler.__name__)
        minded = {header for header, names in MINDS.items() if names & reached}
        assert minded == set(told.takes), route.where
        assert (ETAG in told.gives) is bool(GIVES & reached), route.where
        assert (route.method in ("PUT", "PATCH")) is ("demand_version" in reached), route.where


def test_operations_are_named_after_their_paths(app):
    [route] = [route for route in app.routes if route.where == "PUT /api/customer/addresses/{id}/"]
    assert operation_id(route) == "put_customer_addresses_by_id"


def test_what_cannot_be_done_at_an_address_is_405_with_what_can(still_house, told):
    for path, each in told["paths"].items():
        answer = still_house.http.request("TRACE", re.sub(r"{\w+}", "x", path))
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), path
        assert set(answer.headers["allow"].lower().split(", ")) >= each.keys(), path


def test_the_page_of_the_reference_shows_every_operation_and_needs_nobody_else(still_house, told):
    page = still_house.http.get("/docs")
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=\"(?!/openapi.json\")", page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert [one["operationId"] for _, _, one in operations(told) if f'id="{one["operationId"]}"' not in page.text] == []


def test_every_field_of_a_body_has_a_line_on_it(told):
    sent = [one["requestBody"]["content"]["application/json"] for _, _, one in operations(told) if "requestBody" in one]
    rows = {row for each in sent for one in variants(each["schema"], told["components"]["schemas"])
            for row in fields(one, told["components"]["schemas"])}  # fmt: skip
    assert len(rows) > 200
    assert {row.name for row in rows if not row.words or "\n" in row.words} == set()
    lines = WORDS | OF_BODY
    assert {name for name, words in lines.items() if not any(row.words.startswith(words) for row in rows)} == set()


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("post_payments_mock_confirm", ("card", "string", "optional, else 4242424242424242")),
        ("post_payments_mock_confirm", ("payment_intent_id", "string", "required")),
        ("post_payments_mock_confirm", ("payment_method", "string or null", "optional")),
        ("post_customer_payment_methods", ("is_default", "boolean", "optional, else false")),
        ("post_payments_webhook", ("Stripe-Signature", "header", "string", "required")),
        ("post_staff_capacity_limits", ("limits.mini_move", "integer or null", "optional")),
        ("post_public_guest_booking", ("specialty_items[].quantity", "integer", "required")),
        ("post_public_guest_booking", ("mini_move_package", "full, petite or standard", "required")),
    ],
)
def test_the_page_tells_of_each_field_and_header_what_it_is_and_whether_it_is_needed(still_house, name, cells):
    operation = still_house.http.get("/docs").text.split(f'<details id="{name}">')[1].split("</details>")[0]
    assert f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}<td>" in operation


def test_the_webhook_says_first_what_it_is(told):
    webhook = told["paths"]["/api/payments/webhook/"]["post"]
    assert webhook["summary"] == "Where Stripe tells what happened to payments, refunds and disputes"


@pytest.mark.parametrize("path", ["/api/payments/payments/{id}/events/", "/api/staff/bookings/{id}/events/"])
def test_the_example_of_an_event_is_one_that_there_is(told, path):
    answer = told["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    [event] = answer["example"]["events"]
    assert convert(event["event"], EVENTS[event["name"]], strict=False)
    assert event["event"].keys() == set(EVENTS[event["name"]].__struct_fields__)


def test_in_the_examples_of_answers_nothing_has_failed_without_a_reason(told):
    whole = json.dumps([one["responses"] for _, _, one in operations(told)])
    assert '"failure_reason": null' in whole
    assert '"failure_reason": ""' not in whole


def test_the_reference_is_served_as_it_is_made(still_house, told):
    assert still_house.http.get("/openapi.json").json()["paths"].keys() == told["paths"].keys()


@cache
def module(name: str) -> ast.Module | None:
    """A module of the API."""
    path = API.parent / (name.replace(".", "/") + ".py")
    return ast.parse(path.read_text()) if path.exists() else None


@cache
def functions(of: str) -> dict[str, tuple[str, ast.AST]]:
    """What a module of the API defines, and what it imports of others: each name with where it is."""
    found = {node.name: (of, node) for node in module(of).body if isinstance(node, ast.FunctionDef)}
    for node in module(of).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("api.") and module(node.module):
            theirs = functions(node.module)
            found |= {one.name: theirs[one.name] for one in node.names if one.name in theirs}
    return found


def called_by(where: str, name: str) -> set[str]:
    """The names of the API's functions that are reached from this one, which may be inside another."""
    every = (node for node in ast.walk(module(where)) if isinstance(node, ast.FunctionDef))
    reached, ahead = set(), [(where, next(node for node in every if node.name == name))]
    while ahead:
        here, node = ahead.pop()
        named = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} & functions(here).keys()
        ahead += [functions(here)[each] for each in named - reached]
        reached |= named
    return reached
