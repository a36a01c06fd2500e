"""What staff see of one booking and change of it over HTTP: each what their role lets them, each in the audit log."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from domain.ids import payment_id
from tests.api.booking_desk import acts_on, book, code, of, patch, paths, pay, see, shared_house
from tests.api.house import booking, in_days
from tests.api.own_bookings import book as book_from_account
from tests.api.own_bookings import wish
from tests.api.projected import project

ROLES = ("admin", "manager", "operator", "coordinator", "dispatcher", "support")
NOTE = "Rings before he comes"
DOOR = {"address_line_1": "9 Far Rd", "city": "Montauk", "state": "NY", "zip_code": "11954"}
NEAR = {"address_line_1": "9 Near St", "city": "New York", "state": "NY", "zip_code": "10021"}
FIELDS = {
    "status": "confirmed",
    "notes": "x",
    "estimated_pickup_time": "2027-01-12T14:30:00Z",
    "estimated_delivery_time": None,
    "is_outside_core_area": False,
    "pickup_address": NEAR,
    "delivery_address": DOOR,
    "special_instructions": "x",
    "reason": "A tunnel",
}
WAYS = {"paid": "create-intent/", "refunded": "refunds/", "cancelled": "cancel/"}


@pytest.fixture(scope="module")
def house(server, sandbox):
    with shared_house(server, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        yield house


@pytest.fixture(scope="module")
def staff(house):
    return {role: house.log_in_staff(role, f"{role}@example.com") for role in ROLES}


@pytest.fixture(scope="module")
def admin(staff):
    return staff["admin"]


# Seeing


def test_a_booking_is_shown_with_its_guest_its_money_and_what_happened(house, admin):
    made = pay(house, book(house))
    answer = see(house, admin, made)
    shown = answer.json()
    assert answer.headers["etag"] == f'"{shown["booking"]["version"]}"' == '"2"'
    assert (shown["booking"]["status"], shown["booking"]["staff_notes"]) == ("paid", "")
    guest = shown["customer"]
    assert (guest["first_name"], guest["has_account"], guest["is_vip"], guest["notes"]) == ("Ada", False, False, "")
    assert guest["id"] == str(house.mail_id(guest["email"]))
    [payment] = shown["payments"]
    assert (payment["status"], payment["amount_cents"]) == ("succeeded", made["payment"]["amount_cents"])
    assert payment["stripe_payment_intent_id"] == made["payment"]["stripe_payment_intent_id"]
    assert shown["refunds"] == []
    happened = {one["what"]: one["actor"] for one in shown["timeline"]}
    assert happened["BookingPlaced"] == "guest"
    assert {"PaymentRequested", "PaymentSucceeded", "BookingPaid"} < happened.keys()
    positions = [one["position"] for one in shown["timeline"]]
    assert positions == sorted(positions, reverse=True)


def test_what_lets_the_payer_pay_is_shown_to_nobody_else(house, admin):
    made = book(house)
    shown = see(house, admin, made).text
    assert made["payment"]["client_secret"] not in shown
    assert "client_secret" not in shown


def test_what_stripe_took_is_for_those_who_may_see_financials(house, staff):
    made = pay(house, book(house))
    fees = {role: see(house, staff[role], made).json()["payments"][0]["stripe_fee_cents"] for role in ROLES}
    assert {role for role in ROLES if fees[role] is not None} == {"admin", "manager"}


def test_on_the_road_a_customer_is_a_name_and_a_phone(house, staff):
    account = house.customer("road@example.com")
    made = book_from_account(house, account, wish(pickup_date=in_days(61))).json()
    project(house)
    noted = staff["support"].headers | {"If-Match": '"2"'}
    path = f"/api/staff/customers/{account.id}/notes/"
    assert house.http.patch(path, json={"notes": NOTE, "is_vip": True}, headers=noted).status_code == 200
    desk, road = (see(house, staff[role], made).json()["customer"] for role in ("support", "dispatcher"))
    assert (desk["id"], desk["has_account"], desk["is_vip"], desk["notes"]) == (str(account.id), True, True, NOTE)
    assert (road["last_name"], road["phone"], road["is_vip"], road["notes"]) == ("Byron", "+12125550123", None, None)


def test_a_guest_whose_mail_an_account_has_proven_is_that_customer(house, admin):
    made = house.book(booking("proven@example.com", pickup_date=in_days(62))).json()
    account = house.customer("proven@example.com")
    project(house)
    shown = see(house, admin, made).json()
    assert (shown["customer"]["id"], shown["customer"]["has_account"]) == (str(account.id), True)
    assert shown["booking"]["is_guest"] is True


def test_what_is_no_booking_is_not_found_whatever_is_asked_of_it(house, admin):
    made = book(house)
    payment = str(payment_id(house.store.history(UUID(made["payment"]["id"]))[0].key, 1))
    for id in (str(uuid4()), "me", payment):
        unknown = {"booking": {"id": id}}
        asked = admin.headers | {"If-Match": '"1"'}
        path = of(unknown)
        assert house.http.get(path, headers=asked).status_code == 404
        assert house.http.patch(path, json={"notes": "x"}, headers=asked).status_code == 404
        assert house.http.delete(path, headers=asked).status_code == 404
        moving = {"pickup_date": in_days(20), "reason": "x"}
        assert house.http.post(path + "reschedule/", json=moving, headers=asked).status_code == 404
        assert house.http.post(path + "cancel/", json={"reason": "x"}, headers=asked).status_code == 404


# Changing


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_field_is_changed_by_those_who_may_and_the_others_are_told_before_it_is_read(house, staff, field):
    may = {"status": set(ROLES) - {"support"}, "notes": {"admin", "manager", "operator", "support"}}
    allowed = may.get(field, {"admin", "manager", "operator"})
    made = book(house)
    for role in ROLES:
        wrong = patch(house, staff[role], made, {field: 17}, version=99)
        expected = (422, "invalid_value") if role in allowed else (403, "not_allowed")
        assert (role, *code(wrong), paths(wrong)[0]) == (role, *expected, f"/{field}")
    about = ("is_outside_core_area", "reason")
    told = {name: FIELDS[name] for name in (about if field in about else [field])}
    for role in sorted(allowed):
        assert (role, patch(house, staff[role], made, told).status_code) == (role, 200)
    assert acts_on(house, made)[-1][0].action == "modify_booking"


def test_a_flag_takes_status_and_fields_away_and_leaves_the_notes(house):
    who = house.log_in_staff("operator", "flag@example.com", can_modify_bookings=False)
    made = book(house)
    told = {name: patch(house, who, made, {name: FIELDS[name]}).status_code for name in ("status", "notes", "reason")}
    assert told == {"status": 403, "notes": 200, "reason": 403}


def test_a_body_that_one_parser_takes_and_another_does_not_changes_nothing(house, staff):
    made = book(house)
    headers = staff["coordinator"].headers | {"If-Match": '"1"', "Content-Type": "application/json"}
    for body, expected in ((b'{"notes": NaN}', 403), (b'{"notes":', 400), (b"[" * 60_000, 400), (b'["notes"]', 422)):
        assert house.http.patch(of(made), content=body, headers=headers).status_code == expected
    assert see(house, staff["admin"], made).json()["booking"]["version"] == 1


def test_a_status_is_said_step_by_step_by_those_on_the_road(house, staff):
    made = book(house)
    for status in ("confirmed", "in_progress", "delayed", "in_progress", "completed"):
        answer = patch(house, staff["dispatcher"], made, {"status": status})
        assert (answer.status_code, answer.json()["booking"]["status"]) == (200, status)
    again = patch(house, staff["dispatcher"], made, {"status": "completed"})
    assert (again.status_code, again.headers["etag"]) == (200, answer.headers["etag"])
    assert code(patch(house, staff["dispatcher"], made, {"status": "in_progress"})) == (409, "invalid_transition")
    happened = [acted.after["booking"]["status"] for acted, _ in acts_on(house, made) if acted.after]
    assert happened == ["confirmed", "in_progress", "delayed", "in_progress", "completed"]


@pytest.mark.parametrize(
    ("status", "way"), [("paid", "create-intent/"), ("refunded", "refunds/"), ("cancelled", "cancel/")]
)
def test_what_nobody_can_say_is_refused_with_the_way_that_leads_there(house, admin, status, way):
    refused = patch(house, admin, book(house), {"status": status})
    assert (code(refused), paths(refused)) == ((409, "invalid_transition"), ["/status"])
    assert WAYS[status] in refused.json()["detail"]


def test_nothing_becomes_pending_again(house, admin):
    made = book(house)
    assert patch(house, admin, made, {"status": "confirmed"}).status_code == 200
    assert code(patch(house, admin, made, {"status": "pending"})) == (409, "invalid_transition")


def test_a_change_is_for_the_version_that_was_read(house, admin):
    made = book(house)
    unread = house.http.patch(of(made), json={"notes": "x"}, headers=admin.headers)
    assert code(unread) == (428, "precondition_required")
    assert code(patch(house, admin, made, {"notes": "x"}, version=2)) == (412, "version_conflict")
    assert patch(house, admin, made, {"notes": NOTE}, version=1).headers["etag"] == '"2"'
    assert code(patch(house, admin, made, {"status": "paid"}, version=1)) == (412, "version_conflict")


def test_of_two_who_change_it_at_once_one_is_refused(house, staff):
    made = book(house)
    for version in range(1, 5):
        with ThreadPoolExecutor(2) as both:
            tries = [both.submit(patch, house, staff[role], made, {"notes": f"{version} by {role}"}, version)
                     for role in ("admin", "operator")]  # fmt: skip
        assert sorted(code(one.result()) for one in tries) == [(200, ""), (412, "version_conflict")]


def test_a_key_changes_once_and_gets_the_same_answer(house, admin):
    made = book(house)
    first, second = (patch(house, admin, made, {"notes": NOTE}, 1, **{"Idempotency-Key": f"n{made['booking']['id']}"})
                     for _ in range(2))  # fmt: skip
    assert first.status_code == 200
    assert (first.json(), first.headers["etag"]) == (second.json(), second.headers["etag"])
    assert len(acts_on(house, made)) == 1


def test_notes_are_in_the_audit_log_before_and_after_sealed_for_whom_they_are_about(house, admin):
    made = book(house)
    for text in (NOTE, "Has moved"):
        assert patch(house, admin, made, {"notes": text}).json()["booking"]["staff_notes"] == text
    writes = [(acted, personal) for acted, personal in acts_on(house, made) if acted.action == "modify_booking"]
    assert [(personal.before, personal.after) for _, personal in writes] == [
        ({"notes": ""}, {"notes": NOTE}),
        ({"notes": NOTE}, {"notes": "Has moved"}),
    ]
    assert NOTE not in str([(acted.before, acted.after) for acted, _ in writes])
    assert house.count(f"eventlog.stored_events where position('{NOTE}' in convert_from(state, 'UTF8')) > 0") == 0


def test_times_are_planned_as_instants_and_taken_back(house, admin):
    made = book(house)
    plan = {"estimated_pickup_time": "2027-11-07T01:30:59-05:00", "estimated_delivery_time": "2027-11-07T18:00:00.5z"}
    shown = patch(house, admin, made, plan).json()["booking"]
    assert shown["estimated_pickup_time"] == "2027-11-07T06:30:00.000Z", "the second half past one of that night"
    assert shown["estimated_delivery_time"] == "2027-11-07T18:00:00.000Z"
    assert shown["promised_pickup"] == made["booking"]["promised_pickup"]
    shown = patch(house, admin, made, {"estimated_pickup_time": None}).json()["booking"]
    assert (shown["estimated_pickup_time"], shown["estimated_delivery_time"][:10]) == (None, "2027-11-07")
    for odd in ("tomorrow", "1700000000", "0001-01-01T00:00:00Z", "2027-01-12T14:30:00", "2027-02-30T14:30:00Z", 5):
        assert code(patch(house, admin, made, {"estimated_pickup_time": odd})) == (422, "invalid_value")
