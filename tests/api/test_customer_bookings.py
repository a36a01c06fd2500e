"""Customers book with their account, from profile and saved addresses, in slots of their own; see and cancel."""

from uuid import uuid4

import pytest

from domain.address import Area
from domain.customer import AddressRemoved, MailVerified
from tests.api.house import booking, delivery, in_days
from tests.api.own_bookings import (
    CREATE,
    OWN,
    book,
    booking_uuid,
    follow_history,
    get,
    happen,
    move_mail,
    refusal,
    saved,
    wish,
)


def test_who_books_is_known_from_their_profile(paying_house):
    ada = paying_house.customer()
    answer = book(paying_house, ada)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["booking"]["customer_info"] == {
        "first_name": "Ada",
        "last_name": "Byron",
        "email": "ada@example.com",
        "phone": "+12125550123",
    }
    assert made["payment"]["amount_cents"] == made["booking"]["pricing"]["total_price_cents"]
    assert made["manage_token"] is None
    placed = paying_house.store.history(booking_uuid(made))[0]
    assert (placed.event.person_id, placed.event.is_guest) == (ada.id, False)
    assert placed.event.mail_id == paying_house.mail_id(ada.mail)
    assert placed.origin.actor == f"customer:{ada.id}"


def test_an_unverified_customer_may_book(house):
    assert book(house, house.customer(is_verified=False)).status_code == 201


def test_a_standard_delivery_is_booked_too(house):
    assert book(house, house.customer(), delivery(customer_info=None)).status_code == 201


def test_without_a_session_nobody_books_with_an_account(house):
    assert house.http.post(CREATE, json=wish()).status_code == 401


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"customer_info": booking()["customer_info"]}, (422, "unexpected_field", ["/customer_info"])),
        ({"person_id": str(uuid4())}, (422, "unexpected_field", ["/person_id"])),
        ({"pickup_address": None}, (422, "missing_field", ["/pickup_address"])),
        ({"delivery_address_id": str(uuid4())}, (422, "unexpected_field", ["/delivery_address_id"])),
        ({"pickup_address": None, "pickup_address_id": str(uuid4())}, (404, "not_found", ["/pickup_address_id"])),
        ({"pickup_address": None, "pickup_address_id": "7"}, (422, "invalid_value", ["/pickup_address_id"])),
        ({"pickup_date": in_days(-1)}, (422, "pickup_in_past", ["/pickup_date"])),
    ],
)
def test_a_wrong_wish_is_refused_and_nothing_is_written(house, changed, refused):
    ada = house.customer()
    assert refusal(book(house, ada, wish(**changed))) == refused
    assert house.count() == 0


def test_a_saved_address_is_taken_as_it_is_and_remembered(house):
    ada = house.customer()
    id = saved(house, ada)
    made = book(house, ada, wish(pickup_address=None, pickup_address_id=str(id))).json()
    pickup = made["booking"]["pickup_address"]
    assert (pickup["address_line_1"], pickup["address_line_2"]) == ("7 Saved St", "Apt 2")
    assert (pickup["city"], pickup["zip_code"], pickup["delivery_instructions"]) == (
        "New York",
        "10021",
        "Ring the bell",
    )
    placed = house.store.history(booking_uuid(made))[0].event
    assert (placed.pickup_address_id, placed.delivery_address_id) == (id, None)


def test_a_quote_holds_for_a_saved_address_of_the_same_zip_and_for_no_other(house):
    ada = house.customer()
    id, other = saved(house, ada), saved(house, ada, Area("New York", "NY", "10011"))
    asked = wish(pickup_address={"zip_code": "10021"}, delivery_address={"zip_code": "11968"})
    preview = house.http.post("/api/public/pricing-preview/", json=asked).json()
    body = wish(pickup_address=None, quote=preview["quote"])
    assert refusal(book(house, ada, body | {"pickup_address_id": str(other)}))[1] == "quote_mismatch"
    made = book(house, ada, body | {"pickup_address_id": str(id)}).json()
    assert made["booking"]["pricing"] == preview["pricing"]


def test_an_address_of_somebody_else_or_one_that_was_removed_is_not_found(house):
    ada, eve = house.customer(), house.customer("eve@example.com")
    removed, hers = saved(house, ada), saved(house, eve)
    happen(house, ada, AddressRemoved(removed))
    for id in (removed, hers):
        for end in ("pickup", "delivery"):
            body = wish(**{f"{end}_address": None, f"{end}_address_id": str(id)})
            assert refusal(book(house, ada, body)) == (404, "not_found", [f"/{end}_address_id"])
    assert house.count() == 0


def test_what_is_wrong_with_a_saved_address_is_told_of_its_id(house):
    ada = house.customer()
    away = saved(house, ada, area=Area("Los Angeles", "CA", "90001"))
    same = saved(house, ada)
    body = wish(delivery_address=None, delivery_address_id=str(away))
    assert refusal(book(house, ada, body)) == (422, "zip_not_served", ["/delivery_address_id"])
    twice = wish(pickup_address=None, pickup_address_id=str(same)) | {
        "delivery_address": None,
        "delivery_address_id": str(same),
    }
    body = {name: value for name, value in twice.items() if value is not None}
    assert refusal(book(house, ada, body)) == (422, "same_address", ["/delivery_address_id"])


def test_account_and_guest_with_one_mail_are_one_in_a_slot_whatever_its_case(house):
    ada, eve = house.customer(), house.customer("eve@example.com")
    assert book(house, ada).status_code == 201
    assert refusal(house.book(booking("Ada@Example.COM")))[1] == "slot_taken"
    assert house.book(booking("EVE@example.com")).status_code == 201
    assert refusal(book(house, eve))[1] == "slot_taken"
    assert house.book(booking("kay@example.com")).status_code == 201


def test_whoever_changes_their_mail_is_still_one_in_a_slot(house):
    ada = house.customer()
    book(house, ada)
    house.book(booking(pickup_time="no_time_preference", mail="ada@example.org"))
    move_mail(house, ada, "ada@example.org")
    assert refusal(book(house, ada))[1] == "slot_taken"
    for mail in ("ada@example.com", "ada@example.org"):
        assert refusal(house.book(booking(mail)))[1] == "slot_taken"
    later = wish(pickup_time="no_time_preference")
    assert refusal(book(house, ada, later))[1] == "slot_taken", "the guest of the new mail is the customer"


def test_an_idempotency_key_books_once_and_belongs_to_its_customer(house):
    ada, eve = house.customer(), house.customer("eve@example.com")
    key = {"Idempotency-Key": "one"}
    first, second = book(house, ada, **key), book(house, ada, **key)
    assert first.json() == second.json()
    assert book(house, eve, **key).json()["booking"]["id"] != first.json()["booking"]["id"]
    assert refusal(book(house, ada, wish(coi_required=True), **key))[1] == "idempotency_mismatch"
    assert house.count() == 2


def test_the_list_is_the_customers_own_newest_first_in_pages(house):
    ada, eve = house.customer(), house.customer("eve@example.com")
    days = [book(house, ada, wish(pickup_date=in_days(n))).json()["booking"] for n in (8, 9, 10)]
    book(house, eve)
    follow_history(house)
    first = get(house, ada, OWN + "?limit=2").json()
    assert first["bookings"] == [days[2], days[1]]
    rest = get(house, ada, f"{OWN}?limit=2&cursor={first['next_cursor']}").json()
    assert rest == {"bookings": [days[0]], "next_cursor": None}


def test_bookings_once_made_as_a_guest_are_the_customers_once_the_mail_is_verified(house):
    guest = house.book(booking("new@example.com")).json()["booking"]
    new = house.customer("new@example.com", is_verified=False)
    follow_history(house)
    path = f"{OWN}{guest['id']}/"
    assert get(house, new, OWN).json()["bookings"] == []
    assert refusal(get(house, new, path))[:2] == (404, "not_found")
    happen(house, new, MailVerified(house.mail_id("new@example.com")))
    assert get(house, new, OWN).json()["bookings"] == [guest]
    assert get(house, new, path).json()["booking"] == guest


def test_a_booking_is_shown_with_its_version_and_to_nobody_else(house):
    ada, eve = house.customer(), house.customer("eve@example.com")
    made = book(house, ada).json()["booking"]
    path = f"{OWN}{made['id']}/"
    answer = get(house, ada, path)
    assert (answer.json()["booking"], answer.headers["etag"]) == (made, '"1"')
    for other in (path, f"{OWN}{uuid4()}/", f"{OWN}nonsense/", f"{OWN}{ada.id}/"):
        assert refusal(get(house, eve, other))[:2] == (404, "not_found")
    assert house.http.get(path).status_code == 401


def cancel(house, who, id, reason="We stay", **headers):
    return house.http.post(f"{OWN}{id}/cancel/", json={"reason": reason}, headers=who.headers | headers)


def test_a_customer_cancels_their_own_pending_booking(house):
    ada, eve = house.customer(), house.customer("eve@example.com")
    id = book(house, ada).json()["booking"]["id"]
    assert refusal(cancel(house, eve, id))[:2] == (404, "not_found")
    assert refusal(cancel(house, ada, id, ""))[:2] == (422, "invalid_value")
    assert refusal(cancel(house, ada, id, **{"If-Match": '"2"'}))[:2] == (412, "version_conflict")
    answer = cancel(house, ada, id, **{"If-Match": '"1"', "Idempotency-Key": "go"})
    assert (answer.json()["booking"]["status"], answer.headers["etag"]) == ("cancelled", '"2"')
    again = cancel(house, ada, id, **{"If-Match": '"1"', "Idempotency-Key": "go"})
    assert (again.status_code, again.json()) == (200, answer.json())
    assert book(house, ada).status_code == 201, "its slot is free again"
