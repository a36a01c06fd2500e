"""Staff are let in by password, known by cookie or session id, and see dashboard and histories."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from commands.staff import FAILURES, create_staff
from eventlog.feed import PostgresFeed, Progress, open_log
from eventlog.store import EventStore
from eventlog.vault import Vault
from projections.applying import apply
from projections.models import MODELS
from tests.api.house import IDENTITY, MASTER, booking, in_days

MAIL, PASSWORD = "staff@example.com", "correct horse battery"
THREADS = 60  # more than a process has
SOON_S = 3.0


@pytest.fixture
def desk(house):
    with psycopg.connect(house.database, autocommit=True) as db:
        create_staff(db, MAIL, PASSWORD)
    return house


def log_in(house, mail=MAIL, password=PASSWORD):
    return house.http.post("/api/staff/auth/login/", json={"email": mail, "password": password})


def by_header(house) -> dict[str, str]:
    session = log_in(house).json()["session_id"]
    house.http.cookies.clear()
    return {"X-Session-Id": session}


def test_the_right_password_opens_a_session(desk):
    answer = log_in(desk, "Staff@Example.com")
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == MAIL
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert desk.http.get("/api/staff/csrf-token/").json()["csrf_token"] == answer.json()["csrf_token"]


def test_wrong_mail_and_wrong_password_get_the_same_words(desk):
    wrong_mail, wrong_password = log_in(desk, "nobody@example.com").json(), log_in(desk, password="wrong").json()
    assert {wrong_mail["code"], wrong_password["code"]} == {"unauthenticated"}
    assert wrong_mail | {"request_id": ""} == wrong_password | {"request_id": ""}


def test_many_who_log_in_at_once_keep_nobody_else_waiting(desk):
    session = by_header(desk)
    with ThreadPoolExecutor(THREADS) as many:
        tries = [many.submit(log_in, desk, f"nobody{n}@example.com") for n in range(3 * THREADS)]
        for _ in range(20):
            other = desk.http.get("/api/staff/csrf-token/", headers=session)
            assert (other.status_code, other.elapsed.total_seconds() < SOON_S) == (200, True)
        assert not all(one.done() for one in tries)
        assert {one.result().status_code for one in tries} <= {401, 503}
    assert log_in(desk).status_code == 200


def test_five_failures_lock_the_account(desk):
    for _ in range(FAILURES):
        assert log_in(desk, password="wrong").status_code == 401
    assert log_in(desk).status_code == 401
    with psycopg.connect(desk.database) as db:
        db.execute("update api.staff_credentials set locked_until = now() - interval '1 second'")
    assert log_in(desk).status_code == 200


def test_a_write_by_cookie_needs_the_token_and_one_by_session_id_does_not(desk):
    token = log_in(desk).json()["csrf_token"]
    refused = desk.http.post("/api/staff/auth/logout/")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert desk.http.post("/api/staff/auth/logout/", headers={"X-CSRF-Token": token}).status_code == 200
    assert desk.http.post("/api/staff/auth/logout/", headers=by_header(desk)).status_code == 200


def test_after_logging_out_the_session_opens_nothing(desk):
    session = by_header(desk)
    assert desk.http.get("/api/staff/projections/", headers=session).status_code == 200
    desk.http.post("/api/staff/auth/logout/", headers=session)
    assert desk.http.get("/api/staff/projections/", headers=session).status_code == 401


def test_a_session_ends_by_itself_and_with_a_new_password(desk):
    session = by_header(desk)
    with psycopg.connect(desk.database, autocommit=True) as db:
        db.execute("update api.staff_sessions set expires_at = now()")
        assert desk.http.get("/api/staff/projections/", headers=session).status_code == 401
        session = by_header(desk)
        create_staff(db, MAIL, "another password")
    assert desk.http.get("/api/staff/projections/", headers=session).status_code == 401


def test_neither_passwords_nor_sessions_can_be_read_in_the_database(desk):
    session = by_header(desk)["X-Session-Id"]
    with psycopg.connect(desk.database) as db:
        rows = db.execute("select c::text || s::text from api.staff_credentials c, api.staff_sessions s").fetchall()
    assert PASSWORD not in str(rows)
    assert session not in str(rows)
    assert session.encode().hex() not in str(rows)


def test_dashboard_and_history_show_what_was_booked_once_the_position_is_reached(desk):
    made = desk.book(booking("ada@example.com")).json()
    session = by_header(desk)
    late = {**session, "X-Consistency-Position": str(made["position"])}
    behind = desk.http.get("/api/staff/dashboard/", headers=late)
    assert (behind.status_code, behind.json()["code"], behind.headers["retry-after"]) == (503, "read_model_behind", "1")
    project(desk.database)
    dashboard = desk.http.get("/api/staff/dashboard/", headers=late).json()
    assert dashboard["bookings"]["by_status"]["pending"] == 1
    [person] = desk.http.get("/api/staff/customers/?search=ADA@example.com", headers=late).json()["customers"]
    history = desk.http.get(f"/api/staff/customers/{person['id']}/", headers=late).json()
    assert [one["booking_number"] for one in history["bookings"]] == [made["booking"]["booking_number"]]
    assert history["person"]["last_name"] == "Byron"


def test_who_waits_for_a_read_model_keeps_nobody_else_waiting(desk):
    made, session = desk.book().json(), by_header(desk)
    late = {**session, "X-Consistency-Position": str(made["position"])}
    with ThreadPoolExecutor(THREADS) as many:
        waiting = [many.submit(desk.http.get, "/api/staff/dashboard/", headers=late) for _ in range(THREADS)]
        for _ in range(20):
            assert desk.http.get("/api/staff/csrf-token/", headers=session, timeout=3).status_code == 200
        assert not any(one.done() for one in waiting)
        project(desk.database)
        assert {one.result().status_code for one in waiting} == {200}


def test_a_long_history_is_told_in_pages(desk):
    made = [desk.book(booking(pickup_date=in_days(day))).json()["booking"]["booking_number"] for day in (10, 11, 12)]
    project(desk.database)
    session, seen, cursor = by_header(desk), [], None
    [person] = desk.http.get("/api/staff/customers/?search=ada@example.com", headers=session).json()["customers"]
    path = f"/api/staff/customers/{person['id']}/"
    while len(seen) < 4:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = desk.http.get(path, params=asked, headers=session).json()
        seen += [one["booking_number"] for one in page["bookings"]]
        if not (cursor := page["next_cursor"]):
            break
    assert seen == made[::-1]
    for wrong in ({"limit": 101}, {"limit": 0}, {"cursor": "x"}, {"cursor": 2**70}):
        assert desk.http.get(path, params=wrong, headers=session).status_code == 422


def test_nobody_is_found_who_never_booked(desk):
    session = by_header(desk)
    for mail in ("nobody@example.com", "no mail"):
        found = desk.http.get("/api/staff/customers/", params={"search": mail}, headers=session).json()
        assert found["customers"] == []
    assert desk.http.get(f"/api/staff/customers/{'0' * 32}/", headers=session).status_code == 404


@pytest.mark.parametrize("position", ["99999", "-1", "soon", "9" * 30])
def test_a_position_that_is_none_of_the_log_is_refused(desk, position):
    headers = {**by_header(desk), "X-Consistency-Position": position}
    answer = desk.http.get("/api/staff/dashboard/", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_value")


def test_the_past_of_a_booking_is_told_with_who_and_can_be_seen_again(desk):
    made = desk.book().json()["booking"]
    session = by_header(desk)
    [event] = desk.http.get(f"/api/staff/bookings/{made['id']}/events/", headers=session).json()["events"]
    assert (event["name"], event["actor"]) == ("BookingPlaced", "guest")
    path = f"/api/staff/bookings/{made['id']}/as-of/"
    then = desk.http.get(path, params={"at": "2999-01-01T00:00:00Z"}, headers=session).json()
    assert then["booking"]["booking_number"] == made["booking_number"]
    assert desk.http.get(path, params={"at": "1999-01-01T00:00:00Z"}, headers=session).status_code == 404
    assert desk.http.get(path, params={"at": "soon"}, headers=session).status_code == 422


def test_parked_keys_can_be_listed_and_asked_for(desk):
    made = desk.book().json()["booking"]
    with psycopg.connect(desk.database) as db:
        db.execute("insert into dashboard.parked_keys (key, partition, error) values (%s, 1, 'broken')", (made["id"],))
        db.execute("insert into dashboard.parked (key, position, name) values (%s, 1, 'BookingPlaced')", (made["id"],))
    session = by_header(desk)
    [parked] = desk.http.get("/api/staff/parked-events/", headers=session).json()["parked_events"]
    assert (parked["id"], parked["error"]) == (f"dashboard:{made['id']}", "broken")
    asked = desk.http.post(f"/api/staff/parked-events/{parked['id']}/retry/", headers=session)
    assert asked.json() == {"id": parked["id"], "wanted": "retry"}
    assert desk.http.post("/api/staff/parked-events/calendar:1/skip/", headers=session).status_code == 404


def test_a_password_that_is_too_short_makes_no_account(house):
    with psycopg.connect(house.database) as db, pytest.raises(Exception, match="10 characters"):
        create_staff(db, MAIL, "short")


def project(database: str) -> None:
    """Every read model brought to the end of the log."""
    vault = Vault({"test": MASTER}, IDENTITY)
    with EventStore(database, vault) as store, psycopg.connect(database, autocommit=True) as db:
        feed = PostgresFeed(open_log(store.recorder))
        batch = feed.read({partition: Progress() for partition in range(8)}, 10_000, 1)
        for model in MODELS.values():
            apply(db, model, batch, vault)
