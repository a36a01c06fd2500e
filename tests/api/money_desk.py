"""The desk where staff ask for refunds over HTTP and decide on them, and what they see of the house's money."""

from uuid import UUID

from domain import payment
from eventlog.store import Ref
from tests.api.projected import project

PAYMENTS, REFUNDS = "/api/payments/payments/", "/api/payments/refunds/"


def ask_back(house, who, made, cents=5000, headers=None, **changed):
    body = {"payment_id": made["payment"]["id"], "amount_cents": cents, "reason": "A tote\nwas scratched"} | changed
    return house.http.post(f"{REFUNDS}create/", json=body, headers=who.headers | (headers or {}))


def decide(house, who, id, action, reason="", headers=None):
    body = {"refund_id": id, "action": action} | ({"reason": reason} if reason else {})
    return house.http.post(f"{REFUNDS}process/", json=body, headers=who.headers | (headers or {}))


def asked_back(house, who, made, cents=5000):
    answer = ask_back(house, who, made, cents)
    assert answer.status_code == 201, answer.text
    return answer.json()["refund"]["id"]


def seen(house, who, where, **query):
    project(house)
    answer = house.http.get(where, params=query, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def set_aside(house, made):
    return sum(house.store.load(Ref(payment, UUID(made["payment"]["id"]))).state.refunds.values())


def last_entry(house):
    """The stream of the last entry in the audit log."""
    with house.store.recorder.connection() as db:
        asked = "select originator_id from eventlog.stored_events where topic = 'StaffActed'"
        return db.execute(f"{asked} order by notification_id desc limit 1").fetchone()["originator_id"]
