"""Over HTTP admins see what waits and has been given up, and have it tried again: one wish, one entry."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from domain.ids import payment_id
from eventlog.timers import ask
from tests.api.booking_desk import book, code
from tests.api.staff_desk import acts_of

DUE = datetime(2027, 1, 12, 14, tzinfo=UTC)
WORK = "/api/staff/work/"
JOB = """insert into procrastinate_jobs (task_name, queue_name, args, status, attempts)
         values ('pay_back', 'default', jsonb_build_object('about', %s::text, 'position', 7), 'failed', 50)
         returning id"""


@pytest.fixture(scope="module")
def house(still_house):
    return still_house


@pytest.fixture
def admin(house):
    return house.log_in_staff(mail=f"admin{house.count('api.accounts')}@example.com")


@pytest.fixture
def parked(house):
    """A booking, and the number of a job about its payment that was given up."""
    made = book(house)
    id = UUID(made["booking"]["id"])
    with psycopg.connect(house.database) as db:
        ask(db, "hold", id, DUE)
        return made, db.execute(JOB, (payment_id(id, 1),)).fetchone()[0]


def retry(house, who, id, **headers):
    return house.http.post(f"{WORK}{id}/retry/", headers=who.headers | headers)


def status(house, id):
    with psycopg.connect(house.database) as db:
        return db.execute("select status::text, attempts from procrastinate_jobs where id = %s", (id,)).fetchone()


def test_what_is_due_and_what_was_given_up_is_shown_with_its_booking(house, admin, parked):
    made, id = parked
    number = made["booking"]["booking_number"]
    shown = house.http.get(WORK, headers=admin.headers).json()
    hold = {"kind": "hold", "about": made["booking"]["id"], "booking_number": number}
    assert hold | {"due_at": "2027-01-12T14:00:00.000Z"} in shown["timers"]
    [job] = [one for one in shown["parked_jobs"] if one["id"] == id]
    assert (job["task"], job["booking_number"], job["attempts"]) == ("pay_back", number, 50)


def test_a_job_that_waits_for_another_try_is_shown_with_its_booking(house, admin, parked):
    made, id = parked
    retried = "update procrastinate_jobs set status = 'todo', attempts = 7, scheduled_at = %s where id = %s"
    with psycopg.connect(house.database) as db:
        db.execute(retried, (DUE, id))
    [job] = [one for one in house.http.get(WORK, headers=admin.headers).json()["jobs_tried_again"] if one["id"] == id]
    about = {"task": "pay_back", "about": str(payment_id(UUID(made["booking"]["id"]), 1))}
    told = about | {"booking_number": made["booking"]["booking_number"], "next_try_at": "2027-01-12T14:00:00.000Z"}
    assert job == told | {"id": id, "attempts": 7}


def test_a_job_that_was_given_up_is_tried_again_and_the_audit_log_says_by_whom(house, admin, parked):
    _, id = parked
    answer = retry(house, admin, id)
    assert (answer.status_code, answer.json()["id"], status(house, id)) == (200, id, ("todo", 0))
    assert code(retry(house, admin, id)) == (404, "not_found")
    [entry] = acts_of(house, admin)
    assert (entry["action"], entry["subject"]) == ("replay", f"work/{id}/retry")
    assert (entry["after"]["job"]["id"], entry["after"]["job"]["task"]) == (id, "pay_back")


def test_a_wish_under_one_key_puts_a_job_back_once(house, admin, parked):
    _, id = parked
    first = retry(house, admin, id, **{"Idempotency-Key": "again"})
    with psycopg.connect(house.database) as db:
        db.execute("update procrastinate_jobs set status = 'failed' where id = %s", (id,))
    again = retry(house, admin, id, **{"Idempotency-Key": "again"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert (status(house, id)[0], len(acts_of(house, admin))) == ("failed", 1)


@pytest.mark.parametrize("id", ["0", "x", "9" * 18, "9" * 30, "-1"])
def test_what_was_not_given_up_is_not_found_and_leaves_no_entry(house, admin, id):
    assert code(retry(house, admin, id)) == (404, "not_found")
    assert acts_of(house, admin) == []
