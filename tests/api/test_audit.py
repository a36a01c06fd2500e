"""What staff do over HTTP is in the audit log, who may read it there, and whether it is whole."""

import psycopg
import pytest

from tests.api.house import open_house
from tests.api.projected import project
from tests.eventlog.audit_entries import change, seal_all


@pytest.fixture
def house(database, tmp_path):
    with open_house(database, TOTETAXI_AUDIT_HEADS=str(tmp_path / "heads.jsonl")) as house:
        house.heads = tmp_path / "heads.jsonl"
        yield house


@pytest.fixture
def admin(house):
    return house.log_in_staff()


def read(house, person, **asked):
    project(house)
    answer = house.http.get("/api/staff/audit/", params=asked, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"]


def note(house, person, customer, **body):
    path = f"/api/staff/customers/{customer.id}/"
    etag = house.http.get(path, headers=person.headers).headers["etag"]
    return house.http.patch(path + "notes/", json=body, headers=person.headers | {"If-Match": etag})


def entries(house):
    return house.count("eventlog.stored_events where topic = 'StaffActed'")


def test_a_read_is_written_down_with_from_where_and_what_was_asked(house, admin):
    headers = admin.headers | {"User-Agent": "A browser", "X-Forwarded-For": "192.0.2.7"}
    answer = house.http.get("/api/staff/customers/?search=ada@example.com&vip=false", headers=headers)
    [shown] = read(house, admin)
    assert (shown["action_type"], shown["subject"], shown["staff_email"]) == ("view_customer", "customers", admin.mail)
    assert (shown["ip"], shown["user_agent"], shown["query"]) == ("192.0.2.7", "A browser", "search=*&vip=false")
    assert shown["request_id"] == answer.headers["x-request-id"]
    with psycopg.connect(house.database) as db:
        assert db.execute("select 1 from eventlog.stored_events where position('ada@' in state) > 0").rowcount == 0


def test_a_query_that_the_route_does_not_ask_for_is_not_kept(house, admin):
    assert house.http.get(f"/api/staff/accounts/{admin.id}/?who=Byron", headers=admin.headers).status_code == 200
    [shown] = read(house, admin, action_type="manage_staff")
    assert shown["query"] == ""


def test_a_read_of_a_booking_names_it(house, admin):
    made = house.book().json()["booking"]
    house.http.get(f"/api/staff/bookings/{made['id']}/events/", headers=admin.headers)
    [shown] = read(house, admin, booking_id=made["id"])
    assert (shown["action_type"], shown["subject"]) == ("view_booking", "bookings/events")


def test_what_was_not_found_or_not_allowed_is_no_act(house, admin):
    support = house.log_in_staff("coordinator", "support@example.com")
    assert house.http.get(f"/api/staff/customers/{'0' * 32}/", headers=admin.headers).status_code == 404
    assert house.http.get("/api/staff/customers/", headers=support.headers).status_code == 403
    assert house.http.get("/api/staff/customers/?limit=x", headers=admin.headers).status_code == 422
    assert entries(house) == 0


def test_a_change_is_told_from_what_to_what_and_the_personal_part_apart(house, admin):
    ada = house.customer()
    project(house)
    assert note(house, admin, ada, notes="likes tea", is_vip=True).status_code == 200
    project(house)
    assert note(house, admin, ada, notes="likes coffee").status_code == 200
    second, first = read(house, admin, action_type="modify_customer", customer_id=str(ada.id))
    assert (first["before"]["customer"], first["after"]["customer"]) == ({"is_vip": False}, {"is_vip": True})
    assert second["before"]["personal"]["notes"] == "likes tea"
    assert second["after"]["personal"]["notes"] == "likes coffee"
    assert "customer" not in second["before"]


def test_what_changes_nothing_shows_what_there_is_and_is_told_as_any_read(house, admin):
    """Else whoever may note could read all that others have noted, by changing nothing."""
    ada, support = house.customer(), house.log_in_staff("support", "support@example.com")
    project(house)
    note(house, admin, ada, notes="likes tea")
    path = f"/api/staff/customers/{ada.id}/notes/"
    headers = support.headers | {"If-Match": '"3"', "Idempotency-Key": "nothing"}
    for changes in ({}, {"notes": "likes tea"}):
        shown = house.http.patch(path, json=changes, headers=support.headers | {"If-Match": '"3"'})
        assert (shown.status_code, shown.json()["notes"]) == (200, "likes tea")
    assert house.http.patch(path, json={}, headers=headers).status_code == 200
    told = read(house, admin, staff_id=str(support.id), action_type="modify_customer")
    assert [(one["customer_id"], one["before"], one["after"]) for one in told] == [(str(ada.id), {}, {})] * 3
    assert house.store.history(ada.id)[-1].originator_version == 3


def test_what_is_refused_is_no_act(house, admin):
    ada = house.customer()
    project(house)
    path = f"/api/staff/customers/{ada.id}/notes/"
    stale = house.http.patch(path, json={"notes": "x"}, headers=admin.headers | {"If-Match": '"0"'})
    assert (stale.status_code, modified(house)) == (412, 0)


def modified(house):
    like = """'%"modify_customer"%'"""
    return house.count(f"eventlog.stored_events where topic = 'StaffActed' and convert_from(state, 'utf8') like {like}")


def test_a_write_repeated_with_its_key_is_one_act(house, admin):
    ada = house.customer()
    project(house)
    headers = admin.headers | {"If-Match": '"2"', "Idempotency-Key": "once"}
    path = f"/api/staff/customers/{ada.id}/notes/"
    answers = [house.http.patch(path, json={"is_vip": True}, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert modified(house) == 1


@pytest.mark.parametrize("role", ["admin", "coordinator", "dispatcher", "manager", "operator", "support"])
def test_everybody_sees_their_own_acts_and_admins_and_managers_all(role, house):
    other, me = house.log_in_staff("admin", "other@example.com"), house.log_in_staff(role, "me@example.com")
    for one in (other, me):
        assert house.http.get("/api/staff/dashboard/", headers=one.headers).status_code == 200
    seen = {entry["staff_id"] for entry in read(house, me)}
    everybody = {str(other.id), str(me.id)}
    assert seen == (everybody if role in ("admin", "manager") else {str(me.id)})
    theirs = read(house, me, staff_id=str(other.id))
    assert len(theirs) == (role in ("admin", "manager"))


def test_pages_follow_each_other(house, admin):
    for _ in range(5):
        house.http.get("/api/staff/dashboard/", headers=admin.headers)
    project(house)
    seen, cursor = [], None
    while len(seen) < 9:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = house.http.get("/api/staff/audit/", params=asked, headers=admin.headers)
        seen += [entry["position"] for entry in page.json()["entries"]]
        if not (cursor := page.json()["next_cursor"]):
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_a_stretch_of_time_is_asked_for_with_from_and_to(house, admin):
    house.http.get("/api/staff/dashboard/", headers=admin.headers)
    [shown] = read(house, admin)
    assert shown["position"] in [entry["position"] for entry in read(house, admin, **{"from": shown["at"]})]
    assert read(house, admin, to=shown["at"]) == []


@pytest.mark.parametrize(
    "wrong", ["action_type=watch", "cursor=x", "from=yesterday", "from_=1", "limit=0", "staff_id=1"]
)
def test_a_wrong_question_is_refused(wrong, house, admin):
    assert house.http.get(f"/api/staff/audit/?{wrong}", headers=admin.headers).status_code == 422


def test_verify_says_whether_the_log_is_whole_and_what_was_changed(house, admin):
    for _ in range(3):
        house.http.get("/api/staff/dashboard/", headers=admin.headers)
    with psycopg.connect(house.database, autocommit=True) as db:
        seal_all(db, house.heads)
        house.http.get("/api/staff/dashboard/", headers=admin.headers)
        told = house.http.get("/api/staff/audit/verify/", headers=admin.headers).json()
        assert (told["is_whole"], told["sealed"], told["not_sealed"], told["heads"]) == (True, 3, 1, 1)
        position = db.execute("select position from eventlog.audit_chain where n = 2").fetchone()[0]
        change(db, position, "view_dashboard", "view_booking")
    told = house.http.get("/api/staff/audit/verify/", headers=admin.headers).json()
    [found] = told["findings"]
    assert (told["is_whole"], found["what"], found["n"], found["position"]) == (False, "changed", 2, position)


def test_verify_is_for_those_who_see_all(house):
    operator = house.log_in_staff("operator")
    assert house.http.get("/api/staff/audit/verify/", headers=operator.headers).status_code == 403


def test_an_act_that_cannot_be_written_down_is_not_answered(house, admin):
    with psycopg.connect(house.database, autocommit=True) as db:
        db.execute("alter table eventlog.stored_events add constraint broken check (topic <> 'StaffActed') not valid")
    answer = house.http.get("/api/staff/dashboard/", headers=admin.headers)
    assert (answer.status_code, "bookings" in answer.json()) == (500, False)


def test_hostile_paths_headers_and_queries_are_kept_without_harm(house, admin):
    query = "search=%00%22%27%5C&" + "x" * 3000
    for word in ("search=%00%27%5C", "search=" + "ä" * 200):
        house.http.get(f"/api/staff/customers/?{word}", headers=admin.headers | {"User-Agent": "\\u0000" + "x" * 500})
    assert house.http.get(f"/api/staff/customers/?{query}", headers=admin.headers).status_code == 422
    assert len(read(house, admin)) == entries(house) - 1
    assert all(len(entry["user_agent"]) <= 200 for entry in read(house, admin))
