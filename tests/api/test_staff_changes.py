"""What admins change of an account counts at once, everywhere, and is told; one active admin always remains."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from settings import Settings
from tests.api.house import ENV, House, serving
from tests.api.staff_desk import ACCOUNTS, acts_of, add, change, is_let_in, log_in, see
from tests.waiting import until

ROUNDS = 8


@pytest.fixture
def admin(house):
    return house.log_in_staff()


def test_a_changed_role_and_flag_count_from_the_next_request_on(house, admin):
    member = house.log_in_staff("operator", "op@example.com")
    assert see(house, member, admin.id).status_code == 403
    changed = change(house, admin, member.id, {"role": "admin", "can_modify_bookings": False})
    assert changed.status_code == 200
    assert (changed.json()["account"]["role"], changed.json()["account"]["can_modify_bookings"]) == ("admin", False)
    assert "modify_bookings" not in changed.json()["account"]["permissions"]
    assert see(house, member, admin.id).status_code == 200
    change(house, admin, member.id, {"role": "support"})
    assert see(house, member, admin.id).status_code == 403
    shown = see(house, admin, member.id).json()["account"]
    assert (shown["role"], shown["can_modify_bookings"]) == ("support", False)


def test_who_is_disabled_has_no_access_with_the_very_next_request_on_any_process(house, admin):
    settings = Settings.from_env(ENV | {"DATABASE_URL": house.database})
    with serving(settings) as url:
        elsewhere = House(url, house.database)
        member = house.log_in_staff("operator", "op@example.com")
        assert is_let_in(elsewhere, member)
        assert change(house, admin, member.id, {"is_active": False}).status_code == 200
        assert not is_let_in(elsewhere, member)
        assert not is_let_in(house, member)
        assert log_in(elsewhere, mail="op@example.com").json()["code"] == "unauthenticated"
        assert change(house, admin, member.id, {"is_active": True}).status_code == 200
        assert not is_let_in(elsewhere, member)
        assert log_in(elsewhere, mail="op@example.com").status_code == 200
        elsewhere.close()


def test_a_new_password_ends_every_session_and_the_lock(house, admin):
    member = house.log_in_staff("operator", "op@example.com")
    for _ in range(5):
        log_in(house, "wrong password", "op@example.com")
    assert log_in(house, mail="op@example.com").status_code == 401
    before = see(house, admin, member.id).json()["account"]["password_changed_at"]
    assert change(house, admin, member.id, {"password": "short"}).json()["code"] == "weak_password"
    changed = change(house, admin, member.id, {"password": "orbital mechanics"})
    assert changed.json()["account"]["password_changed_at"] > before
    assert not is_let_in(house, member)
    assert log_in(house, mail="op@example.com").status_code == 401
    assert log_in(house, "orbital mechanics", "op@example.com").status_code == 200


@pytest.mark.parametrize("change", ["is_active = false", "password_hash = 'another'"], ids=["disabled", "password"])
def test_who_logs_in_while_the_account_changes_does_not_slip_in_behind_it(house, change):
    house.log_in_staff("operator", "op@example.com")
    with psycopg.connect(house.database) as db, ThreadPoolExecutor(1) as other:
        db.execute(f"update api.accounts set {change}")
        db.execute("delete from api.sessions")
        late = other.submit(log_in, house, mail="op@example.com")
        with psycopg.connect(house.database, autocommit=True) as watch:
            waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            until(lambda: watch.execute(waiting).fetchone() is not None)
        db.commit()
        assert late.result().status_code == 401
    assert house.count("api.sessions") == 0


def test_a_change_needs_the_version_that_was_read(house, admin):
    member = house.log_in_staff("operator", "op@example.com")
    path = f"{ACCOUNTS}{member.id}/"
    missing = house.http.patch(path, json={"notes": "a"}, headers=admin.headers)
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    assert change(house, admin, member.id, {"notes": "a"}).status_code == 200
    stale = change(house, admin, member.id, {"notes": "b"}, **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    assert see(house, admin, member.id).json()["account"]["notes"] == "a"


def test_a_change_repeated_under_its_key_gets_the_same_answer(house, admin):
    member = house.log_in_staff("operator", "op@example.com")
    asked = {"If-Match": '"1"', "Idempotency-Key": "k1"}
    first = change(house, admin, member.id, {"notes": "a"}, **asked)
    change(house, admin, member.id, {"notes": "b"})
    again = change(house, admin, member.id, {"notes": "a"}, **asked)
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), first.headers["etag"])
    assert see(house, admin, member.id).json()["account"]["notes"] == "b"


def test_a_change_that_changes_nothing_writes_nothing(house, admin):
    member = house.log_in_staff("operator", "op@example.com")
    assert (
        change(house, admin, member.id, {"role": "operator", "name": "Grace Hopper", "is_active": True}).json()[
            "account"
        ]["version"]
        == 1
    )


def test_nobody_disables_themselves_and_the_last_admin_keeps_the_role(house, admin):
    themselves = change(house, admin, admin.id, {"is_active": False})
    assert (themselves.status_code, themselves.json()["code"]) == (403, "not_allowed")
    last = change(house, admin, admin.id, {"role": "manager"})
    assert (last.status_code, last.json()["code"]) == (409, "last_admin")
    disabled = house.log_in_staff("admin", "second@example.com")
    change(house, admin, disabled.id, {"is_active": False})
    assert change(house, admin, admin.id, {"role": "manager"}).json()["code"] == "last_admin"
    change(house, admin, disabled.id, {"is_active": True})
    assert change(house, admin, admin.id, {"role": "manager"}).status_code == 200


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": "support"}], ids=["disabled", "demoted"])
def test_of_two_admins_who_send_each_other_away_at_once_one_stays(house, changes):
    for n in range(ROUNDS):
        pair = [house.log_in_staff("admin", f"admin{n}{which}@example.com") for which in "ab"]
        with psycopg.connect(house.database) as db:
            db.execute("update api.accounts set is_active = false where not id = any(%s)", ([one.id for one in pair],))
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda one: change(house, one[0], one[1].id, changes), (pair, pair[::-1])))
        assert sorted(one.status_code for one in answers)[0] == 200
        assert house.count("api.accounts where role = 'admin' and is_active") == 1


def test_the_audit_log_tells_what_was_changed_from_what_to_what(house, admin):
    made = add(house, admin).json()["account"]
    change(house, admin, made["id"], {"role": "admin", "department": "Yard", "can_approve_refunds": False})
    entries = acts_of(house, admin)
    [added, changed] = [one for one in entries if one["after"]]
    assert {one["subject"] for one in (added, changed)} == {f"accounts/{made['id']}"}
    assert {one["action"] for one in entries} == {"manage_staff"}
    assert changed["before"]["staff_member"] == {"role": "manager", "flags": {"can_approve_refunds": True}}
    assert changed["after"]["staff_member"] == {"role": "admin", "flags": {"can_approve_refunds": False}}
    assert changed["personal"] == ({"department": "Desk"}, {"department": "Yard"})
    assert added["personal"][1]["email"] == "mary@example.com"


def test_the_audit_log_tells_of_a_new_password_and_not_which(house, admin):
    member = house.log_in_staff("operator", "op@example.com")
    change(house, admin, member.id, {"password": "orbital mechanics"})
    assert acts_of(house, admin)[-1]["personal"] == ({}, {"password": "another one"})
