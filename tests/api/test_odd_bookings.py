"""Specialty items and transfers to an airport: priced, booked, counted and shown as the other services are."""

from datetime import date
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import catalog, pickup_day
from eventlog.store import Ref
from tests.api.house import ITEMS, booking, delivery, in_days, odd_things, transfer
from tests.api.own_bookings import OWN, book, get, refusal, saved
from tests.api.projected import project
from tests.samples import note

AIRPORT = {"address_line_1": "John F. Kennedy International", "city": "Queens", "state": "NY", "zip_code": "11430"}
BOTH = [odd_things, transfer]


def preview(house, body):
    asked = {name: value for name, value in body.items() if name != "customer_info"}
    for end in {"pickup_address", "delivery_address"} & body.keys():
        asked[end] = {"zip_code": body[end]["zip_code"]}
    return house.http.post("/api/public/pricing-preview/", json=asked).json()


def offer(house, kind, key, **changed):
    """The entry of the catalogue as it is, but for the changes."""

    def decision(shelf):
        return [catalog.offer(shelf, replace(getattr(shelf, kind)[key], **changed))]

    house.store.append([Ref(catalog, catalog.stream())], decision, note())


def on(day, make, **changed):
    flight = {"blade_flight_date": in_days(day)} if make is transfer else {}
    return make(pickup_date=in_days(day), **(flight | changed))


def test_specialty_items_are_booked_as_they_are_wished_for(paying_house):
    wish = odd_things(pickup_time="morning_specific", specific_pickup_hour=9, coi_required=True)
    answer = paying_house.book(wish)
    assert answer.status_code == 201, answer.text
    made = answer.json()["booking"]
    assert (made["service_type"], made["status"]) == ("specialty_item", "pending")
    items = [item | {"name": name} for item, name in zip(wish["specialty_items"], ("Crib", "Bicycle"), strict=True)]
    assert made["selection"] == {"specialty_items": items, "is_same_day_delivery": False}
    amounts = ("base_price_cents", "coi_fee_cents", "geographic_surcharge_cents", "time_window_surcharge_cents")
    assert [made["pricing"][name] for name in amounts] == [2 * 35000 + 25000, 5000, 17500, 5000]
    assert answer.json()["payment"]["amount_cents"] == made["pricing"]["total_price_cents"]


def test_a_transfer_goes_to_its_airport(paying_house):
    wish = transfer(blade_flight_time="08:05")
    answer = paying_house.book(wish | {"blade_ready_time": "07:00"})
    assert answer.status_code == 201, answer.text
    made = answer.json()["booking"]
    names = ("blade_airport", "blade_flight_date", "blade_flight_time", "blade_bag_count")
    assert made["selection"] == {name: wish[name] for name in names} | {"blade_ready_time": "07:00"}
    assert AIRPORT.items() <= made["delivery_address"].items()
    assert (made["pricing"]["base_price_cents"], made["is_outside_core_area"]) == (3 * 7500, False)
    assert answer.json()["payment"]["amount_cents"] == made["pricing"]["total_price_cents"]


def test_one_bag_is_charged_as_two_and_a_far_pickup_costs_more(still_house):
    bag = transfer(mail="bag@example.com", blade_bag_count=1, pickup_address=booking()["delivery_address"])
    pricing = still_house.book(bag).json()["booking"]["pricing"]
    assert (pricing["base_price_cents"], pricing["geographic_surcharge_cents"]) == (15000, 17500)


def test_a_flight_in_the_morning_after_the_pickup_is_caught(still_house):
    wish = transfer(mail="early@example.com", blade_flight_date=in_days(11), blade_flight_time="06:00")
    assert still_house.book(wish | {"blade_ready_time": "20:00"}).status_code == 201


@pytest.mark.parametrize("make", BOTH)
def test_a_quote_is_the_price_also_after_the_catalogue_has_changed(house, make):
    quoted = preview(house, make())
    offer(house, "specialty_items", UUID(ITEMS["Crib"]), base_price_cents=100, is_active=False)
    offer(house, "airports", "JFK", price_per_bag_cents=100, is_active=False)
    path = {odd_things: "/specialty_items/0/id", transfer: "/blade_airport"}[make]
    assert refusal(house.book(make())) == (422, "not_offered", [path])
    made = house.book(make(quote=quoted["quote"]))
    assert made.status_code == 201, made.text
    assert made.json()["booking"]["pricing"] == quoted["pricing"]


@pytest.mark.parametrize(
    "other",
    [
        transfer(blade_airport="EWR"),
        transfer(blade_bag_count=2),
        transfer(blade_flight_time="15:00"),
        odd_things(specialty_items=[{"id": ITEMS["Crib"], "quantity": 2}]),
    ],
)
def test_a_quote_for_other_contents_is_refused(still_house, other):
    make = transfer if other["service_type"] == "blade_transfer" else odd_things
    quote = preview(still_house, make())["quote"]
    assert refusal(still_house.book(other | {"quote": quote})) == (409, "quote_mismatch", ["/quote"])


def test_a_customer_books_both_with_saved_addresses(house):
    ada = house.customer()
    home, beach = str(saved(house, ada)), booking()["delivery_address"]
    far = {"customer_info": None, "pickup_address": None, "pickup_address_id": home}
    made = book(house, ada, on(8, transfer, **far))
    assert made.status_code == 201, made.text
    assert made.json()["booking"]["pickup_address"]["address_line_1"] == "7 Saved St"
    assert AIRPORT.items() <= made.json()["booking"]["delivery_address"].items()
    back = {"customer_info": None, "delivery_address": None, "delivery_address_id": home, "pickup_address": beach}
    assert book(house, ada, on(9, odd_things, **back)).status_code == 201
    for name, value in (("delivery_address", beach), ("delivery_address_id", home)):
        wrong = on(10, transfer, **far | {name: value})
        assert refusal(book(house, ada, wrong)) == (422, "unexpected_field", [f"/{name}"])


@pytest.mark.parametrize("make", BOTH)
def test_places_are_counted_for_the_service_and_slots_for_the_person(house, make):
    service, day = make()["service_type"], date.fromisoformat(in_days(10))
    limit = [pickup_day.LimitSet(day, service, 1)]
    house.store.append([Ref(pickup_day, pickup_day.stream(day))], lambda _: [limit], note())
    assert house.book(make()).status_code == 201
    assert refusal(house.book(make(mail="eve@example.com"))) == (409, "no_capacity", ["/pickup_date"])
    assert house.book(delivery(mail="eve@example.com")).status_code == 201
    assert refusal(house.book(delivery())) == (409, "slot_taken", ["/pickup_time"])


def test_they_are_shown_wherever_bookings_are(house):
    ada, grace = house.customer(), house.log_in_staff()
    made = [book(house, ada, on(n, make, customer_info=None)).json()["booking"] for n, make in enumerate(BOTH, 8)]
    project(house)
    assert get(house, ada, OWN).json()["bookings"] == made[::-1]
    told = get(house, ada, "/api/customer/history/").json()["bookings"]
    assert [one["selection"] for one in told] == [one["selection"] for one in made[::-1]]
    assert AIRPORT.items() <= told[0]["delivery_address"].items()
    counts = get(house, grace, "/api/staff/dashboard/").json()["bookings"]["by_service_type"]
    assert (counts["specialty_item"], counts["blade_transfer"]) == (1, 1)
    days = {"start_date": in_days(8), "end_date": in_days(9)}
    free = house.http.get("/api/public/calendar/availability/", params=days).json()["days"]
    assert [day["remaining"]["specialty_item"] for day in free] == [9, 10]
    assert [day["remaining"]["blade_transfer"] for day in free] == [10, 9]


def test_the_offer_says_what_a_wish_has_to_name(still_house):
    offer = still_house.http.get("/api/public/services/").json()
    assert {item["name"]: item["id"] for item in offer["specialty_items"]} == ITEMS
    shown = [(a["code"], a["city"], a["minimum_bags"], a["max_bags"]) for a in offer["blade_airports"]]
    assert shown == [("JFK", "Queens", 2, 20), ("EWR", "Newark", 2, 20)]
