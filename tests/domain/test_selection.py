"""What is selected of each service, and when it is for today."""

import msgspec
import pytest

from domain.selection import Selection, fields, is_same_day
from tests.domain.price_lists import ITEMS, selection

LINES = [
    "mini_move petite packing",
    "standard_delivery 4 same_day",
    "specialty_item Peloton=1 Crib=2",
    "blade_transfer JFK 3",
]


@pytest.mark.parametrize("line", LINES)
def test_a_stored_selection_comes_back_as_it_was(line):
    stored = msgspec.json.encode(selection(line))
    assert msgspec.json.decode(stored, type=Selection) == selection(line)


@pytest.mark.parametrize("line", LINES)
def test_the_stored_selection_names_its_service(line):
    assert msgspec.to_builtins(selection(line))["service_type"] == line.split()[0] == selection(line).service_type


def test_same_day_is_for_deliveries_and_specialty_items_that_ask_for_it():
    same_day = [is_same_day(selection(line)) for line in (*LINES, "specialty_item Crib=1 same_day")]
    assert same_day == [False, True, False, False, True]


def test_a_selection_is_shown_in_the_fields_that_it_is_asked_for():
    assert fields(selection("mini_move petite packing")) == {
        "mini_move_package": "petite",
        "include_packing": True,
        "include_unpacking": False,
    }
    assert fields(selection("blade_transfer JFK 3")) == {
        "blade_airport": "JFK",
        "blade_flight_date": "2027-01-12",
        "blade_flight_time": "14:30",
        "blade_bag_count": 3,
        "blade_ready_time": "09:00",
    }
    crib = {"id": str(ITEMS["Crib"]), "quantity": 2}
    assert fields(selection("specialty_item Crib=2")) == {"specialty_items": (crib,), "is_same_day_delivery": False}
