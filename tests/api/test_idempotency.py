"""The same key and body is one booking and one answer, at once, later, after a crash; another body is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from api.key_locks import PATIENCE_S, lock_id
from eventlog.statements import Once
from settings import Settings
from tests.api.house import ENV, booking, delivery, in_days, open_house, serving

KEY = {"Idempotency-Key": "7f3c"}
ONCE = Once("anonymous", "POST /api/public/guest-booking/", "7f3c", b"", {})


def test_fifty_at_once_with_one_key_are_one_booking_with_one_answer(paying_house):
    def ask(_):
        return paying_house.book(headers=KEY)

    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(ask, range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert paying_house.count() == 1
    assert paying_house.count("eventlog.stored_events where topic = 'PaymentOpened'") == 1


def test_the_answer_is_the_same_after_the_booking_was_paid(paying_house):
    first = paying_house.book(headers=KEY).json()
    paid = paying_house.http.post(
        "/api/payments/mock-confirm/",
        json={
            "payment_intent_id": first["payment"]["stripe_payment_intent_id"],
            "booking_number": first["booking"]["booking_number"],
        },
    )
    assert paid.json()["booking"]["status"] == "paid"
    assert paying_house.book(headers=KEY).json() == first


def test_another_body_under_the_key_is_refused(house):
    house.book(headers=KEY)
    answer = house.book(booking("eve@example.com"), KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert house.count() == 1


def test_the_same_key_on_another_route_is_another_key(house):
    made = house.book(headers=KEY).json()
    answer = house.http.post(
        "/api/payments/confirm/",
        headers=KEY,
        json={
            "payment_intent_id": "pi_1",
            "booking_number": made["booking"]["booking_number"],
        },
    )
    assert answer.json()["code"] != "idempotency_mismatch"


def test_a_refusal_is_not_kept(house):
    assert house.book(booking(pickup_date=in_days(91)), KEY).status_code == 422
    assert house.book(headers=KEY).status_code == 201


def test_after_a_day_the_key_is_free_again(house):
    first = house.book(headers=KEY).json()
    with psycopg.connect(house.database) as db:
        db.execute("update eventlog.idempotency set made_at = now() - interval '25 hours'")
    again = house.book(delivery(customer_info=first["booking"]["customer_info"] | {"email": "eve@example.com"}), KEY)
    assert again.status_code == 201
    assert again.json()["booking"]["id"] != first["booking"]["id"]


def test_while_a_twin_is_running_elsewhere_the_second_waits_and_is_refused_then(house):
    with psycopg.connect(house.database, autocommit=True) as twin:
        twin.execute("select pg_advisory_lock(%s)", (lock_id(ONCE),))
        answer = house.book(headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert answer.elapsed.total_seconds() >= PATIENCE_S
    assert house.count() == 0


def test_a_second_that_waits_answers_once_the_twin_is_done(house):
    with psycopg.connect(house.database, autocommit=True) as twin:
        twin.execute("select pg_advisory_lock(%s)", (lock_id(ONCE),))
        threading.Timer(0.5, lambda: twin.execute("select pg_advisory_unlock(%s)", (lock_id(ONCE),))).start()
        assert house.book(headers=KEY).status_code == 201


def test_many_that_wait_leave_room_for_others(house):
    with psycopg.connect(house.database, autocommit=True) as twin, ThreadPoolExecutor(60) as clients:
        twin.execute("select pg_advisory_lock(%s)", (lock_id(ONCE),))
        waiting = [clients.submit(house.book, headers=KEY) for _ in range(60)]
        assert house.book(booking("eve@example.com")).elapsed.total_seconds() < PATIENCE_S
        twin.execute("select pg_advisory_unlock(%s)", (lock_id(ONCE),))
        assert {answer.result().status_code for answer in waiting} == {201}
    assert house.count() == 2


def test_two_processes_share_the_keys(database):
    with open_house(database) as house, serving(Settings.from_env(ENV | {"DATABASE_URL": database})) as other:

        def ask(n):
            url = (house.url, other)[n % 2]
            return house.http.post(f"{url}/api/public/guest-booking/", json=booking(), headers=KEY).json()

        with ThreadPoolExecutor(20) as clients:
            answers = list(clients.map(ask, range(20)))
        assert len({answer["booking"]["id"] for answer in answers}) == 1
        assert house.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "two words"])
def test_a_key_of_another_form_is_refused(still_house, key):
    answer = still_house.book(headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")


def test_a_lost_lock_connection_is_made_anew(house):
    assert house.book(headers=KEY).status_code == 201
    with psycopg.connect(house.database, autocommit=True) as db:
        db.execute("""select pg_terminate_backend(pid) from pg_stat_activity
                      where application_name = 'totetaxi idempotency keys' and datname = current_database()""")
    assert house.book(headers=KEY).status_code == 201
    assert house.count() == 1
