"""A card number that somebody sends, wherever they put it, is refused, and afterwards it is found nowhere."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
import pytest
import structlog
from structlog.testing import capture_logs

import api.route
from api.key_locks import lock_id
from eventlog.statements import Once
from tests.api.card_desk import WEBHOOK, Place, headers_for, operations, places
from tests.api.cards import EVERY, NUMBERS, as_numbers, in_fours, written
from tests.api.doors import code
from tests.api.house import booking
from tests.api.projected import project
from tests.proofs.canaries import in_digits_alone, opened_log, places_of, tables
from tests.waiting import until

REFUSED = (422, "card_number_not_allowed")
SHORT, LONG = NUMBERS["american express"][1], NUMBERS["visa"][0]
CLIENTS = ("httpx", "httpcore")  # the tests' own
HERE, JSON = "here the number comes", {"content-type": "application/json"}
KEY = {"Idempotency-Key": "cards"}
ONCE = Once("anonymous", "POST /api/public/guest-booking/", "cards", b"", {})


class Answer(NamedTuple):
    place: Place
    number: str
    status: int
    problem: dict[str, Any]
    text: str


class Tried(NamedTuple):
    house: Any
    answers: list[Answer]
    logs: bytes


class Heard(logging.Handler):
    """Every line of the packages' logs, at every level."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        if not record.name.startswith(CLIENTS):
            self.lines.append(f"{record.__dict__} {record.getMessage()}")


@contextmanager
def listening() -> Iterator[list[Any]]:
    """All that is logged in this process meanwhile."""
    heard, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        with capture_logs() as lines:
            yield [lines, heard.lines]
    finally:
        root.removeHandler(heard)
        root.setLevel(level)


@pytest.fixture(scope="module")
def tried(still_house):
    """Each number in each place of each operation, every time written in another way; as a number too in a body."""
    staff, customer = still_house.log_in_staff(), still_house.customer()
    document, cards, numbers, answers = still_house.http.get("/openapi.json").json(), written(), as_numbers(), []
    with listening() as logs:
        for operation in operations(document):
            headers = headers_for(operation.where, staff, customer)
            for place in places(operation):
                answers.append(put(still_house, place, next(cards), headers))
                if place.kind == "body":
                    answers.append(put_bare(still_house, place, next(numbers), headers))
        name_themselves(still_house, staff)
        project(still_house)
    return Tried(still_house, answers, str(logs).encode())


def put(house, place, card, headers) -> Answer:
    number, text = card
    asked = place.ask({"header": in_fours(number, "-"), "path": in_fours(number)}.get(place.kind, text))
    return answered(house, place, number, asked | {"headers": asked.get("headers", {}) | headers})


def put_bare(house, place, card, headers) -> Answer:
    """In the body without quotes, as it is written: a packer would write it in its own way."""
    number, literal = card
    asked = place.ask(HERE)
    body = json.dumps(asked.pop("json")).replace(json.dumps(HERE), literal)
    return answered(house, place, number, asked | {"content": body, "headers": JSON | headers})


def answered(house, place, number, asked) -> Answer:
    answer = house.http.request(**asked)
    problem = answer.json() if answer.headers["content-type"].endswith("json") else {}
    return Answer(place, number, answer.status_code, problem, f"{answer.headers} {answer.text}")


def name_themselves(house, staff) -> None:
    """Requests that are carried out, by clients that call themselves by a number."""
    mine = {"User-Agent": f"Browser ({in_fours(LONG)})", "X-Request-Id": LONG, "X-Forwarded-For": f"fe80::1%{LONG}",
            "traceparent": f"00-{'0af7651916cd43dd' * 2}-{LONG}-01"}  # fmt: skip
    made = house.book(booking("eve@example.com"), mine)
    assert made.status_code == 201, made.text
    asked = {"email": staff.mail, "password": "correct horse battery"}
    assert house.http.post("/api/staff/auth/login/", json=asked, headers=mine).status_code == 200
    house.http.cookies.clear()
    assert house.http.get("/api/staff/customers/", headers=staff.headers | mine).status_code == 200


def everywhere(house, logs: bytes = b"") -> dict[str, bytes]:
    with psycopg.connect(house.database, autocommit=True) as db:
        found = tables(db) | {"the log, opened": opened_log(db, house.store.vault), "the logs": logs}
    return found | in_digits_alone(found)


def test_wherever_it_is_sent_it_is_refused_but_where_a_test_card_is_chosen(tried):
    passed = {(one.place.where, one.place.path) for one in tried.answers if code_of(one) != REFUSED}
    assert passed == {("POST /api/payments/mock-confirm/", "/card")}
    assert {one.place.kind for one in tried.answers} == {"path", "query", "header", "body"}
    assert {one.number for one in tried.answers} == set(EVERY)


def test_a_refusal_says_where_and_not_what(tried):
    refused = [one for one in tried.answers if code_of(one) == REFUSED]
    told = [[error["path"] for error in one.problem.get("errors", ())] for one in refused]
    assert told == [[one.place.path] if one.place.path else [] for one in refused]
    assert [one.place for one in refused if one.number in one.text] == []
    assert all("Never send" in one.problem["detail"] for one in refused)


def test_every_operation_that_can_refuse_it_says_so_and_is_tried(tried):
    document = tried.house.http.get("/openapi.json").json()
    says = {one.where for one in operations(document) if "card_number_not_allowed" in str(one.told["responses"])}
    assert says == {one.place.where for one in tried.answers}
    assert {one.where for one in operations(document) if one.method != "GET"} <= says


def test_afterwards_it_is_nowhere(tried):
    assert b"/api/staff/customers/" in tried.logs
    assert places_of(EVERY, everywhere(tried.house, tried.logs)) == set()


def test_a_client_is_named_without_it(tried):
    with psycopg.connect(tried.house.database) as db:
        told = opened_log(db, tried.house.store.vault)
    assert b"Browser (**** **** **** ****)" in told
    assert b"0af7651916cd43dd" not in told


def test_a_name_and_a_whole_number_are_refused_too(still_house):
    named = still_house.book(booking(**{in_fours(SHORT): "x"}))
    numbered = still_house.book(booking(special_instructions=int(LONG)))
    assert [code(named), code(numbered)] == [REFUSED, REFUSED]
    assert [one["path"] for one in named.json()["errors"]] == ["/**** **** **** ***"]
    assert SHORT[:4] not in named.text


def test_the_order_of_refusals_stays(still_house):
    def post(where, content, **headers):
        return still_house.http.post(where, content=content, headers={"content-type": "application/json"} | headers)

    body, guest = f'{{"special_instructions": "{LONG}"}}', "/api/public/guest-booking/"
    assert post("/api/staff/capacity/blackouts/", body).status_code == 401
    assert post(guest, body, **{"content-type": "text/plain"}).status_code == 415
    assert post(guest, body + "!").status_code == 400
    assert code(post(guest, body)) == REFUSED
    assert code(post(WEBHOOK.split(" ")[1], body)) == (400, "invalid_signature")


def test_a_call_that_waits_is_looked_through_once(still_house, monkeypatch):
    looks, turns = told_of(monkeypatch, "refuse_card_numbers"), told_of(monkeypatch, "read_json")
    with psycopg.connect(still_house.database, autocommit=True) as twin, ThreadPoolExecutor(1) as other:
        twin.execute("select pg_advisory_lock(%s)", (lock_id(ONCE),))
        waiting = other.submit(still_house.book, headers=KEY)
        until(lambda: len(turns) > 3)
        twin.execute("select pg_advisory_unlock(%s)", (lock_id(ONCE),))
        assert waiting.result(60).status_code == 201
    assert len(looks) == 1


def told_of(monkeypatch, name):
    """A list that grows with each time that a route calls the function of that name."""
    function, told = getattr(api.route, name), []
    monkeypatch.setattr(api.route, name, lambda *given, **named: told.append(name) or function(*given, **named))
    return told


def test_without_the_look_before_it_would_be_found(house, monkeypatch):
    monkeypatch.setattr(api.route, "refuse_card_numbers", lambda call, has_query: None)
    key = {"Idempotency-Key": LONG}
    with listening() as logs:
        made = house.book(booking(special_instructions=f"Pay with {in_fours(LONG)}"), key)
        assert made.status_code == 201, made.text
        structlog.get_logger("access").debug("request", route=LONG)
        logging.getLogger("urllib3").debug(SHORT)
    project(house)
    found = places_of([LONG, SHORT], everywhere(house, str(logs).encode()))
    assert found >= {(LONG, "eventlog.idempotency"), (LONG, "the logs"), (SHORT, "the logs")}
    assert {(LONG, "the log, opened, its digits"), (LONG, "history.bookings, its digits")} <= found


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.problem.get("code", "")
