"""What guests do: see the offer and its prices, book, come back with number and manage link."""

from tests.api.house import booking, delivery, in_days


def test_a_booking_answers_with_price_token_and_payment(paying_house):
    answer = paying_house.book()
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["booking"]["status"] == "pending"
    pricing = made["booking"]["pricing"]
    by_the_day = pricing["surcharge_cents"]  # ten days from now may be a Sunday
    assert pricing["total_price_cents"] == 172500 + 253500 + 22498 + 17500 + by_the_day
    assert made["booking"]["customer_info"]["email"] == "ada@example.com"
    assert made["payment"]["amount_cents"] == made["booking"]["pricing"]["total_price_cents"]
    assert made["payment"]["client_secret"].startswith(made["payment"]["stripe_payment_intent_id"])
    assert made["payment"]["publishable_key"] == "pk_test_tests"
    assert made["position"] == paying_house.count("eventlog.stored_events")


def test_without_stripe_the_booking_stands_and_has_no_payment_yet(house):
    made = house.book()
    assert (made.status_code, made.json()["payment"]) == (201, None)
    assert house.count() == 1


def test_the_number_shows_status_and_dates_only(still_house):
    made = still_house.book(booking("number@example.com")).json()
    number = made["booking"]["booking_number"]
    shown = still_house.http.get(f"/api/public/booking-status/{number}/").json()
    assert shown.keys() == {
        "booking_number",
        "status",
        "service_type",
        "pickup_date",
        "pickup_time",
        "tracking_url",
        "updated_at",
    }


def test_the_manage_token_shows_the_whole_booking_and_a_wrong_one_nothing(still_house):
    made = still_house.book(booking("token@example.com")).json()
    path = f"/api/public/booking-status/{made['booking']['booking_number']}/"
    whole = still_house.http.get(path, headers={"X-Manage-Token": made["manage_token"]}).json()
    assert whole["booking"] == made["booking"]
    assert still_house.http.get(path, headers={"X-Manage-Token": "wrong"}).status_code == 404


def test_an_unknown_number_is_not_found(still_house):
    answer = still_house.http.get("/api/public/booking-status/TTAAAAAAAA/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_quote_holds_its_price_and_fits_only_its_contents(still_house):
    asked = delivery(customer_info=None, pickup_address={"zip_code": "10013"}, delivery_address={"zip_code": "10021"})
    preview = still_house.http.post("/api/public/pricing-preview/", json=asked).json()
    assert preview["pricing"]["base_price_cents"] == 4 * 9500
    door = booking()["delivery_address"] | {"zip_code": "10021", "city": "New York"}
    wish = delivery(quote=preview["quote"], delivery_address=door, customer_info=_guest("quoted"))
    other = still_house.book(wish | {"standard_delivery_item_count": 5})
    assert (other.status_code, other.json()["code"]) == (409, "quote_mismatch")
    made = still_house.book(wish)
    assert made.json()["booking"]["pricing"] == preview["pricing"]


def test_the_offer_has_packages_organizing_and_delivery(still_house):
    get = still_house.http.get
    offer = get("/api/public/services/").json()
    assert {package["package_type"] for package in offer["mini_move_packages"]} == {"petite", "standard", "full"}
    assert offer["standard_delivery"]["minimum_charge_cents"] == 28500
    moves = get("/api/public/services/mini-moves-with-organizing/").json()["packages"]
    assert all(move["organizing"]["packing"]["mini_move_tier"] == move["package_type"] for move in moves)
    tiers = get("/api/public/services/organizing-by-tier/").json()["tiers"]
    packing = tiers["petite"]["packing"]
    assert get(f"/api/public/services/organizing/{packing['id']}/").json() == packing
    assert get("/api/public/services/organizing/1/").status_code == 404


def test_a_zip_is_served_or_not(still_house):
    def ask(zip_code):
        return still_house.http.post("/api/public/validate-zip/", json={"zip_code": zip_code})

    assert ask("11968").json()["is_outside_core_area"] is True
    assert ask("10013-1234").json() == {
        "is_served": True,
        "state": "NY",
        "is_outside_core_area": False,
        "distance_miles": 4.8,
    }
    assert ask("90210").json()["is_served"] is False
    assert (ask("00000").status_code, ask("00000").json()["code"]) == (422, "zip_unknown")


def test_the_calendar_shows_the_days_asked_for_and_at_most_92(still_house):
    get = still_house.http.get
    path = "/api/public/calendar/availability/"
    days = get(path, params={"start_date": in_days(1), "end_date": in_days(31)}).json()["days"]
    assert len(days) == 31
    assert days[0]["remaining"]["mini_move"] == 10
    wrong = get(path, params={"start_date": in_days(1), "end_date": in_days(93)})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "/end_date")
    seconds = {"start_date": "1800057600", "end_date": "1800057600"}
    assert get(path, params=seconds).status_code == 422
    assert get(path, params={"start_date": "soon"}).json()["errors"][0]["code"] == "invalid_value"


def test_a_path_without_its_slash_answers_too(still_house):
    assert still_house.http.get("/api/public/services").status_code == 200


def test_an_address_where_nothing_is_answers_with_a_problem(still_house):
    answer = still_house.http.get("/api/nothing/")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert still_house.http.delete("/api/public/services/").status_code == 405


def _guest(name: str) -> dict[str, str]:
    return {"first_name": name, "last_name": "Guest", "email": f"{name}@example.com", "phone": "+12125550123"}
