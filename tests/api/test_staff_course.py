"""What staff change of a booking and of its day, with its price; its past is told; what they note stays theirs."""

import pytest

from api.app import create, policies
from settings import Settings
from tests.api.booking_desk import (
    acts_on,
    book,
    cancel,
    code,
    of,
    patch,
    paths,
    pay,
    reschedule,
    see,
    shared_house,
    weekday,
)
from tests.api.house import ENV, delivery, in_days, transfer
from tests.api.own_bookings import book as book_from_account
from tests.api.own_bookings import wish
from tests.api.projected import project

CANARY = "canary of the staff"
DOOR = {"address_line_1": "9 Far Rd", "city": "Montauk", "state": "NY", "zip_code": "11954"}
NEAR = {"address_line_1": "9 Near St", "city": "New York", "state": "NY", "zip_code": "10021"}


@pytest.fixture(scope="module")
def house(server, sandbox):
    with shared_house(server, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        yield house


@pytest.fixture(scope="module")
def admin(house):
    return house.log_in_staff()


@pytest.fixture(scope="module")
def operator(house):
    return house.log_in_staff("operator", "operator@example.com")


def total(answer):
    return answer.json()["booking"]["pricing"]["total_price_cents"]


# Changed


def test_an_address_is_changed_with_its_price_and_the_open_payment_goes(house, operator):
    made = book(house, pickup_date=weekday())
    answer = patch(house, operator, made, {"delivery_address": NEAR, "special_instructions": "Ring twice"})
    shown = answer.json()["booking"]
    assert (shown["delivery_address"]["zip_code"], shown["special_instructions"]) == ("10021", "Ring twice")
    assert total(answer) == made["booking"]["pricing"]["total_price_cents"] - 17500
    assert shown["balance_due_cents"] == total(answer)
    assert [one["what"] for one in see(house, operator, made).json()["timeline"]][:3].count("PaymentWithdrawn") == 1
    acted, personal = acts_on(house, made)[1]
    assert acted.before["booking"]["placed"]["delivery_area"]["city"] == "Southampton"
    assert acted.after["booking"]["placed"]["delivery_area"]["city"] == "New York"
    assert personal.before["delivery"]["address_line_1"] == "2 Dune Rd"
    assert personal.after["delivery"]["address_line_1"] == "9 Near St"


def test_staff_know_better_than_the_distance_and_say_why(house, operator):
    made = book(house, pickup_date=weekday())
    for told, path in (({"is_outside_core_area": False}, ["/reason"]), ({"reason": "x"}, ["/reason"]), ({}, [])):
        wrong = patch(house, operator, made, told)
        assert (wrong.status_code, paths(wrong)) == (422, path)
    answer = patch(house, operator, made, {"is_outside_core_area": False, "reason": CANARY})
    shown = answer.json()["booking"]
    assert (shown["is_outside_core_area"], shown["is_area_overridden"]) == (False, True)
    assert total(answer) == made["booking"]["pricing"]["total_price_cents"] - 17500
    [line] = [one for one in see(house, operator, made).json()["timeline"] if one["what"] == "CoreAreaOverridden"]
    assert (line["reason"], line["actor"]) == (CANARY, f"staff:{operator.id}")


def test_a_transfer_goes_to_its_airport_whatever_staff_say(house, admin):
    made = book(house, transfer, pickup_date=in_days(10))
    wrong = patch(house, admin, made, {"delivery_address": DOOR})
    assert (code(wrong), paths(wrong)) == ((422, "unexpected_field"), ["/delivery_address"])


# Rescheduled


def test_a_paid_booking_moves_to_another_day_and_what_that_changes_is_left_to_pay(house, operator):
    made = pay(house, book(house, pickup_date=weekday()))
    to = {"pickup_date": weekday(1), "pickup_time": "morning_specific", "specific_pickup_hour": 9}
    answer = reschedule(house, operator, made, **to)
    shown = answer.json()["booking"]
    assert (shown["status"], shown["pickup_date"], shown["specific_pickup_hour"]) == ("paid", weekday(1), 9)
    assert shown["balance_due_cents"] == 5000
    line = see(house, operator, made).json()["timeline"][0]
    assert (line["what"], line["reason"]) == ("BookingRescheduled", "The van is in repair")
    assert (line["from_date"], line["to_date"]) == (weekday(), weekday(1))
    acted, _ = acts_on(house, made)[0]
    assert acted.action == "modify_booking"
    assert acted.before["booking"]["placed"]["pickup_date"] == weekday()
    assert acted.after["booking"]["placed"]["pickup_date"] == weekday(1)
    assert sum(name.startswith("pickup_day") for name in acted.before) == 2


def test_what_a_move_needs_is_told(house, operator):
    made = book(house)
    path = of(made, "reschedule/")
    for body, expected, where in (
        ({"pickup_date": in_days(20)}, "missing_field", "/reason"),
        ({"reason": "x"}, "missing_field", "/pickup_date"),
        ({"pickup_date": in_days(-1), "reason": "x"}, "pickup_in_past", "/pickup_date"),
        ({"pickup_date": in_days(20), "reason": "x", "is_same_day_delivery": True}, "unexpected_field",
         "/is_same_day_delivery"),
        ({"pickup_date": in_days(20), "reason": "x", "specific_pickup_hour": 9}, "pickup_hour_not_allowed",
         "/specific_pickup_hour"),
    ):  # fmt: skip
        answer = house.http.post(path, json=body, headers=operator.headers)
        assert (code(answer), paths(answer)) == ((422, expected), [where])


def test_a_move_honours_the_version_and_the_key(house, operator):
    made = book(house)
    assert code(reschedule(house, operator, made, {"If-Match": '"2"'})) == (412, "version_conflict")
    keyed = {"If-Match": '"1"', "Idempotency-Key": made["booking"]["id"]}
    first, second = (reschedule(house, operator, made, keyed) for _ in range(2))
    assert first.status_code == 200
    assert (first.json(), first.headers["etag"]) == (second.json(), second.headers["etag"])
    assert code(reschedule(house, operator, made, keyed, reason="Another")) == (422, "idempotency_mismatch")


def test_who_finds_the_day_full_keeps_the_place_that_they_have(house, operator):
    day = in_days(70)
    for _ in range(10):
        book(house, delivery, pickup_date=day)
    made = book(house, delivery, pickup_date=in_days(71))
    assert code(reschedule(house, operator, made, pickup_date=day)) == (409, "no_capacity")
    shown = see(house, operator, made).json()["booking"]
    assert (shown["pickup_date"], shown["version"]) == (in_days(71), 1)


# Its past


def test_the_past_is_told_with_who_and_why(house, operator):
    made = book(house)
    reschedule(house, operator, made)
    patch(house, operator, made, {"notes": CANARY})
    told = house.http.get(of(made, "events/"), headers=operator.headers).json()["events"]
    assert [(one["version"], one["name"]) for one in told] == [
        (1, "BookingPlaced"), (2, "BookingRescheduled"), (3, "BookingNoted"),
    ]  # fmt: skip
    assert [one["actor"] for one in told] == ["guest", *[f"staff:{operator.id}"] * 2]
    assert told[1]["event"]["personal"]["text"] == "The van is in repair"
    assert told[2]["event"]["personal"]["text"] == CANARY


def test_it_is_seen_again_as_it_was_in_each_version_and_at_each_instant(house, operator):
    made = book(house)
    moved = reschedule(house, operator, made).json()["booking"]
    cancel(house, operator, made)

    def then(**asked):
        return house.http.get(of(made, "as-of/"), params=asked, headers=operator.headers)

    days = [then(version=n).json()["booking"]["pickup_date"] for n in (1, 2, 3)]
    assert days == [made["booking"]["pickup_date"], in_days(20), in_days(20)]
    assert [then(version=n).json()["booking"]["status"] for n in (2, 3)] == ["pending", "cancelled"]
    seen = then(at=moved["updated_at"]).json()["booking"]
    assert (seen["status"], seen["pickup_date"]) == ("pending", in_days(20))
    assert then(version=2).json()["booking"]["staff_notes"] == ""
    assert [then(version=n).status_code for n in (0, 4, 2**62)] == [422, 404, 422]
    assert code(then()) == (422, "missing_field")
    assert code(then(at=moved["updated_at"], version=1)) == (422, "unexpected_field")


# Theirs alone


def test_what_staff_note_of_a_booking_is_shown_to_no_customer_and_no_guest(house, operator):
    """An export leaves it out as it leaves out what is noted of the customer: it holds what they told and did."""
    account = house.customer("noted@example.com")
    mine = book_from_account(house, account, wish(pickup_date=in_days(64))).json()
    guests = book(house)
    for made in (mine, guests):
        assert patch(house, operator, made, {"notes": CANARY}).status_code == 200
        told = {"is_outside_core_area": False, "reason": CANARY}
        assert patch(house, operator, made, told).status_code == 200
    project(house)
    seen = asked_by(house, mine, account.headers)
    seen |= asked_by(house, guests, {"X-Manage-Token": guests["manage_token"]})
    shown = [where for where, answer in seen.items() if answer.status_code == 200]
    assert {"GET /api/customer/bookings/{id}/", "GET /api/customer/history/", "GET /api/customer/export/"} < set(shown)
    assert "GET /api/public/booking-status/{booking_number}/" in shown
    assert [where for where, answer in seen.items() if CANARY in answer.text] == []
    assert CANARY in see(house, operator, mine).text


def asked_by(house, made, headers):
    """What every route that the booking's owner may read answers, and what cancelling it answers."""
    number, id = made["booking"]["booking_number"], made["booking"]["id"]
    settings = Settings.from_env(ENV | {"DATABASE_URL": "dbname=none"})
    groups = ("/api/public/", "/api/payments/") if "X-Manage-Token" in headers else ("/api/customer/",)
    reads = [
        where for where in policies(create(settings)) if where.startswith(tuple(f"GET {group}" for group in groups))
    ]
    told = {}
    for where in reads:
        path = where.removeprefix("GET ").replace("{id}", id).replace("{booking_number}", number)
        told[where] = house.http.get(path, headers=headers)
    ending = f"customer/bookings/{id}" if "X-Session-Id" in headers else f"public/bookings/{number}"
    told[ending] = house.http.post(f"/api/{ending}/cancel/", json={"reason": "No more"}, headers=headers)
    return told
