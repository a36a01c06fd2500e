"""Schemathesis at a house: each operation of the document tried with what fits it, what does not, and its examples."""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from uuid import uuid4

import jsonschema_rs
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.openapi.example_values import DAY, ID
from tests.api.house import ITEMS, booking, delivery, in_days
from tests.api.projected import project

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]  # fmt: skip
STAFF_GROUPS = ("/api/staff/", "/api/payments/payments/", "/api/payments/refunds/")
ENDS = ("logout/", "account/")
AFTER = "X-Consistency-Position"
SMALL = 10**6
MODES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}


def closed(schema: Any) -> Any:
    """The same shape with no field beside those it names."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {name: closed(one) for name, one in schema.items()}
    if isinstance(shown.get("properties"), dict) and "type" in shown:
        shown.setdefault("additionalProperties", False)
    return shown


class Trial:
    """Counts what it sends; whoever it comes as is logged in anew where a session or an account ends."""

    def __init__(self, house, seed: int | None = None):
        self.house, self.seed, self.sent, self.answered = house, seed, 0, {}
        self.document = house.http.get("/openapi.json").json()
        self.schema = schemathesis.openapi.from_dict(self.document)
        self.schema.config.update(base_url=house.url)
        self.schema.config.generation.with_security_parameters = False
        self.http = requests.Session()
        self.http.trust_env = False
        self.closed = closed(self.document["components"])
        self.token = ""
        self.staff, self.customer = house.log_in_staff(), house.customer("trial@example.com")

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            yield found.ok()

    def fuzz(self, operation: Any, times: int) -> None:
        """With values made from the schemas: those that fit, and those that do not."""
        self.follow(operation)
        for mode, share in MODES.items():
            if mode is GenerationMode.NEGATIVE and not self.can_be_wrong(operation):
                continue

            self.run(times * share, given(operation.as_strategy(generation_mode=mode))(self._sent))

    def can_be_wrong(self, operation: Any) -> bool:
        """If-None-Match may be anything."""
        return bool(operation.body or operation.query or {one.name for one in operation.headers} - {"If-None-Match"})

    def follow(self, operation: Any) -> None:
        """What an operation that asks a read model may be asked for is in it."""
        if any(one.name == AFTER for one in operation.headers):
            project(self.house)

    def run(self, times: int, tried: Any) -> None:
        """So many examples, always the same ones; with a seed, others each time."""
        course = settings(max_examples=times, derandomize=self.seed is None, database=None, deadline=None,
                          suppress_health_check=list(HealthCheck), phases=[Phase.generate])(tried)  # fmt: skip
        (course if self.seed is None else seeded(self.seed)(course))()

    def _sent(self, case: Any) -> None:
        self.send(case)

    def send(self, case: Any) -> Any:
        self.tame(case)
        answer = case.call(session=self.http, headers=self.headers(case.operation.path))
        self.check(case, answer)
        return answer

    def check(self, case: Any, answer: Any) -> None:
        self.http.cookies.clear()
        self.sent += 1
        self.answered.setdefault(case.operation.label, []).append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code < 300 and answer.headers["content-type"] == "application/json":
            self.validator(case.operation.label, answer.status_code).validate(json.loads(answer.content))

    def validator(self, label: str, status: int) -> Any:
        method, path = label.split(" ")
        told = self.document["paths"][path][method.lower()]["responses"][str(status)]
        schema = closed(told["content"]["application/json"]["schema"])
        return jsonschema_rs.validator_for(schema | {"components": self.closed}, validate_formats=True)

    def tame(self, case: Any) -> None:
        """A position that may not be there yet would be waited for."""
        told = str((case.headers or {}).get(AFTER, ""))
        if told.isdecimal() and int(told) < SMALL:
            case.headers[AFTER] = "1"

    def headers(self, path: str) -> dict[str, str]:
        ends = path.endswith(ENDS)
        mail = f"{uuid4().hex}@example.com"
        if path.startswith(STAFF_GROUPS):
            return (self.house.log_in_staff(mail=mail) if ends else self.staff).headers
        return (self.house.customer(mail) if ends else self.customer).headers

    # Examples, about what is there

    def examples(self, operation: Any) -> None:
        for sent in self.samples(operation) or [None]:
            self.send(self.example(operation, sent))

    def samples(self, operation: Any) -> list[Any]:
        """The bodies that the document shows."""
        content = operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json", {})
        return [one["value"] for one in content.get("examples", {}).values()]

    def example(self, operation: Any, sent: Any) -> Any:
        path = self.there(operation.path)
        self.follow(operation)
        given = {"path_parameters": path} | ({} if sent is None else {"body": self.now(sent)})
        query = {
            one.name: self.now(one.definition["example"]) for one in operation.query if "example" in one.definition
        }
        headers = {"X-Manage-Token": self.token} if "/bookings/{booking_number}/" in operation.path else {}
        if operation.method.upper() in ("PUT", "PATCH"):
            headers["If-Match"] = self.etag(operation, path, headers)
        media = {"media_type": "application/json"} if sent is not None else {}
        return operation.Case(**given, query=query, headers=headers, **media)

    def now(self, sent: Any) -> Any:
        """On a day that can be booked, by somebody new, with an item of the catalogue and an address that is saved."""
        text = json.dumps(sent).replace(DAY, in_days(5 + self.sent % 60))
        text = text.replace("ada@example.com", f"ada{self.sent}@example.com").replace('"Home"', f'"At {self.sent}"')
        if '"saved' in text or '_address_id"' in text:
            return json.loads(text.replace(ID, self.address))
        return json.loads(text.replace(ID, ITEMS["Crib"]))

    def there(self, path: str) -> dict[str, str]:
        """Names of what is really there, made for this case."""
        names = {"{booking_number}": ("booking_number", self.number), "{date}": ("date", lambda: in_days(99))}
        names["{id}"] = ("id", lambda: self.id_for(path))
        return {name: known() for place, (name, known) in names.items() if place in path}

    def number(self) -> str:
        made = self.guest
        self.token = made["manage_token"]
        return made["booking"]["booking_number"]

    def id_for(self, path: str) -> str:
        group = path.split("{")[0]
        made = {
            "/api/customer/bookings/": self.booked,
            "/api/customer/addresses/": lambda: self.saved(f"Home {self.sent}"),
            "/api/staff/bookings/": lambda: self.guest["booking"]["id"],
            "/api/staff/customers/": lambda: str(self.house.customer(f"{uuid4().hex}@example.com").id),
            "/api/staff/accounts/": lambda: str(self.house.log_in_staff(mail=f"{uuid4().hex}@example.com").id),
            "/api/public/services/organizing/": self.organizing,
            "/api/staff/catalog/specialty-items/": lambda: ITEMS["Artwork"],
            "/api/staff/catalog/surcharges/": self.surcharge,
        }
        return made.get(group, lambda: self.shown_in_the_document(path))()

    def shown_in_the_document(self, path: str) -> str:
        [method, *_] = self.document["paths"][path].values()
        return next(one["example"] for one in method["parameters"] if one["name"] == "id")

    @property
    def guest(self) -> dict[str, Any]:
        """A guest's new booking."""
        asked = delivery(mail=f"{uuid4().hex}@example.com", pickup_date=in_days(5 + self.sent % 60))
        answer = self.house.book(asked)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def booked(self) -> str:
        asked = booking(customer_info=None, pickup_date=in_days(5 + self.sent % 60), specific_pickup_hour=None)
        asked["pickup_time"] = "no_time_preference"
        answer = self.post("/api/customer/bookings/create/", asked)
        return answer["booking"]["id"]

    @cached_property
    def address(self) -> str:
        return self.saved("Saved")

    def saved(self, nickname: str) -> str:
        door = booking()["pickup_address"]
        return self.post("/api/customer/addresses/", door | {"nickname": nickname})["address"]["id"]

    def organizing(self) -> str:
        return self.house.http.get("/api/public/services/").json()["organizing_services"][0]["id"]

    def surcharge(self) -> str:
        found = self.house.http.get("/api/staff/catalog/surcharges/", headers=self.staff.headers)
        return found.json()["entries"][0]["id"]

    def post(self, path: str, body: Any) -> Any:
        answer = self.house.http.post(path, json=body, headers=self.customer.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def etag(self, operation: Any, path: dict[str, str], headers: dict[str, str]) -> str:
        """Of what is to be changed, which is read where it is shown."""
        where = operation.path.removesuffix("notes/").format(**path)
        return self.house.http.get(where, headers=self.headers(where) | headers).headers.get("etag", '"1"')
