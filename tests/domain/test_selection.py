"""What is selected of each service, when it is for today, and what becomes of it on another day."""

from datetime import date, time, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from domain import Refused
from domain.selection import Extras, Selection, fields, is_same_day, moved, named
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
    crib = {"id": str(ITEMS["Crib"]), "quantity": 2, "name": ""}
    assert fields(selection("specialty_item Crib=2")) == {"specialty_items": (crib,), "is_same_day_delivery": False}


NO_DAY, WEEK = timedelta(0), timedelta(7)
FLIGHT = selection("blade_transfer JFK 3")
LATER = Extras(blade_flight_date=date(2027, 1, 13), blade_flight_time=time(6, 30), blade_ready_time=time(8))


@pytest.mark.parametrize("line", LINES)
def test_on_the_same_day_with_nothing_told_it_stays(line):
    assert moved(selection(line), NO_DAY, Extras()) == selection(line)


@pytest.mark.parametrize("line", ["mini_move petite packing", "standard_delivery 4", "specialty_item Peloton=1 Crib=2"])
def test_what_has_no_day_of_its_own_is_the_same_on_another(line):
    assert moved(selection(line), WEEK, Extras()) == selection(line)


@pytest.mark.parametrize(("by", "day"), [(WEEK, date(2027, 1, 19)), (-WEEK, date(2027, 1, 5))])
def test_a_flight_moves_along_and_keeps_its_hour(by, day):
    assert moved(FLIGHT, by, Extras()) == replace(FLIGHT, blade_flight_date=day)


@pytest.mark.parametrize("by", [NO_DAY, WEEK])
def test_another_flight_that_was_told_goes_before(by):
    told = {"blade_flight_date": date(2027, 1, 13), "blade_flight_time": time(6, 30), "blade_ready_time": time(8)}
    assert moved(FLIGHT, by, LATER) == replace(FLIGHT, **told)
    only_later = moved(FLIGHT, by, Extras(blade_flight_time=time(22)))
    assert only_later == replace(FLIGHT, blade_flight_date=FLIGHT.blade_flight_date + by, blade_flight_time=time(22))


@pytest.mark.parametrize("line", ["standard_delivery 4", "specialty_item Crib=1"])
def test_same_day_delivery_is_for_its_day_and_on_another_only_if_it_is_told(line):
    plain, same_day = selection(line), selection(f"{line} same_day")
    assert moved(same_day, WEEK, Extras()) == plain
    assert moved(same_day, WEEK, Extras(is_same_day_delivery=True)) == same_day
    assert moved(plain, -WEEK, Extras(is_same_day_delivery=True)) == same_day
    assert moved(same_day, NO_DAY, Extras(is_same_day_delivery=False)) == plain


@pytest.mark.parametrize(
    ("line", "told", "path"),
    [
        ("mini_move petite", Extras(is_same_day_delivery=False), "/is_same_day_delivery"),
        ("blade_transfer JFK 3", Extras(is_same_day_delivery=True), "/is_same_day_delivery"),
        ("standard_delivery 4", Extras(blade_ready_time=time(8)), "/blade_ready_time"),
        ("specialty_item Crib=1", LATER, "/blade_flight_date"),
    ],
)
def test_what_the_service_does_not_have_is_refused_by_its_name(line, told, path):
    with pytest.raises(Refused) as refused:
        moved(selection(line), WEEK, told)
    assert (refused.value.code, refused.value.path) == ("unexpected_field", path)


def test_items_keep_the_names_that_they_were_booked_under():
    chosen = selection("specialty_item Peloton=1 Crib=2")
    told = named(chosen, {ITEMS["Peloton"]: "Peloton"})
    assert [(item.id, item.quantity, item.name) for item in told.specialty_items] == [
        (ITEMS["Peloton"], 1, "Peloton"),
        (ITEMS["Crib"], 2, ""),
    ]
    assert [item.name for item in named(told, {ITEMS["Peloton"]: "Bike"}).specialty_items] == ["Bike", ""]
    assert [item.name for item in named(told, {}).specialty_items] == ["Peloton", ""]
