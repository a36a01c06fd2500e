"""What staff see of people, what they note, and how somebody is forgotten: over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from projections.erasing import erase_person
from tests.api.projected import project

PATH = "/api/staff/customers/"
SECRET = "a canary that staff noted"
ENTRIES = "select originator_id from eventlog.stored_events where topic = 'StaffActed' order by notification_id"


@pytest.fixture
def staff(house):
    """Headers of an admin."""
    return house.log_in_staff().headers


def see(house, headers, path=PATH, **asked):
    project(house)
    return house.http.get(path, params=asked, headers=headers)


def of(id):
    return f"{PATH}{id}/"


def note(house, headers, id, version, **body):
    return house.http.patch(f"{of(id)}notes/", json=body, headers=headers | {"If-Match": f'"{version}"'})


def forget(house, headers, id, **more):
    return house.http.post(f"{of(id)}forget/", headers=headers | more)


def erase(house, *person_ids):
    """As the job does it, once the read models have passed the position."""
    project(house)
    with psycopg.connect(house.database, autocommit=True) as db:
        assert [erase_person(db, id) for id in person_ids] == [0] * len(person_ids)


def acts(house):
    """Of the audit log: action, customer, what changed of personal data."""
    with psycopg.connect(house.database) as db:
        streams = [id for (id,) in db.execute(ENTRIES)]
    told = [[one.event for one in house.store.history(stream)] for stream in streams]
    return [(acted.action, acted.customer_id, *(change.personal for change in changes)) for acted, *changes in told]


def test_a_customer_is_shown_with_what_they_booked_under_every_mail_they_have_proven(house, staff):
    guest = house.book().json()["booking"]
    account = house.customer()
    for id in (account.id, house.mail_id(account.mail)):
        shown = see(house, staff, of(id)).json()
        assert (shown["id"], shown["has_account"], shown["is_verified"]) == (str(account.id), True, True)
        assert shown["person"] == {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com",
                                   "phone": "+12125550123"}  # fmt: skip
        assert [one["booking_number"] for one in shown["bookings"]] == [guest["booking_number"]]
        assert shown["statistics"]["total_bookings"] == 0
        assert shown["addresses"] == []


def test_an_unverified_account_shows_nothing_of_the_guest_with_its_mail(house, staff):
    house.book()
    account = house.customer(is_verified=False)
    assert see(house, staff, of(account.id)).json()["bookings"] == []
    guest = see(house, staff, of(house.mail_id(account.mail))).json()
    assert (guest["has_account"], len(guest["bookings"])) == (False, 1)


def test_nobody_is_shown_who_never_came(house, staff):
    made = house.book().json()["booking"]
    for id in (uuid4(), "me", made["id"]):
        assert see(house, staff, of(id)).status_code == 404
        assert note(house, staff, id, 0, notes="x").status_code == 404
        assert forget(house, staff, id).status_code == 404


def test_notes_and_vip_are_written_for_the_version_that_was_read(house, staff):
    account = house.customer()
    etag = see(house, staff, of(account.id)).headers["etag"]
    assert etag == '"2"'
    written = note(house, staff, account.id, 2, notes=SECRET, is_vip=True)
    assert (written.status_code, written.headers["etag"]) == (200, '"4"')
    assert (written.json()["notes"], written.json()["is_vip"]) == (SECRET, True)
    shown = see(house, staff, of(account.id))
    assert (shown.json()["notes"], shown.json()["is_vip"], shown.headers["etag"]) == (SECRET, True, '"4"')
    stale = note(house, staff, account.id, 2, notes="later")
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    unread = house.http.patch(f"{of(account.id)}notes/", json={"notes": "x"}, headers=staff)
    assert (unread.status_code, unread.json()["code"]) == (428, "precondition_required")
    assert SECRET not in house.http.get("/api/customer/auth/user/", headers=account.headers).text


def test_a_guest_is_noted_about_from_version_zero_on_and_the_notes_come_along_to_the_account(house, staff):
    house.book()
    guest = house.mail_id("ada@example.com")
    project(house)
    assert see(house, staff, of(guest)).headers["etag"] == '"0"'
    assert note(house, staff, guest, 0, notes=SECRET).headers["etag"] == '"1"'
    account = house.customer()
    shown = see(house, staff, of(guest)).json()
    assert (shown["id"], shown["notes"], shown["guest_notes"]) == (str(account.id), "", [SECRET])


def test_of_two_who_note_at_once_one_is_refused(house, staff):
    account, other = house.customer(), house.log_in_staff("operator", "other@example.com").headers
    for version in range(2, 7):
        project(house)
        with ThreadPoolExecutor(2) as both:
            tries = [both.submit(note, house, who, account.id, version, notes=f"{version} by {n}")
                     for n, who in enumerate((staff, other))]  # fmt: skip
        answers = [one.result() for one in tries]
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert {answer.json().get("code") for answer in answers} == {None, "version_conflict"}


def test_the_audit_log_says_what_was_noted_before_and_after_sealed_for_whom_it_is_about(house, staff):
    account = house.customer()
    project(house)
    note(house, staff, account.id, 2, notes=SECRET)
    note(house, staff, account.id, 3, is_vip=True)
    first, second = acts(house)
    assert first[:2] == ("modify_customer", account.id)
    assert (first[2].before, first[2].after) == ({"notes": ""}, {"notes": SECRET})
    assert second == ("modify_customer", account.id)
    with psycopg.connect(house.database) as db:
        stored = db.execute("select string_agg(convert_from(state, 'UTF8'), '') from eventlog.stored_events").fetchone()
    assert SECRET not in str(stored)


def test_a_key_writes_once_and_gets_the_same_answer(house, staff):
    account = house.customer()
    project(house)
    keyed = staff | {"Idempotency-Key": "once"}
    first, second = (note(house, keyed, account.id, 2, notes=SECRET) for _ in range(2))
    assert (first.json(), first.headers["etag"]) == (second.json(), second.headers["etag"])
    assert note(house, keyed, account.id, 2, notes="other").json()["code"] == "idempotency_mismatch"
    one, two = (forget(house, staff, account.id, **{"Idempotency-Key": "gone"}) for _ in range(2))
    assert (one.status_code, one.json()) == (200, two.json())


def test_who_is_forgotten_is_found_no_more_and_their_bookings_stay(house, staff):
    number = house.book().json()["booking"]["booking_number"]
    account = house.customer()
    project(house)
    gone = forget(house, staff, house.mail_id(account.mail))
    assert (gone.status_code, gone.json()["id"]) == (200, str(account.id))
    assert house.http.get("/api/customer/auth/user/", headers=account.headers).status_code == 401
    erase(house, account.id, house.mail_id(account.mail))
    assert see(house, staff).json()["customers"] == []
    shown = see(house, staff, of(account.id)).json()
    assert (shown["person"], shown["is_closed"]) == (None, True)
    assert [one["booking_number"] for one in shown["bookings"]] == [number]
    assert note(house, staff, account.id, 4, notes="x").status_code == 404
    assert forget(house, staff, account.id).status_code == 200


def test_a_guest_is_forgotten_with_what_was_noted(house, staff):
    house.book()
    guest = house.mail_id("ada@example.com")
    project(house)
    note(house, staff, guest, 0, notes=SECRET, is_vip=True)
    assert forget(house, staff, guest).status_code == 200
    erase(house, guest)
    shown = see(house, staff, of(guest)).json()
    assert (shown["person"], shown["notes"]) == (None, "")
    assert note(house, staff, guest, 3, notes="x").status_code == 404
    assert [act[:2] for act in acts(house) if act[0] == "modify_customer"] == [("modify_customer", guest)] * 2


def test_of_many_who_forget_a_guest_at_once_all_are_told_that_it_is_done(house, staff):
    house.book()
    guest = house.mail_id("ada@example.com")
    project(house)
    with ThreadPoolExecutor(4) as many:
        answers = list(many.map(lambda _: forget(house, staff, guest), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [one.name for one in house.store.history(guest)] == ["PersonForgotten"]


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("manager", 403), ("operator", 403), ("support", 403)])
def test_only_admins_forget(house, role, status):
    account = house.customer()
    assert forget(house, house.log_in_staff(role).headers, account.id).status_code == status


@pytest.mark.parametrize(("role", "status"), [("support", 200), ("dispatcher", 403), ("coordinator", 403)])
def test_on_the_road_nobody_sees_customers_or_notes_anything(house, role, status):
    account, me = house.customer(), house.log_in_staff(role).headers
    assert see(house, me).status_code == see(house, me, of(account.id)).status_code == status
    assert note(house, me, account.id, 2, notes="x").status_code == status


def test_reading_about_a_customer_is_noted_in_the_audit_log(house, staff):
    account = house.customer()
    see(house, staff, of(account.id))
    assert acts(house) == [("view_customer", account.id)]
