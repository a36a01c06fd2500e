"""What guests and customers of these tests do with their bookings, each on days that nobody else of the file uses."""

from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple

from commands import Context, booking_ref
from commands.ending import delete_booking
from domain.ids import booking_id
from eventlog.envelope import Origin
from eventlog.ids import new_id
from integrations.stripe import connect
from tests.api.house import booking, in_days
from tests.integrations.stripe_account import KEY, SECRET

NUMBERS = count()
NINE = {"pickup_time": "morning_specific", "specific_pickup_hour": 9}
NEAR = {"address_line_1": "5 Park Ave", "city": "New York", "state": "NY", "zip_code": "10016"}
PUBLIC = "/api/public/bookings/"


def fresh() -> tuple[str, str]:
    """Somebody's mail address, and a day."""
    n = next(NUMBERS)
    return f"somebody{n}@example.com", in_days(2 + n % 40)


class Own(NamedTuple):
    """A booking of somebody's as it was made, where it is managed, and by which headers."""

    house: Any
    path: str
    headers: dict[str, str]
    made: dict[str, Any]

    @property
    def booking(self) -> dict[str, Any]:
        return self.made["booking"]

    def get(self, **headers):
        return self.house.http.get(self.path, headers=self.headers | headers)

    def patch(self, version: int | None = 1, headers: dict[str, str] | None = None, **told):
        seen = {} if version is None else {"If-Match": f'"{version}"'}
        return self.house.http.patch(self.path, json=told, headers=self.headers | seen | (headers or {}))

    def post(self, what: str, told: dict[str, Any], **headers):
        return self.house.http.post(f"{self.path}{what}/", json=told, headers=self.headers | headers)

    def cancel(self, **headers):
        return self.post("cancel", {"reason": "We stay"}, **headers)

    def pay(self, what="mock-confirm", payment=None):
        told = {"booking_number": self.booking["booking_number"]}
        if what != "create-intent":
            told["payment_intent_id"] = (payment or self.made["payment"])["stripe_payment_intent_id"]
        return self.house.http.post(f"/api/payments/{what}/", json=told, headers=self.headers)


def guests(house, body=None, **changed) -> Own:
    mail, day = fresh()
    answer = house.book(body or booking(mail, **({"pickup_date": day} | changed)))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    path = f"{PUBLIC}{made['booking']['booking_number']}/"
    return Own(house, path, {"X-Manage-Token": made["manage_token"]}, made)


def put_away(own: Own) -> None:
    """As staff do."""
    ref = booking_ref(booking_id(own.booking["booking_number"]))
    delete_booking(ref, "A test", context(own.house))


def context(house) -> Context:
    stripe = connect(KEY, "http://127.0.0.1:9", SECRET)
    return Context(house.store, stripe, Origin("staff", new_id()), datetime.now(UTC), b"secret")


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")
