"""Parked keys are retried and skipped by admins: a wish under one key is one wish, and the audit log tells of it."""

from uuid import UUID, uuid4

import psycopg
import pytest

from tests.api.staff_desk import acts_of


@pytest.fixture
def parked(house):
    """The id of a key that is parked in the dashboard."""
    key = uuid4()
    with psycopg.connect(house.database) as db:
        db.execute("insert into dashboard.parked_keys (key, partition, error) values (%s, 1, 'broken')", (key,))
        db.execute("insert into dashboard.parked (key, position, name) values (%s, 1, 'BookingPlaced')", (key,))
    return f"dashboard:{key}"


@pytest.fixture
def admin(house):
    return house.log_in_staff()


def ask(house, admin, parked, what, **headers):
    return house.http.post(f"/api/staff/parked-events/{parked}/{what}/", headers=admin.headers | headers)


def wanted(house):
    with psycopg.connect(house.database) as db:
        return db.execute("select wanted from dashboard.parked_keys").fetchone()[0]


@pytest.mark.parametrize("what", ["retry", "skip"])
def test_a_wish_about_a_parked_key_is_kept_and_in_the_audit_log(house, admin, parked, what):
    answer = ask(house, admin, parked, what)
    assert (answer.status_code, answer.json()["wanted"], wanted(house)) == (200, what, what)
    [entry] = acts_of(house, admin)
    assert (entry["action"], entry["subject"]) == ("replay", f"parked-events/{parked}/{what}")


def test_a_wish_under_one_key_is_one_wish(house, admin, parked):
    first = ask(house, admin, parked, "retry", **{"Idempotency-Key": "k1"})
    ask(house, admin, parked, "skip")
    again = ask(house, admin, parked, "retry", **{"Idempotency-Key": "k1"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert wanted(house) == "skip"
    assert len(acts_of(house, admin)) == 2


@pytest.mark.parametrize("id", [f"dashboard:{UUID(int=1)}", f"nothing:{UUID(int=1)}", "dashboard:1", "dashboard"])
def test_what_is_not_parked_is_not_found_and_leaves_no_entry(house, admin, id):
    assert ask(house, admin, id, "retry").status_code == 404
    assert acts_of(house, admin) == []
