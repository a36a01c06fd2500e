"""The desk where admins manage staff: what they ask of accounts over HTTP, and what the audit log has of it."""

import psycopg

from tests.api.house import PASSWORD

ACCOUNTS = "/api/staff/accounts/"
NEW = {
    "name": "Mary Jackson",
    "email": "Mary@Example.com",
    "password": "orbital mechanics",
    "role": "manager",
    "can_approve_refunds": True,
    "phone": "(212) 555-0123",
    "employee_id": "E-7",
    "department": "Desk",
    "hire_date": "2026-03-01",
    "emergency_contact": "Levi, +1 212 555 0199",
    "notes": "Speaks\nFrench",
}


def add(house, admin, headers=None, **changed):
    return house.http.post(ACCOUNTS, json=NEW | changed, headers=admin.headers | (headers or {}))


def see(house, admin, id):
    return house.http.get(f"{ACCOUNTS}{id}/", headers=admin.headers)


def change(house, admin, id, changes, **headers):
    etag = see(house, admin, id).headers.get("etag", '"1"')
    asked = admin.headers | {"If-Match": etag} | headers
    return house.http.patch(f"{ACCOUNTS}{id}/", json=changes, headers=asked)


def log_in(house, password=PASSWORD, mail="mary@example.com"):
    return house.http.post("/api/staff/auth/login/", json={"email": mail, "password": password})


def is_let_in(house, person):
    return house.http.get("/api/staff/csrf-token/", headers=person.headers).status_code == 200


def acts_of(house, person):
    """Every entry about what the person did, with what it says of personal changes."""
    with psycopg.connect(house.database) as db:
        asked = "select originator_id from eventlog.stored_events where topic = 'StaffActed' order by notification_id"
        streams = [id for (id,) in db.execute(asked)]
    told = []
    for history in (house.store.history(id) for id in streams):
        acted, *more = [recorded.event for recorded in history]
        if acted.staff_id == person.id:
            personal = (more[0].personal.before, more[0].personal.after) if more else None
            about = {"action": acted.action, "subject": acted.subject, "before": acted.before, "after": acted.after}
            told.append(about | {"personal": personal})
    return told
