"""A guest comes back with the manage token: sees, changes, cancels; who has none, or another one, does not."""

from uuid import uuid4

import psycopg
import pytest

from commands.persons import forget
from tests.api.house import booking, in_days, open_house, transfer
from tests.api.own_bookings import book, refusal
from tests.api.own_changes import NEAR, NINE, PUBLIC, code, context, fresh, guests, put_away

LINK = "/api/public/booking-link/"


def test_who_has_the_token_sees_the_booking_and_what_is_to_pay(busy_house):
    own = guests(busy_house)
    answer = own.get()
    assert answer.json() == {"booking": own.booking, "payment": own.made["payment"]}
    assert answer.headers["etag"] == '"1"'


def test_without_the_token_it_is_asked_for_and_with_a_wrong_one_there_is_nothing(busy_house):
    own, ada = guests(busy_house), busy_house.customer(fresh()[0])
    number = book(busy_house, ada).json()["booking"]["booking_number"]
    for token, path, expected in [
        ({}, own.path, (401, "unauthenticated")),
        ({"X-Manage-Token": "wrong"}, own.path, (404, "not_found")),
        ({"X-Manage-Token": "\u00e4".encode()}, own.path, (404, "not_found")),
        (own.headers, f"{PUBLIC}TT22222222/", (404, "not_found")),
        ({}, f"{PUBLIC}TT22222222/", (404, "not_found")),
        (own.headers, f"{PUBLIC}{number}/", (404, "not_found")),
        (ada.headers, own.path, (401, "unauthenticated")),
    ]:
        other = own._replace(headers=token, path=path)
        for answer in (other.get(), other.patch(**NINE), other.cancel()):
            assert code(answer) == expected
    assert own.get().json()["booking"] == own.booking


def test_another_price_is_another_payment(busy_house):
    own = guests(busy_house)
    answer = own.patch(**NINE)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    before = own.booking["pricing"]["total_price_cents"]
    assert (told["booking"]["specific_pickup_hour"], told["booking"]["version"]) == (9, 2)
    assert (told["booking"]["pricing"]["total_price_cents"], told["payment"]) == (before + 5000, None)
    assert answer.headers["etag"] == '"2"'
    assert own.get().json() == {"booking": told["booking"], "payment": None}
    new = own.pay("create-intent").json()["payment"]
    assert new["amount_cents"] == before + 5000
    assert own.pay(payment=new).json()["booking"]["status"] == "paid"
    assert own.get().json()["payment"]["status"] == "succeeded"
    assert own.get().json()["booking"]["hold_expires_at"] is None
    assert code(own.patch(1, **NINE)) == (403, "not_allowed")


def test_the_same_price_is_the_same_payment(busy_house):
    own = guests(busy_house)
    told = own.patch(special_instructions="Ring once", pickup_time="no_time_preference").json()
    assert (told["payment"], told["booking"]["special_instructions"]) == (own.made["payment"], "Ring once")


def test_everything_at_once_or_nothing(busy_house):
    own, (_, day) = guests(busy_house), fresh()
    told = {"pickup_date": day, "delivery_address": NEAR, "special_instructions": "Blue door"}
    wrong = own.patch(**told, pickup_address=NEAR | {"zip_code": "90210", "state": "CA"})
    assert refusal(wrong) == (422, "zip_not_served", ["/pickup_address/zip_code"])
    assert own.get().json()["booking"] == own.booking
    shown = own.patch(**told).json()["booking"]
    assert (shown["pickup_date"], shown["is_outside_core_area"]) == (day, False)
    assert (shown["delivery_address"]["address_line_1"], shown["pickup_address"]) == (
        "5 Park Ave", own.booking["pickup_address"])  # fmt: skip


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ({}, (422, "missing_field", [""])),
        ({"pickup_date": None}, (422, "missing_field", [""])),
        ({"customer_info": booking()["customer_info"]}, (422, "unexpected_field", ["/customer_info"])),
        ({"mini_move_package": "full"}, (422, "unexpected_field", ["/mini_move_package"])),
        ({"pickup_address_id": str(uuid4())}, (422, "unexpected_field", ["/pickup_address_id"])),
        ({"is_same_day_delivery": True}, (422, "unexpected_field", ["/is_same_day_delivery"])),
        ({"pickup_date": in_days(-1)}, (422, "pickup_in_past", ["/pickup_date"])),
        ({"specific_pickup_hour": 9}, (422, "pickup_hour_not_allowed", ["/specific_pickup_hour"])),
        ({"special_instructions": "x" * 1001}, (422, "text_too_long", ["/special_instructions"])),
    ],
)
def test_a_wrong_change_is_refused_by_the_field(busy_house, told, refused):
    own = guests(busy_house)
    assert refusal(own.patch(**told)) == refused
    assert own.get().headers["etag"] == '"1"'


def test_only_who_has_read_it_changes_it(busy_house):
    own = guests(busy_house)
    assert code(own.patch(None, **NINE)) == (428, "precondition_required")
    assert code(own.patch(2, **NINE)) == (412, "version_conflict")
    own.patch(**NINE)
    assert code(own.patch(1, **NINE)) == (412, "version_conflict")
    assert code(own.cancel(**{"If-Match": '"1"'})) == (412, "version_conflict")
    assert own.cancel(**{"If-Match": '"2"'}).headers["etag"] == '"3"'


def test_a_flight_moves_with_its_pickup(busy_house):
    mail, _ = fresh()
    own = guests(busy_house, transfer(mail=mail, customer_info=booking(mail)["customer_info"]))
    told = own.patch(pickup_date=in_days(12)).json()["booking"]
    assert (told["pickup_date"], told["selection"]["blade_flight_date"]) == (in_days(12), in_days(12))
    assert refusal(own.patch(2, blade_ready_time="15:00")) == (422, "blade_times", ["/blade_ready_time"])
    assert refusal(own.patch(2, delivery_address=NEAR))[1] == "unexpected_field"


def test_an_answer_that_was_lost_is_asked_for_again_with_its_key(busy_house):
    own, key = guests(busy_house), {"Idempotency-Key": str(uuid4())}
    first = own.patch(headers=key, **NINE)
    own.pay("create-intent")
    own.patch(3, special_instructions="Ring once")
    again = own.patch(headers=key, **NINE)
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), '"2"')
    assert code(own.patch(headers=key, pickup_date=in_days(50))) == (422, "idempotency_mismatch")
    assert own.get().json()["booking"]["version"] == 4, "rescheduled, billed again, told to ring once"


def test_a_change_to_what_is_so_already_keeps_its_key_too(busy_house):
    own, key = guests(busy_house), {"Idempotency-Key": str(uuid4())}
    first = own.patch(headers=key, pickup_time="morning")
    assert first.json()["booking"] == own.booking
    own.patch(**NINE)
    assert own.patch(headers=key, pickup_time="morning").json() == first.json()


def test_a_guest_cancels_while_it_is_pending(busy_house):
    own, key = guests(busy_house), {"Idempotency-Key": str(uuid4())}
    assert refusal(own.post("cancel", {"reason": ""}))[:2] == (422, "invalid_value")
    answer = own.cancel(**key)
    assert (answer.json()["booking"]["status"], answer.headers["etag"]) == ("cancelled", '"2"')
    assert own.cancel(**key).json() == answer.json()
    assert own.get().json() == {"booking": answer.json()["booking"], "payment": None}
    assert code(own.patch(2, **NINE)) == (409, "invalid_transition")


def test_what_is_paid_only_staff_change_and_cancel(busy_house):
    own = guests(busy_house)
    own.pay()
    assert code(own.patch(2, **NINE)) == (403, "not_allowed")
    assert code(own.cancel()) == (403, "not_allowed")


def test_a_day_that_is_taken_leaves_the_place_they_had(busy_house):
    own = guests(busy_house)
    mail, day = own.booking["customer_info"]["email"], in_days(70)
    busy_house.book(booking(mail, pickup_date=day))
    assert refusal(own.patch(pickup_date=day)) == (409, "slot_taken", ["/pickup_time"])
    taken = busy_house.book(booking(mail, pickup_date=own.booking["pickup_date"]))
    assert refusal(taken)[1] == "slot_taken", "the old place is still theirs"


def test_what_was_put_away_or_is_of_a_forgotten_person_is_not_found(busy_house):
    gone, forgotten = guests(busy_house), guests(busy_house)
    put_away(gone)
    forget(busy_house.mail_id(forgotten.booking["customer_info"]["email"]), context(busy_house))
    for own in (gone, forgotten):
        for answer in (own.get(), own.patch(**NINE), own.cancel()):
            assert code(answer) == (404, "not_found")
    assert code(gone.pay("create-intent")) == (404, "not_found")
    status = "/api/public/booking-status/{}/"
    told = [busy_house.http.get(status.format(own.booking["booking_number"])) for own in (gone, forgotten)]
    assert [answer.status_code for answer in told] == [404, 200]


# The link


def link(house, number):
    return house.http.post(LINK, json={"booking_number": number})


def test_a_link_is_asked_for_and_the_answer_is_the_same_for_every_number(busy_house):
    own = guests(busy_house)
    asked = [link(busy_house, number) for number in (own.booking["booking_number"], "TT22222222", "?")]
    assert {(answer.status_code, answer.text) for answer in asked} == {(202, asked[0].text)}
    with psycopg.connect(busy_house.database) as db:
        rows = db.execute("select about::text from eventlog.timers where kind = 'letter_link'").fetchall()
    assert len(rows) == 3
    assert (own.booking["id"],) in rows


def test_a_link_is_asked_for_a_few_times_a_minute_whoever_asks(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:

        def ask(number, n):
            headers = {"X-Forwarded-For": f"203.0.113.{n}"}
            return house.http.post(LINK, json={"booking_number": number}, headers=headers).status_code

        answers = [ask("TT22222222", n) for n in range(20)]
        assert set(answers) == {202, 429}
        assert ask("TT33333333", 99) == 202
        answers = [ask(f"TT{n:08}", 100) for n in range(20)]
        assert set(answers) == {202, 429}
