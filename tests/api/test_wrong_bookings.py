"""Every field of a booking wrong in turn: a problem document with the code and the path, and nothing written."""

import json

import pytest

from tests.api.house import JSON, NO_MOVE, booking, delivery, in_days
from tests.api.refusing import refused

LONG = "x" * 1001
PICKUP = booking()["pickup_address"]
DROP = booking()["delivery_address"]
GUEST = booking()["customer_info"]


def guest(**changed):
    return {"customer_info": GUEST | changed}


def pickup(**changed):
    return {"pickup_address": PICKUP | changed}


def drop(**changed):
    return {"delivery_address": DROP | changed}


WRONG = [
    (guest(first_name=""), "invalid_value", "/customer_info/first_name"),
    (guest(first_name="x" * 101), "text_too_long", "/customer_info/first_name"),
    (guest(first_name="A\0da"), "invalid_value", "/customer_info/first_name"),
    (guest(last_name=5), "invalid_value", "/customer_info/last_name"),
    (guest(last_name=" "), "invalid_value", "/customer_info/last_name"),
    (guest(email="ada"), "invalid_email", "/customer_info/email"),
    (guest(email=None), "invalid_value", "/customer_info/email"),
    (guest(phone="12"), "invalid_phone", "/customer_info/phone"),
    (guest(phone="+1 555 0123"), "invalid_phone", "/customer_info/phone"),
    (guest(age=3), "unexpected_field", "/customer_info/age"),
    ({"customer_info": None}, "missing_field", "/customer_info"),
    ({"customer_info": "Ada"}, "invalid_value", "/customer_info"),
    ({"service_type": None}, "missing_field", "/service_type"),
    ({"service_type": "teleport"}, "invalid_value", "/service_type"),
    ({"mini_move_package": None}, "missing_field", "/mini_move_package"),
    ({"mini_move_package": "huge"}, "invalid_value", "/mini_move_package"),
    ({"include_packing": "yes"}, "invalid_value", "/include_packing"),
    ({"include_unpacking": 1}, "invalid_value", "/include_unpacking"),
    ({"is_same_day_delivery": False}, "unexpected_field", "/is_same_day_delivery"),
    ({"standard_delivery_item_count": 3}, "unexpected_field", "/standard_delivery_item_count"),
    (pickup(address_line_1="x" * 201), "text_too_long", "/pickup_address/address_line_1"),
    (pickup(address_line_1=""), "invalid_value", "/pickup_address/address_line_1"),
    (pickup(address_line_2=7), "invalid_value", "/pickup_address/address_line_2"),
    (pickup(city="x" * 101), "text_too_long", "/pickup_address/city"),
    (pickup(state="CT"), "zip_state_mismatch", "/pickup_address/state"),
    (pickup(zip_code="00000"), "zip_unknown", "/pickup_address/zip_code"),
    (pickup(zip_code="1001"), "zip_unknown", "/pickup_address/zip_code"),
    (pickup(zip_code="90210", state="CA"), "zip_not_served", "/pickup_address/zip_code"),
    (pickup(zip_code=10013), "invalid_value", "/pickup_address/zip_code"),
    (pickup(delivery_instructions=LONG), "text_too_long", "/pickup_address/delivery_instructions"),
    (pickup(country="US"), "unexpected_field", "/pickup_address/country"),
    ({"pickup_address": None}, "missing_field", "/pickup_address"),
    ({"pickup_address": []}, "invalid_value", "/pickup_address"),
    (drop(state="ZZ"), "zip_state_mismatch", "/delivery_address/state"),
    (drop(zip_code="99999"), "zip_unknown", "/delivery_address/zip_code"),
    ({"delivery_address": None}, "missing_field", "/delivery_address"),
    ({"delivery_address": PICKUP}, "same_address", "/delivery_address"),
    ({"pickup_date": in_days(-1)}, "pickup_in_past", "/pickup_date"),
    ({"pickup_date": in_days(0)}, "same_day_required", "/pickup_date"),
    ({"pickup_date": in_days(91)}, "outside_booking_window", "/pickup_date"),
    ({"pickup_date": "2027-02-30"}, "invalid_value", "/pickup_date"),
    ({"pickup_date": "soon"}, "invalid_value", "/pickup_date"),
    ({"pickup_date": "1800057600"}, "invalid_value", "/pickup_date"),
    ({"pickup_date": 20270112}, "invalid_value", "/pickup_date"),
    ({"pickup_date": None}, "missing_field", "/pickup_date"),
    ({"pickup_time": "evening"}, "invalid_value", "/pickup_time"),
    ({"pickup_time": None}, "missing_field", "/pickup_time"),
    ({"pickup_time": "morning_specific"}, "pickup_hour_required", "/specific_pickup_hour"),
    ({"pickup_time": "morning_specific", "specific_pickup_hour": 11}, "invalid_value", "/specific_pickup_hour"),
    ({"specific_pickup_hour": 9}, "pickup_hour_not_allowed", "/specific_pickup_hour"),
    ({"specific_pickup_hour": "9"}, "invalid_value", "/specific_pickup_hour"),
    ({"special_instructions": LONG}, "text_too_long", "/special_instructions"),
    ({"coi_required": "no"}, "invalid_value", "/coi_required"),
    ({"customer_id": "1"}, "unexpected_field", "/customer_id"),
    ({"a/b~c": 1}, "unexpected_field", "/a~1b~0c"),
]
WRONG_DELIVERIES = [
    ({"standard_delivery_item_count": None}, "missing_field", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": 0}, "invalid_value", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": -1}, "invalid_value", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": 31}, "too_many_items", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": 1e300}, "too_many_items", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": 4.5}, "invalid_value", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": "4"}, "invalid_value", "/standard_delivery_item_count"),
    ({"standard_delivery_item_count": True}, "invalid_value", "/standard_delivery_item_count"),
    ({"is_same_day_delivery": True}, "same_day_not_today", "/is_same_day_delivery"),
    ({"mini_move_package": "petite"}, "unexpected_field", "/mini_move_package"),
    ({"include_packing": True}, "unexpected_field", "/include_packing"),
]


@pytest.mark.parametrize(("change", "code", "path"), WRONG)
def test_a_wrong_field_of_a_mini_move_is_refused_by_its_path(still_house, change, code, path):
    refused(still_house, booking(**change), code, path)


@pytest.mark.parametrize(("change", "code", "path"), WRONG_DELIVERIES)
def test_a_wrong_field_of_a_delivery_is_refused_by_its_path(still_house, change, code, path):
    refused(still_house, delivery(**change), code, path)


def test_all_wrong_fields_are_told_at_once(still_house):
    problem = still_house.book(booking(pickup_date="soon", pickup_time="never", extra=1)).json()
    assert {error["path"] for error in problem["errors"]} == {"/pickup_date", "/pickup_time", "/extra"}
    assert problem["detail"] == "3 fields are wrong."


def test_one_wrong_body_is_told_as_one(still_house):
    problem = still_house.http.post("/api/public/guest-booking/", content=b"[]", headers=JSON).json()
    assert (len(problem["errors"]), problem["detail"]) == (1, "1 field is wrong.")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[" * 5000, 400, "invalid_json"),
        (b'{"service_type": "\\ud800"}', 400, "invalid_json"),
        (b"[]", 422, "invalid_value"),
        (b'"text"', 422, "invalid_value"),
        (b"null", 422, "invalid_value"),
        (b" " * 70_000, 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_object_is_refused(still_house, body, status, code):
    answer = still_house.http.post("/api/public/guest-booking/", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert still_house.count() == 0


def test_a_body_that_grows_too_large_without_telling_is_refused(still_house):
    chunks = (b" " * 1000 for _ in range(100))
    answer = still_house.http.post("/api/public/guest-booking/", content=chunks, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_body_that_is_not_said_to_be_json_is_refused(still_house):
    for headers in ({}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}):
        answer = still_house.http.post("/api/public/guest-booking/", content=b"{", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_number_without_a_fraction_is_an_integer(house):
    body = json.dumps(delivery()).replace('"standard_delivery_item_count": 4', '"standard_delivery_item_count": 4.0')
    made = house.http.post("/api/public/guest-booking/", content=body, headers=JSON)
    assert made.json()["booking"]["selection"]["standard_delivery_item_count"] == 4


def test_a_preview_refuses_what_a_booking_would_be_refused(still_house):
    def ask(**changed):
        spots = {"pickup_address": {"zip_code": "10013"}, "delivery_address": {"zip_code": "11968"}}
        asked = booking(**({"customer_info": None} | spots | changed))
        return still_house.http.post("/api/public/pricing-preview/", json=asked)

    assert ask().status_code == 200
    assert ask(pickup_date=in_days(91)).json()["code"] == "outside_booking_window"
    assert ask(pickup_address={"zip_code": "00000"}).json()["errors"][0]["path"] == "/pickup_address/zip_code"
    elsewhere = {"zip_code": "10013", "state": "NJ"}
    assert ask(pickup_address=elsewhere).json()["errors"][0]["path"] == "/pickup_address/state"
    assert ask(customer_info=GUEST).json()["code"] == "unexpected_field"
    sold_out = ask(**NO_MOVE, service_type="standard_delivery", standard_delivery_item_count=31)
    assert sold_out.json()["code"] == "too_many_items"
