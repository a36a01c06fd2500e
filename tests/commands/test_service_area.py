"""Where the house drives, by ZIP: known, served, how far, in the state that was written."""

import pytest
import zipcodes
from msgspec.structs import replace

from commands.service_area import (
    Place,
    distance_miles,
    is_outside_core_area,
    is_served,
    look_up,
    needs_instructions,
    served_place,
)
from domain import Refused
from domain.house import House

TRIBECA, SOUTHAMPTON, GREENWICH, NEWARK_AIRPORT = (look_up(z) for z in ("10013", "11968", "06830", "07114"))
PHILADELPHIA = look_up("19103")


def code_of(call, *args) -> str:
    with pytest.raises(Refused) as refusal:
        call(*args)
    return refusal.value.code


def test_a_zip_is_looked_up_with_its_state_and_centroid():
    assert look_up("10013") == Place("10013", "NY", 40.7185, -74.0025)


@pytest.mark.parametrize("written", ["11968", "11968-1234", " 11968 "])
def test_a_zip_plus_four_is_the_place_of_its_zip(written):
    assert look_up(written) == SOUTHAMPTON


@pytest.mark.parametrize(
    "written", ["", "1001", "100131", "100131234", "10013-12", "abcde", "1001٣", "00000", "10013-1234-1", "10013\x00"]
)
def test_what_is_no_zip_is_unknown(written):
    assert code_of(look_up, written) == "zip_unknown"


@pytest.mark.parametrize("zip_code", ["11805", "09905", "09007"])
def test_a_zip_without_coordinates_is_unknown(zip_code):
    (row,) = zipcodes.matching(zip_code)
    assert (float(row["lat"]), float(row["long"])) == (0, 0)
    assert code_of(look_up, zip_code) == "zip_unknown"


def test_places_of_other_states_are_known_and_not_served():
    assert PHILADELPHIA.state == "PA"
    assert code_of(served_place, "19103", House()) == "zip_not_served"


@pytest.mark.parametrize(("zip_code", "state"), [("10013", "NY"), ("06830", "CT"), ("07114", "NJ"), ("06390", "ny ")])
def test_the_three_states_are_served(zip_code, state):
    assert served_place(zip_code, House(), state).zip_code == zip_code


def test_a_written_state_has_to_match():
    assert code_of(served_place, "10013", House(), "NJ") == "zip_state_mismatch"
    assert served_place("10013", House()) == TRIBECA


def test_prefixes_that_are_not_served_are_refused():
    house = House(zip_prefixes_not_served=("119", "06830"))
    assert [is_served(place, house) for place in (TRIBECA, SOUTHAMPTON, GREENWICH)] == [True, False, False]


def test_the_maximum_distance_limits_what_is_served():
    exact = distance_miles(SOUTHAMPTON)
    near, far = House(maximum_delivery_miles=int(exact)), House(maximum_delivery_miles=int(exact) + 1)
    assert [is_served(SOUTHAMPTON, house) for house in (near, far)] == [False, True]


@pytest.mark.parametrize("place", [TRIBECA, SOUTHAMPTON, GREENWICH, NEWARK_AIRPORT, PHILADELPHIA])
def test_the_distance_agrees_with_another_implementation(place):
    other = zipcodes.haversine(place.longitude, place.latitude, -73.9712, 40.7831)
    assert distance_miles(place) == pytest.approx(other, rel=0.001)


def test_a_quarter_of_the_earth_is_as_long_as_it_is():
    assert distance_miles(Place("00000", "NY", 40.7831 - 90, -73.9712)) == pytest.approx(6218.4, abs=0.1)


def test_one_far_end_makes_a_booking_far():
    ends = [(TRIBECA, NEWARK_AIRPORT), (TRIBECA, SOUTHAMPTON), (SOUTHAMPTON, TRIBECA), (GREENWICH, TRIBECA)]
    assert [is_outside_core_area(*both, House()) for both in ends] == [False, True, True, False]


def test_the_threshold_itself_is_far():
    north = replace(TRIBECA, latitude=40.7831 + 30.0001 / 69.0934, longitude=-73.9712)
    south_of_it = replace(north, latitude=40.7831 + 29.9999 / 69.0934)
    assert is_outside_core_area(north, TRIBECA, House())
    assert not is_outside_core_area(south_of_it, TRIBECA, House())
    exactly = House(geographic_threshold_miles=distance_miles(SOUTHAMPTON))
    assert is_outside_core_area(SOUTHAMPTON, TRIBECA, exactly)


def test_the_house_moves_the_threshold():
    assert is_outside_core_area(GREENWICH, TRIBECA, House(geographic_threshold_miles=25))


def test_some_zips_need_instructions():
    house = House(zips_needing_instructions=("11968",))
    assert [needs_instructions(place, house) for place in (SOUTHAMPTON, TRIBECA)] == [True, False]
