"""What staff see at a glance and of a booking's past; reads that wait for what was written."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.api.house import booking, in_days
from tests.api.projected import project

THREADS = 60  # more than a process has


@pytest.fixture
def session(house):
    """Headers of an admin."""
    return house.log_in_staff().headers


def test_dashboard_and_history_show_what_was_booked_once_the_position_is_reached(house, session):
    made = house.book(booking("ada@example.com")).json()
    late = {**session, "X-Consistency-Position": str(made["position"])}
    behind = house.http.get("/api/staff/dashboard/", headers=late)
    assert (behind.status_code, behind.json()["code"], behind.headers["retry-after"]) == (503, "read_model_behind", "1")
    project(house)
    dashboard = house.http.get("/api/staff/dashboard/", headers=late).json()
    assert dashboard["bookings"]["by_status"]["pending"] == 1
    [person] = house.http.get("/api/staff/customers/?search=ADA@example.com", headers=late).json()["customers"]
    history = house.http.get(f"/api/staff/customers/{person['id']}/", headers=late).json()
    assert [one["booking_number"] for one in history["bookings"]] == [made["booking"]["booking_number"]]
    assert history["person"]["last_name"] == "Byron"


def test_money_is_for_those_who_may_see_financials(house, session):
    project(house)
    plain = house.log_in_staff("operator", "plain@example.com").headers
    trusted = house.log_in_staff("operator", "trusted@example.com", can_view_financials=True).headers
    shown = [house.http.get("/api/staff/dashboard/", headers=who).json() for who in (session, trusted, plain)]
    assert [one["revenue"] is None for one in shown] == [False, False, True]
    assert shown[2]["customers"] == shown[0]["customers"]


def test_the_dashboard_shows_who_there_is_and_what_staff_did_last(house, session):
    account, other = house.customer(), house.log_in_staff("operator", "other@example.com")
    for who in (session, other.headers):
        house.http.get(f"/api/staff/customers/{account.id}/", headers=who)
    project(house)
    dashboard = house.http.get("/api/staff/dashboard/", headers=session).json()
    assert (dashboard["customers"]["total"], dashboard["customers"]["by_tier"]["bronze"]) == (1, 1)
    assert [act["action_type"] for act in dashboard["recent_actions"]] == ["view_customer"] * 2
    own = house.http.get("/api/staff/dashboard/", headers=other.headers).json()["recent_actions"]
    assert [act["staff_id"] for act in own] == [str(other.id)]


def test_who_waits_for_a_read_model_keeps_nobody_else_waiting(house, session):
    made = house.book().json()
    late = {**session, "X-Consistency-Position": str(made["position"])}
    with ThreadPoolExecutor(THREADS) as many:
        waiting = [many.submit(house.http.get, "/api/staff/dashboard/", headers=late) for _ in range(THREADS)]
        for _ in range(20):
            assert house.http.get("/api/staff/csrf-token/", headers=session, timeout=3).status_code == 200
        assert not any(one.done() for one in waiting)
        project(house)
        assert {one.result().status_code for one in waiting} == {200}


def test_a_long_history_is_told_in_pages(house, session):
    made = [house.book(booking(pickup_date=in_days(day))).json()["booking"]["booking_number"] for day in (10, 11, 12)]
    project(house)
    seen, cursor = [], None
    [person] = house.http.get("/api/staff/customers/?search=ada@example.com", headers=session).json()["customers"]
    path = f"/api/staff/customers/{person['id']}/"
    while len(seen) < 4:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = house.http.get(path, params=asked, headers=session).json()
        seen += [one["booking_number"] for one in page["bookings"]]
        if not (cursor := page["next_cursor"]):
            break
    assert seen == made[::-1]
    for wrong in ({"limit": 101}, {"limit": 0}, {"cursor": "x"}, {"cursor": 2**70}):
        assert house.http.get(path, params=wrong, headers=session).status_code == 422


def test_nobody_is_found_who_never_booked(house, session):
    for mail in ("nobody@example.com", "no mail"):
        found = house.http.get("/api/staff/customers/", params={"search": mail}, headers=session).json()
        assert found["customers"] == []
    assert house.http.get(f"/api/staff/customers/{'0' * 32}/", headers=session).status_code == 404


@pytest.mark.parametrize("position", ["99999", "-1", "soon", "9" * 30])
def test_a_position_that_is_none_of_the_log_is_refused(house, session, position):
    headers = {**session, "X-Consistency-Position": position}
    answer = house.http.get("/api/staff/dashboard/", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_value")


def test_the_past_of_a_booking_is_told_with_who_and_can_be_seen_again(house, session):
    made = house.book().json()["booking"]
    [event] = house.http.get(f"/api/staff/bookings/{made['id']}/events/", headers=session).json()["events"]
    assert (event["name"], event["actor"]) == ("BookingPlaced", "guest")
    path = f"/api/staff/bookings/{made['id']}/as-of/"
    then = house.http.get(path, params={"at": "2999-01-01T00:00:00Z"}, headers=session).json()
    assert then["booking"]["booking_number"] == made["booking_number"]
    assert house.http.get(path, params={"at": "1999-01-01T00:00:00Z"}, headers=session).status_code == 404
    assert house.http.get(path, params={"at": "soon"}, headers=session).status_code == 422


def test_parked_keys_can_be_listed_and_asked_for(house, session):
    made = house.book().json()["booking"]
    with psycopg.connect(house.database) as db:
        db.execute("insert into dashboard.parked_keys (key, partition, error) values (%s, 1, 'broken')", (made["id"],))
        db.execute("insert into dashboard.parked (key, position, name) values (%s, 1, 'BookingPlaced')", (made["id"],))
    [parked] = house.http.get("/api/staff/parked-events/", headers=session).json()["parked_events"]
    assert (parked["id"], parked["error"]) == (f"dashboard:{made['id']}", "broken")
    asked = house.http.post(f"/api/staff/parked-events/{parked['id']}/retry/", headers=session)
    assert (asked.json()["id"], asked.json()["wanted"]) == (parked["id"], "retry")
    assert house.http.post("/api/staff/parked-events/calendar:1/skip/", headers=session).status_code == 404
