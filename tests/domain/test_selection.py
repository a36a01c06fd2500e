"""What is selected of each service, and when it is for today."""

import msgspec
import pytest

from domain.selection import Selection, is_same_day
from tests.domain.price_lists import selection

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
