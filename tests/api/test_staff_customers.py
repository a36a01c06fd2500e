"""What staff see of people, what they note, and how somebody is forgotten: over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from projections.erasing import erase_person
from tests.api.house import booking, in_days
from tests.api.projected import project

PATH = "/api/staff/customers/"
SECRET = "a canary that staff noted"
TYPED = ("ada", "BYR", "ada by", "ada@example.com", "example.com ada", "(212) 555-0123", "212-555", "0123",
         "+1 212 5550123")  # fmt: skip
WRONG = ({"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"cursor": "e30="}, {"sort": "password"}, {"tier": "tin"},
         {"vip": "maybe"}, {"registered_from": "1"}, {"first_name": "Ada"})  # fmt: skip
ENTRIES = "select originator_id from eventlog.stored_events where topic = 'StaffActed' order by notification_id"


@pytest.fixture
def staff(house):
    """Headers of an admin."""
    return house.log_in_staff().headers


def see(house, headers, path=PATH, **asked):
    project(house)
    return house.http.get(path, params=asked, headers=headers)


def people(house, headers, **asked):
    return see(house, headers, **asked).json()["customers"]


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


def test_somebody_is_found_by_name_mail_and_phone_in_any_writing(house, staff):
    house.book()
    other = {"first_name": "Eve", "last_name": "King", "email": "eve@elsewhere.org", "phone": "+12035550199"}
    house.book(booking(customer_info=other))
    for typed in TYPED:
        [found] = people(house, staff, search=typed)
        assert (found["first_name"], found["email"], found["has_account"]) == ("Ada", "ada@example.com", False), typed


def test_who_is_searched_for_without_letters_and_digits_is_nobody(house, staff):
    house.book()
    assert people(house, staff, search="?!' & |") == people(house, staff, search="nobody") == []


def test_the_list_is_narrowed_by_vip_tier_and_day(house, staff):
    guest, account = house.book().json()["booking"], house.customer("eve@example.com")
    note(house, staff, account.id, 2, is_vip=True)
    assert [one["email"] for one in people(house, staff, vip=True)] == ["eve@example.com"]
    assert [one["email"] for one in people(house, staff, vip=False)] == ["ada@example.com"]
    assert len(people(house, staff, tier="bronze")) == 2
    assert people(house, staff, tier="gold") == []
    assert len(people(house, staff, registered_from=in_days(0), registered_to=in_days(0))) == 2
    assert people(house, staff, registered_from=in_days(1)) == people(house, staff, registered_to=in_days(-1)) == []
    assert guest["status"] == "pending"


@pytest.mark.parametrize("sort", ["registered_at", "name", "total_spent_cents", "last_booking_at"])
def test_a_sorted_list_comes_page_by_page_with_everybody_once(house, staff, sort):
    for n in range(5):  # equal in all they are sorted by, but for when they came
        house.customer(f"guest{n}@example.com")
    there, back = (whole_list(house, staff, way + sort) for way in ("", "-"))
    assert len(there) == len(set(there)) == 5
    assert there == [one["id"] for one in people(house, staff, sort=sort)]
    assert there == back[::-1]


def whole_list(house, staff, sort):
    seen, cursor = [], None
    while not seen or cursor:
        page = see(house, staff, sort=sort, limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["customers"]]
        cursor = page["next_cursor"]
    return seen


def test_a_query_that_makes_no_sense_is_refused(house, staff):
    for wrong in WRONG:
        assert see(house, staff, **wrong).status_code == 422, wrong


def test_a_cursor_of_another_order_leads_nowhere(house, staff):
    for n in range(2):
        house.customer(f"guest{n}@example.com")
    cursor = see(house, staff, sort="name", limit=1).json()["next_cursor"]
    assert see(house, staff, sort="name", limit=1, cursor=cursor).status_code == 200
    assert see(house, staff, sort="registered_at", limit=1, cursor=cursor).json()["code"] == "invalid_value"


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
    note(house, staff, account.id, 4, notes=SECRET, is_vip=True)  # changes nothing
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
    assert people(house, staff) == []
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
