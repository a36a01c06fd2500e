"""Customers change their bookings, have them once more, and see what happened to them; nobody else does."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain import catalog
from domain.customer import MailVerified
from domain.selection import Tier
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import Note, Ref
from tests.api.house import ITEMS, in_days, odd_things, transfer
from tests.api.own_bookings import OWN, book, follow_history, get, happen, refusal, saved, wish
from tests.api.own_changes import NEAR, NINE, Own, code, fresh, guests, put_away

SAME = ("service_type", "selection", "customer_info", "pickup_address", "delivery_address", "special_instructions",
        "coi_required")  # fmt: skip
LATER = {"pickup_date": in_days(60), "pickup_time": "morning"}


def owned(house, who=None, body=None, **changed) -> Own:
    """A booking of a new customer, or of one who is there."""
    mail, day = fresh()
    who = who or house.customer(mail)
    answer = book(house, who, body or wish(**({"pickup_date": day} | changed)))
    assert answer.status_code == 201, answer.text
    return Own(house, f"{OWN}{answer.json()['booking']['id']}/", who.headers, answer.json())


def again(own, headers=None, **changed):
    return own.post("rebook", LATER | changed, **(headers or {}))


def stock(house, change):
    """The catalogue with another entry in it; `change` makes it of what is on the shelf."""
    note = Note(datetime.now(UTC), Origin("tests", new_id()))
    ref = Ref(catalog, catalog.stream())
    house.store.append([ref], lambda shelf: [catalog.offer(shelf, change(shelf))], note)


# Change


def test_a_customer_changes_their_own_booking_as_a_guest_does(busy_house):
    own = owned(busy_house)
    told = own.patch(**NINE, delivery_address=NEAR)
    assert told.status_code == 200, told.text
    shown = own.get()
    assert shown.json() == {"booking": told.json()["booking"], "payment": None}
    assert shown.headers["etag"] == told.headers["etag"] == '"3"'
    new = own.pay("create-intent").json()["payment"]
    assert new["amount_cents"] == told.json()["booking"]["pricing"]["total_price_cents"]


def test_nobody_else_does(busy_house):
    own, eve = owned(busy_house), busy_house.customer(fresh()[0])
    for other in (own._replace(headers=eve.headers), own._replace(path=f"{OWN}nonsense/", headers=eve.headers)):
        for answer in (other.get(), other.patch(**NINE), other.cancel(), again(other), get_timeline(other)):
            assert code(answer) == (404, "not_found")
    assert code(own._replace(headers={}).patch(**NINE)) == (401, "unauthenticated")
    assert own.get().headers["etag"] == '"1"'


def test_an_address_may_be_a_saved_one_of_theirs(busy_house):
    ada, eve = busy_house.customer(fresh()[0]), busy_house.customer(fresh()[0])
    own, id, hers = owned(busy_house, ada), saved(busy_house, ada), saved(busy_house, eve)
    for wrong, refused in [
        ({"pickup_address_id": str(hers)}, (404, "not_found", ["/pickup_address_id"])),
        ({"pickup_address_id": str(id), "pickup_address": NEAR}, (422, "unexpected_field", ["/pickup_address_id"])),
    ]:
        assert refusal(own.patch(**wrong)) == refused
    shown = own.patch(pickup_address_id=str(id)).json()["booking"]["pickup_address"]
    assert (shown["address_line_1"], shown["zip_code"]) == ("7 Saved St", "10021")
    same = own.patch(2, delivery_address_id=str(id))
    assert refusal(same) == (422, "same_address", ["/delivery_address_id"])


def test_what_was_booked_as_a_guest_is_changed_by_account_and_by_token(busy_house):
    guest = guests(busy_house)
    mail = guest.booking["customer_info"]["email"]
    ada = busy_house.customer(mail, is_verified=False)
    own = Own(busy_house, f"{OWN}{guest.booking['id']}/", ada.headers, guest.made)
    assert code(own.patch(**NINE)) == (404, "not_found")
    happen(busy_house, ada, MailVerified(busy_house.mail_id(mail)))
    assert own.patch(**NINE).status_code == 200
    assert guest.patch(2, special_instructions="Ring once").json()["booking"]["specific_pickup_hour"] == 9


def test_what_was_put_away_is_not_there(busy_house):
    own = owned(busy_house)
    put_away(own)
    for answer in (own.get(), own.patch(**NINE), own.cancel(), again(own), get_timeline(own)):
        assert code(answer) == (404, "not_found")


def test_a_lost_answer_to_a_change_comes_again_with_its_key(busy_house):
    own, key = owned(busy_house), {"Idempotency-Key": str(uuid4())}
    first = own.patch(headers=key, **NINE)
    own.cancel()
    assert (own.patch(headers=key, **NINE).json(), own.get().headers["etag"]) == (first.json(), '"3"')


# Once more


def test_the_same_once_more_as_it_was_changed_last(busy_house):
    own = owned(busy_house, coi_required=True, special_instructions="Ring twice")
    own.patch(delivery_address=NEAR, special_instructions="Ring once")
    old = own.get().json()["booking"]
    answer = again(own, **NINE)
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert {name: new["booking"][name] for name in SAME} == {name: old[name] for name in SAME}
    assert (new["booking"]["pickup_date"], new["booking"]["specific_pickup_hour"]) == (in_days(60), 9)
    assert (new["booking"]["status"], new["booking"]["version"], new["manage_token"]) == ("pending", 1, None)
    assert new["payment"]["amount_cents"] == new["booking"]["pricing"]["total_price_cents"]
    assert own.get().json()["booking"] == old


def test_it_costs_what_it_costs_today_and_a_quote_holds(busy_house):
    own = owned(busy_house)
    preview = wish(pickup_address={"zip_code": "10013"}, delivery_address={"zip_code": "11968"}, **LATER)
    quote = busy_house.http.post("/api/public/pricing-preview/", json=preview).json()
    stock(busy_house, lambda shelf: replace(shelf.mini_moves[Tier.STANDARD], base_price_cents=180000))
    held = again(own, quote=quote["quote"]).json()["booking"]
    assert held["pricing"] == quote["pricing"]
    assert refusal(again(own, quote=quote["quote"], pickup_date=in_days(61))) == (409, "quote_mismatch", ["/quote"])
    assert again(own, pickup_date=in_days(61)).json()["booking"]["pricing"]["base_price_cents"] == 180000
    assert own.get().json()["booking"]["pricing"]["base_price_cents"] == 172500


def test_what_is_no_longer_offered_is_refused_with_its_code(busy_house):
    own = owned(busy_house, body=odd_things(customer_info=None))
    crib = UUID(ITEMS["Crib"])
    stock(busy_house, lambda shelf: replace(shelf.specialty_items[crib], is_active=False))
    assert code(again(own)) == (422, "not_offered")


def test_whatever_became_of_it_and_also_once_booked_as_a_guest(busy_house):
    guest = guests(busy_house)
    guest.cancel()
    mail = guest.booking["customer_info"]["email"]
    ada = busy_house.customer(mail)
    own = Own(busy_house, f"{OWN}{guest.booking['id']}/", ada.headers, guest.made)
    new = again(own).json()["booking"]
    assert new["customer_info"]["email"] == mail
    paid = owned(busy_house, ada)
    paid.pay()
    assert again(paid, pickup_date=in_days(61)).status_code == 201


def test_a_flight_is_as_many_days_later_unless_another_is_told(busy_house):
    own = owned(busy_house, body=transfer(customer_info=None))
    new = again(own, pickup_date=in_days(14)).json()["booking"]
    assert new["selection"] == own.booking["selection"] | {"blade_flight_date": in_days(14)}
    told = {"blade_flight_date": in_days(21), "blade_flight_time": "07:15"}
    new = again(own, pickup_date=in_days(20), **told).json()["booking"]
    assert new["selection"] == own.booking["selection"] | told


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ({"pickup_date": in_days(-1)}, (422, "pickup_in_past", ["/pickup_date"])),
        ({"pickup_time": None}, (422, "invalid_value", ["/pickup_time"])),
        ({"specific_pickup_hour": 9}, (422, "pickup_hour_not_allowed", ["/specific_pickup_hour"])),
        ({"is_same_day_delivery": True}, (422, "unexpected_field", ["/is_same_day_delivery"])),
        ({"mini_move_package": "full"}, (422, "unexpected_field", ["/mini_move_package"])),
    ],
)
def test_a_wrong_wish_is_refused_and_nothing_is_booked(busy_house, told, refused):
    own = owned(busy_house)
    before = busy_house.count()
    assert refusal(again(own, **told)) == refused
    assert refusal(again(own, pickup_date=own.booking["pickup_date"])) == (409, "slot_taken", ["/pickup_time"])
    assert code(again(own, {"If-Match": '"2"'})) == (412, "version_conflict")
    assert busy_house.count() == before


def test_a_lost_answer_is_asked_for_again_with_its_key_and_booked_once(busy_house):
    own, key = owned(busy_house), {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    first = again(own, key)
    own.cancel()
    assert (again(own, key).json(), first.status_code) == (first.json(), 201)
    assert code(again(own, key, **NINE)) == (422, "idempotency_mismatch")


# What happened


def get_timeline(own, **headers):
    return own.house.http.get(f"{own.path}timeline/", headers=own.headers | headers)


def test_the_timeline_tells_what_happened_newest_first(busy_house):
    own = owned(busy_house)
    assert code(get_timeline(own)) == (503, "read_model_behind")
    position = own.patch(**NINE).json()["position"]
    follow_history(busy_house)
    told = get_timeline(own, **{"X-Consistency-Position": str(position)}).json()
    what = [line["what"] for line in told["timeline"]]
    assert {"BookingRescheduled", "PaymentWithdrawn"} <= set(what)
    assert set(what[-2:]) == {"BookingPlaced", "PaymentRequested"}  # one append: they are told in no order
    assert [paid["amount_cents"] for paid in told["payments"]] == [own.made["payment"]["amount_cents"]]
    assert told["refunds"] == []


def test_the_list_shows_bookings_as_they_were_changed(busy_house):
    own = owned(busy_house)
    position = own.patch(**NINE).json()["position"]
    follow_history(busy_house)
    who = type("Who", (), {"headers": own.headers})
    listed = get(busy_house, who, OWN, **{"X-Consistency-Position": str(position)}).json()["bookings"]
    assert listed == [own.get().json()["booking"]]
