"""The desk where staff work on one booking over HTTP, and a house that a whole file of tests shares for it."""

from contextlib import contextmanager
from datetime import date
from itertools import cycle
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from tests.api.house import booking, in_days, open_house
from tests.conftest import TEMPLATE

BOOKINGS = "/api/staff/bookings/"
DAYS = cycle(range(30, 60))


@contextmanager
def shared_house(server, **env):
    """For tests that book under names of their own."""
    name = f"desk_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template {TEMPLATE}")
        with open_house(make_conninfo(server, dbname=name), **env) as house:
            yield house
        db.execute(f"drop database {name} with (force)")


def of(made, path=""):
    return f"{BOOKINGS}{made['booking']['id']}/{path}"


def book(house, make=booking, **changed):
    """A guest's whom no other test knows, on days in turn: none of them fills up."""
    body = make(mail=f"{uuid4().hex}@example.com", **{"pickup_date": in_days(next(DAYS))} | changed)
    answer = house.book(body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def weekday(n=0):
    """A day on which nothing costs more, weeks from now."""
    days = [date.fromisoformat(in_days(day)) for day in range(14, 28)]
    return [str(day) for day in days if day.weekday() in (1, 2) and (day.month, day.day) != (7, 3)][n]


def see(house, who, made):
    return house.http.get(of(made), headers=who.headers)


def patch(house, who, made, changes, version=None, **headers):
    """For the version that it has now, where none is told."""
    seen = f'"{version}"' if version else see(house, who, made).headers["etag"]
    return house.http.patch(of(made), json=changes, headers=who.headers | {"If-Match": seen} | headers)


def reschedule(house, who, made, headers=None, **to):
    body = {"pickup_date": in_days(20), "reason": "The van is in repair"} | to
    return house.http.post(of(made, "reschedule/"), json=body, headers=who.headers | (headers or {}))


def cancel(house, who, made, headers=None, **told):
    body = {"reason": "The house has burnt down"} | told
    return house.http.post(of(made, "cancel/"), json=body, headers=who.headers | (headers or {}))


def put_away(house, who, made, **headers):
    return house.http.delete(of(made), headers=who.headers | headers)


def pay(house, made):
    told = {"payment_intent_id": made["payment"]["stripe_payment_intent_id"]}
    told["booking_number"] = made["booking"]["booking_number"]
    answer = house.http.post("/api/payments/mock-confirm/", json=told)
    assert answer.json()["booking"]["status"] == "paid", answer.text
    return made


def code(answer):
    return answer.status_code, answer.json().get("code", "")


def paths(answer):
    return [error["path"] for error in answer.json().get("errors", [])]


def acts_on(house, made):
    """Entries of the audit log about the booking, oldest first, each with what is personal in it."""
    with psycopg.connect(house.database) as db:
        asked = "select originator_id from eventlog.stored_events where topic = 'StaffActed' order by notification_id"
        streams = [id for (id,) in db.execute(asked)]
    told = [[recorded.event for recorded in house.store.history(id)] for id in streams]
    about = [(acted, *more) for acted, *more in told if str(acted.booking_id) == made["booking"]["id"]]
    return [(acted, more[0].personal if more else None) for acted, *more in about]
