"""Every field of specialty items and of a transfer wrong in turn: refused by its path, and nothing written."""

import pytest

from tests.api.house import ITEMS, booking, in_days, odd_things, transfer
from tests.api.refusing import refused

CRIB, BICYCLE = ITEMS["Crib"], ITEMS["Bicycle"]
UNKNOWN = "00000000-0000-0000-0000-000000000001"
DROP = booking()["delivery_address"]
TERMINAL = {
    "address_line_1": "John F. Kennedy  INTERNATIONAL",
    "city": "Queens",
    "state": "NY",
    "zip_code": "11430",
}


def items(*lines):
    return {"specialty_items": [{"id": id, "quantity": quantity} for id, quantity in lines]}


WRONG_ITEMS = [
    ({"specialty_items": None}, "missing_field", "/specialty_items"),
    ({"specialty_items": {}}, "invalid_value", "/specialty_items"),
    ({"specialty_items": []}, "invalid_value", "/specialty_items"),
    ({"specialty_items": [CRIB]}, "invalid_value", "/specialty_items/0"),
    ({"specialty_items": [{"quantity": 1}]}, "missing_field", "/specialty_items/0/id"),
    ({"specialty_items": [{"id": CRIB}]}, "missing_field", "/specialty_items/0/quantity"),
    ({"specialty_items": [{"id": CRIB, "quantity": 1, "name": "Crib"}]}, "unexpected_field", "/specialty_items/0/name"),
    (items((CRIB, 1), ("crib", 1)), "invalid_value", "/specialty_items/1/id"),
    (items((CRIB, 1), (7, 1)), "invalid_value", "/specialty_items/1/id"),
    (items((CRIB, 1), (UNKNOWN, 1)), "unknown_item", "/specialty_items/1/id"),
    (items((CRIB, 0)), "invalid_value", "/specialty_items/0/quantity"),
    (items((CRIB, 2), (CRIB, -1)), "invalid_value", "/specialty_items/1/quantity"),
    (items((CRIB, "2")), "invalid_value", "/specialty_items/0/quantity"),
    (items((CRIB, 1.5)), "invalid_value", "/specialty_items/0/quantity"),
    (items((CRIB, True)), "invalid_value", "/specialty_items/0/quantity"),
    (items((CRIB, 11)), "too_many_items", "/specialty_items/0/quantity"),
    (items((CRIB, 1e300)), "too_many_items", "/specialty_items/0/quantity"),
    (items((CRIB, 6), (BICYCLE, 10), (CRIB, 5)), "too_many_items", "/specialty_items/2/quantity"),
    ({"is_same_day_delivery": "no"}, "invalid_value", "/is_same_day_delivery"),
    ({"is_same_day_delivery": True}, "same_day_not_today", "/is_same_day_delivery"),
    ({"pickup_date": in_days(0)}, "same_day_required", "/pickup_date"),
    ({"delivery_address": None}, "missing_field", "/delivery_address"),
    ({"delivery_address": DROP | {"zip_code": "90210", "state": "CA"}}, "zip_not_served", "/delivery_address/zip_code"),
    ({"delivery_address": booking()["pickup_address"]}, "same_address", "/delivery_address"),
    ({"mini_move_package": "petite"}, "unexpected_field", "/mini_move_package"),
    ({"standard_delivery_item_count": 3}, "unexpected_field", "/standard_delivery_item_count"),
    ({"blade_airport": "JFK"}, "unexpected_field", "/blade_airport"),
]
WRONG_TRANSFERS = [
    ({"blade_airport": None}, "missing_field", "/blade_airport"),
    ({"blade_airport": ""}, "invalid_value", "/blade_airport"),
    ({"blade_airport": 4}, "invalid_value", "/blade_airport"),
    ({"blade_airport": "x" * 11}, "text_too_long", "/blade_airport"),
    ({"blade_airport": "LGA"}, "not_offered", "/blade_airport"),
    ({"blade_flight_date": None}, "missing_field", "/blade_flight_date"),
    ({"blade_flight_date": "soon"}, "invalid_value", "/blade_flight_date"),
    ({"blade_flight_date": in_days(9)}, "blade_times", "/blade_flight_date"),
    ({"blade_flight_date": in_days(12)}, "blade_times", "/blade_flight_date"),
    ({"blade_flight_time": None}, "missing_field", "/blade_flight_time"),
    ({"blade_flight_time": "24:00"}, "invalid_value", "/blade_flight_time"),
    ({"blade_flight_time": "2:30"}, "invalid_value", "/blade_flight_time"),
    ({"blade_flight_time": "14:30Z"}, "invalid_value", "/blade_flight_time"),
    ({"blade_flight_time": "14:30\n"}, "invalid_value", "/blade_flight_time"),
    ({"blade_flight_time": 52200}, "invalid_value", "/blade_flight_time"),
    ({"blade_ready_time": None}, "missing_field", "/blade_ready_time"),
    ({"blade_ready_time": "noon"}, "invalid_value", "/blade_ready_time"),
    ({"blade_ready_time": "14:30"}, "blade_times", "/blade_ready_time"),
    ({"blade_ready_time": "15:00"}, "blade_times", "/blade_ready_time"),
    ({"blade_bag_count": None}, "missing_field", "/blade_bag_count"),
    ({"blade_bag_count": 0}, "invalid_value", "/blade_bag_count"),
    ({"blade_bag_count": "3"}, "invalid_value", "/blade_bag_count"),
    ({"blade_bag_count": 21}, "too_many_bags", "/blade_bag_count"),
    ({"delivery_address": DROP}, "unexpected_field", "/delivery_address"),
    ({"delivery_address_id": UNKNOWN}, "unexpected_field", "/delivery_address_id"),
    ({"is_same_day_delivery": False}, "unexpected_field", "/is_same_day_delivery"),
    ({"specialty_items": []}, "unexpected_field", "/specialty_items"),
    ({"pickup_date": in_days(0), "blade_flight_date": in_days(0)}, "same_day_required", "/pickup_date"),
    ({"pickup_address": TERMINAL}, "same_address", "/blade_airport"),
]


@pytest.mark.parametrize(("change", "code", "path"), WRONG_ITEMS)
def test_a_wrong_field_of_specialty_items_is_refused_by_its_path(still_house, change, code, path):
    refused(still_house, odd_things(**change), code, path)


@pytest.mark.parametrize(("change", "code", "path"), WRONG_TRANSFERS)
def test_a_wrong_field_of_a_transfer_is_refused_by_its_path(still_house, change, code, path):
    refused(still_house, transfer(**change), code, path)


def test_more_than_can_be_paid_at_once_is_refused(still_house):
    dear = items(*((ITEMS[name], 10) for name in ("Upright piano", "Peloton", "Artwork", "Crib")))
    answer = still_house.book(odd_things(**dear))
    assert (answer.status_code, answer.json()["code"]) == (422, "total_exceeds_maximum")
