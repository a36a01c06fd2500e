"""The settings of the house at the staff's desk: seen, turned for the version that was read, and valid at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.booking_desk import shared_house
from tests.api.house import booking, in_days
from tests.api.staff_desk import acts_of

SETTINGS = "/api/staff/settings/"
SERVICES = ("mini_move", "standard_delivery", "specialty_item", "blade_transfer")
AS_IT_BEGINS = {
    "organizing_tax_percentage": "8.875",
    "geographic_threshold_miles": 30,
    "booking_window_days": 90,
    "hold_minutes": 30,
    "daily_capacity": dict.fromkeys(SERVICES, 10),
    "payment_maximum_cents": 2_000_000,
    "coi_fee_cents": 5000,
    "zip_prefixes_not_served": [],
    "zips_needing_instructions": [],
    "maximum_delivery_miles": None,
}
TURNED = {
    "organizing_tax_percentage": "9.125",
    "geographic_threshold_miles": 40,
    "booking_window_days": 60,
    "hold_minutes": 45,
    "daily_capacity": {"mini_move": 3},
    "payment_maximum_cents": 3_000_000,
    "coi_fee_cents": 6000,
    "zip_prefixes_not_served": ["149", "069", "149"],
    "zips_needing_instructions": ["06390"],
    "maximum_delivery_miles": 150,
}


@pytest.fixture(scope="module")
def house(server):
    with shared_house(server) as house:
        yield house


@pytest.fixture(scope="module")
def manager(house):
    return house.log_in_staff("manager")


def see(house, manager):
    return house.http.get(SETTINGS, headers=manager.headers)


def turn(house, manager, told, **headers):
    sent = {"If-Match": see(house, manager).headers["etag"]} | headers
    return house.http.patch(SETTINGS, json=told, headers=manager.headers | sent)


def restore(house, manager):
    assert turn(house, manager, AS_IT_BEGINS).json()["settings"] == AS_IT_BEGINS


def test_a_house_begins_with_its_own_figures_and_turns_them_all_at_once(house, manager):
    assert see(house, manager).json() == {"settings": AS_IT_BEGINS, "version": 0}
    answer = turn(house, manager, TURNED)
    lists = {
        "zip_prefixes_not_served": ["069", "149"],
        "daily_capacity": AS_IT_BEGINS["daily_capacity"] | {"mini_move": 3},
    }
    assert answer.json()["settings"] == TURNED | lists
    assert answer.headers["etag"] == f'"{len(TURNED)}"'
    told = acts_of(house, manager)[-1]
    assert (told["action"], told["subject"]) == ("manage_catalog", "settings")
    was, became = told["before"]["house"], told["after"]["house"]
    assert (was["hold_minutes"], became["hold_minutes"]) == (30, 45)
    assert was.keys() == became.keys() == TURNED.keys()
    again = turn(house, manager, TURNED)
    assert again.headers["etag"] == answer.headers["etag"]
    restore(house, manager)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("organizing_tax_percentage", "100.1", ""),
        ("organizing_tax_percentage", "8.87501", ""),
        ("organizing_tax_percentage", None, ""),
        ("geographic_threshold_miles", 1001, ""),
        ("booking_window_days", 0, ""),
        ("booking_window_days", 731, ""),
        ("hold_minutes", 0, ""),
        ("hold_minutes", 1441, ""),
        ("hold_minutes", "30", ""),
        ("daily_capacity", {"mini_move": 1001}, "/mini_move"),
        ("daily_capacity", {"mini_move": None}, "/mini_move"),
        ("payment_maximum_cents", 100_000_000, ""),
        ("coi_fee_cents", -1, ""),
        ("zip_prefixes_not_served", [""], "/0"),
        ("zip_prefixes_not_served", ["NY"], "/0"),
        ("zips_needing_instructions", ["0639"], "/0"),
        ("maximum_delivery_miles", 0, ""),
    ],
)
def test_a_setting_out_of_its_range_is_refused_and_takes_the_others_along(house, manager, name, value, path):
    answer = turn(house, manager, {"coi_fee_cents": 7000} | {name: value})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")
    assert answer.json()["errors"][0]["path"] == f"/{name}{path}"
    assert see(house, manager).json()["settings"] == AS_IT_BEGINS


def test_settings_are_turned_for_the_version_that_was_read(house, manager):
    version = see(house, manager).headers["etag"]
    bare = house.http.patch(SETTINGS, json={"hold_minutes": 31}, headers=manager.headers)
    assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required")
    with ThreadPoolExecutor(2) as both:
        asked = [{"hold_minutes": 31}, {"coi_fee_cents": 1}]
        answers = list(both.map(lambda told: turn(house, manager, told, **{"If-Match": version}), asked))
    assert sorted(one.status_code for one in answers) == [200, 412]
    restore(house, manager)


def test_a_setting_holds_from_the_next_guest_on(house, manager):
    far = booking("kay@example.com", pickup_date=in_days(100))
    assert house.book(far).json()["code"] == "outside_booking_window"
    turn(house, manager, {"booking_window_days": 120, "daily_capacity": {"mini_move": 1}})
    assert house.book(far).status_code == 201
    assert house.book(far | {"pickup_time": "no_time_preference"}).json()["code"] == "no_capacity"
    turn(house, manager, {"zip_prefixes_not_served": ["119"]})
    assert house.book(booking("eve@example.com")).json()["code"] == "zip_not_served"
    restore(house, manager)
