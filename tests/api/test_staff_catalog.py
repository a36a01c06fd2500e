"""The catalogue at the staff's desk: seen whole, extended, changed with If-Match, withdrawn, refused and told of."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from tests.api.booking_desk import shared_house
from tests.api.catalog_desk import CATALOG, PACKING, PETITE, PIANO, RATES, SUNDAYS, TETERBORO, Desk, refused
from tests.api.house import ITEMS, booking, odd_things
from tests.api.staff_desk import acts_of


@pytest.fixture(scope="module")
def house(server):
    with shared_house(server) as house:
        yield house


@pytest.fixture(scope="module")
def desk(house):
    return Desk(house, house.log_in_staff("manager"))


def test_everything_is_seen_with_the_version_that_a_change_needs(desk):
    answer = desk.see()
    shelf = answer.json()
    kinds = ("mini_moves", "organizing", "standard_delivery", "specialty_items", "blade_airports", "surcharges")
    assert [len(shelf[kind]) >= least for kind, least in zip(kinds, (3, 6, 1, 7, 2, 9), strict=True)] == [True] * 6
    assert answer.headers["etag"] == f'"{shelf["version"]}"'
    weekend = next(rule for rule in shelf["surcharges"] if rule["name"] == "Weekend")
    assert (weekend["calculation_type"], weekend["percentage"]) == ("percentage", "20.00")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mini-moves/petite", "Petite Move"),
        ("organizing/full_unpacking", "Full Unpacking"),
        ("blade-airports/JFK", "John F. Kennedy International"),
        (f"specialty-items/{ITEMS['Crib']}", "Crib"),
    ],
)
def test_an_entry_is_found_by_what_names_it(desk, path, name):
    answer = desk.see(f"{path}/")
    assert answer.json()["entry"]["name"] == name
    entry = answer.json()["entry"]
    if "id" in entry:
        assert desk.see(f"{path.split('/')[0]}/{entry['id']}/").json() == answer.json()


def test_standard_delivery_is_one_entry_of_its_kind(desk):
    assert desk.see("standard-delivery/").json()["entries"][0]["price_per_item_cents"] == 9500
    assert desk.see("standard-delivery/standard-delivery/").json()["entry"]["minimum_charge_cents"] == 28500
    assert refused(desk.see("standard-delivery/another/")) == (404, "not_found", [])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("mini-moves", PETITE),
        ("organizing", PACKING),
        ("standard-delivery", RATES),
        ("blade-airports", TETERBORO | {"code": "JFK"}),
    ],
)
def test_what_is_there_once_is_not_there_twice(desk, kind, body):
    assert refused(desk.add(kind, body)) == (409, "already_offered", [])


@pytest.mark.parametrize(
    ("kind", "body"), [("specialty-items", PIANO), ("blade-airports", TETERBORO), ("surcharges", SUNDAYS)]
)
def test_something_new_is_offered_at_once_and_once_for_a_key(desk, kind, body):
    key = {"Idempotency-Key": uuid4().hex}
    first, again = desk.add(kind, body, **key), desk.add(kind, body, **key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"] == f'"{first.json()["version"]}"'
    entry = first.json()["entry"]
    assert entry.items() >= body.items()
    assert [one for one in desk.see(f"{kind}/").json()["entries"] if one["name"] == body["name"]] == [entry]
    assert kind == "blade-airports" or UUID(entry["id"]).version == 7


def test_a_change_says_what_it_changes_and_leaves_the_rest(desk):
    before = desk.see("mini-moves/standard/").json()["entry"]
    answer = desk.change("mini-moves/standard", {"base_price_cents": 180000, "is_most_popular": False})
    assert answer.json()["entry"] == before | {"base_price_cents": 180000, "is_most_popular": False}
    assert answer.headers["etag"] == desk.see("mini-moves/standard/").headers["etag"]
    same = desk.change("mini-moves/standard", {"base_price_cents": 180000})
    assert (same.status_code, same.headers["etag"]) == (200, answer.headers["etag"])


def test_a_change_asks_for_the_version_that_was_read(desk):
    path = f"{CATALOG}blade-airports/EWR/"
    told = {"price_per_bag_cents": 8000}
    bare = desk.http.patch(path, json=told, headers=desk.who.headers)
    assert refused(bare) == (428, "precondition_required", [])
    assert refused(desk.change("blade-airports/EWR", told, **{"If-Match": '"1"'})) == (412, "version_conflict", [])
    assert refused(desk.add("specialty-items", PIANO, **{"If-Match": '"1"'})) == (412, "version_conflict", [])
    assert refused(desk.change("blade-airports/LGA", told)) == (404, "not_found", [])


def test_of_two_who_change_the_same_version_one_reads_it_again(desk):
    version = {"If-Match": desk.see().headers["etag"]}
    with ThreadPoolExecutor(2) as both:
        asked = [{"description": "Theirs."}, {"description": "Mine."}]
        answers = list(both.map(lambda told: desk.change("mini-moves/full", told, **version), asked))
    assert sorted(one.status_code for one in answers) == [200, 412]
    kept = next(one.json()["entry"]["description"] for one in answers if one.status_code == 200)
    assert desk.see("mini-moves/full/").json()["entry"]["description"] == kept


def test_what_is_withdrawn_is_not_sold_and_not_lost(house, desk):
    board = f"specialty-items/{ITEMS['Surfboard']}"
    assert desk.change(board, {"is_active": False}).json()["entry"]["is_active"] is False
    told = odd_things(specialty_items=[{"id": ITEMS["Surfboard"], "quantity": 1}])
    assert refused(house.book(told)) == (422, "not_offered", ["/specialty_items/0/id"])
    offered = house.http.get("/api/public/services/").json()["specialty_items"]
    assert "Surfboard" not in [item["name"] for item in offered]
    assert desk.change(board, {"is_active": True}).status_code == 200
    assert house.book(told | {"pickup_time": "no_time_preference"}).status_code == 201


def test_a_booking_keeps_the_price_of_its_quote_and_the_names_of_its_items(house, desk):
    wanted = odd_things(mail="kay@example.com", specialty_items=[{"id": ITEMS["Wardrobe box"], "quantity": 2}])
    asked = {name: value for name, value in wanted.items() if name != "customer_info"}
    quote = house.http.post("/api/public/pricing-preview/", json=asked).json()
    dearer = {"base_price_cents": 99900, "name": "Wardrobe"}
    assert desk.change(f"specialty-items/{ITEMS['Wardrobe box']}", dearer).status_code == 200
    booked = house.book(wanted | {"quote": quote["quote"]}).json()["booking"]
    assert booked["pricing"] == quote["pricing"]
    assert booked["pricing"]["base_price_cents"] == 2 * 27500
    assert [item["name"] for item in booked["selection"]["specialty_items"]] == ["Wardrobe"]
    later = house.book(wanted | {"pickup_time": "no_time_preference"}).json()["booking"]
    assert later["pricing"]["base_price_cents"] == 2 * 99900
    desk.change(f"specialty-items/{ITEMS['Wardrobe box']}", {"name": "Box", "base_price_cents": 27500})
    shown = house.http.get(f"/api/staff/bookings/{booked['id']}/", headers=desk.who.headers).json()["booking"]
    assert [item["name"] for item in shown["selection"]["specialty_items"]] == ["Wardrobe"]


def test_a_rule_changes_the_way_it_is_calculated_whole(desk):
    rule = desk.add("surcharges", SUNDAYS | {"name": "Late Sundays"}).json()["entry"]
    path = f"surcharges/{rule['id']}"
    fixed = desk.change(path, {"calculation_type": "fixed_amount", "fixed_amount_cents": 4000}).json()["entry"]
    assert (fixed["calculation_type"], fixed["percentage"], fixed["fixed_amount_cents"]) == ("fixed_amount", None, 4000)
    assert refused(desk.change(path, {"percentage": "5.00"})) == (422, "invalid_value", ["/calculation_type"])
    assert refused(desk.change(path, {"calculation_type": "percentage"})) == (
        422, "invalid_value", ["/calculation_type"],
    )  # fmt: skip
    both = {"calculation_type": "percentage", "percentage": 5, "fixed_amount_cents": 1}
    assert refused(desk.change(path, both)) == (422, "unexpected_field", ["/fixed_amount_cents"])
    nothing = desk.change(path, {"calculation_type": "percentage", "percentage": -0.0}).json()["entry"]
    assert nothing["percentage"] == "0.00"
    again = desk.change(path, {"percentage": 20.1}).json()["entry"]
    assert (again["percentage"], again["fixed_amount_cents"]) == ("20.10", None)


@pytest.mark.parametrize(
    ("kind", "body", "code", "path"),
    [
        ("specialty-items", PIANO | {"base_price_cents": -1}, "invalid_value", "/base_price_cents"),
        ("specialty-items", PIANO | {"base_price_cents": 100_000_001}, "invalid_value", "/base_price_cents"),
        ("specialty-items", PIANO | {"base_price_cents": 1.5}, "invalid_value", "/base_price_cents"),
        ("specialty-items", PIANO | {"base_price_cents": 49}, "invalid_value", "/base_price_cents"),
        ("specialty-items", PIANO | {"name": " "}, "invalid_value", "/name"),
        ("specialty-items", PIANO | {"name": "x" * 101}, "text_too_long", "/name"),
        ("specialty-items", PIANO | {"id": str(uuid4())}, "unexpected_field", "/id"),
        ("blade-airports", TETERBORO | {"code": "TEBX"}, "text_too_long", "/code"),
        ("blade-airports", TETERBORO | {"code": "HPN", "state": "NY"}, "zip_state_mismatch", "/state"),
        ("blade-airports", TETERBORO | {"code": "LAX", "zip_code": "90045"}, "zip_not_served", "/zip_code"),
        ("blade-airports", TETERBORO | {"code": "HPN", "zip_code": "00000"}, "zip_unknown", "/zip_code"),
        ("blade-airports", TETERBORO | {"code": "HPN", "minimum_bags": 11}, "invalid_value", "/max_bags"),
        ("surcharges", SUNDAYS | {"percentage": "12.345"}, "invalid_value", "/percentage"),
        ("surcharges", SUNDAYS | {"percentage": 100.01}, "invalid_value", "/percentage"),
        ("surcharges", SUNDAYS | {"percentage": True}, "invalid_value", "/percentage"),
        ("surcharges", SUNDAYS | {"percentage": None}, "invalid_value", "/calculation_type"),
        ("surcharges", SUNDAYS | {"applies_sunday": False}, "missing_field", "/applies_saturday"),
        ("surcharges", SUNDAYS | {"surcharge_type": "peak_date"}, "missing_field", "/specific_date"),
        ("surcharges", SUNDAYS | {"applies_to_service_types": []}, "invalid_value", "/applies_to_service_types"),
        ("surcharges", SUNDAYS | {"applies_to_service_types": ["tea"]}, "invalid_value", "/applies_to_service_types"),
        ("organizing", PACKING | {"service_type": "petite_tidying"}, "invalid_value", "/service_type"),
        ("mini-moves", PETITE | {"package_type": "huge"}, "invalid_value", "/package_type"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(desk, kind, body, code, path):
    assert refused(desk.add(kind, body)) == (422, code, [path])


@pytest.mark.parametrize("told", [{"code": "LGA"}, {"name": None}, {"max_bags": 1}, {"zip_code": "07114"}])
def test_a_change_that_makes_no_sense_changes_nothing(desk, told):
    before = desk.see().json()
    assert desk.change("blade-airports/JFK", told).status_code == 422
    assert desk.see().json() == before


def test_the_audit_log_has_who_changed_what_from_what_to_what(house, desk):
    desk.change("organizing/petite_packing", {"price_cents": 150000})
    told = acts_of(house, desk.who)[-1]
    assert (told["action"], told["subject"]) == ("manage_catalog", "catalog/organizing/petite_packing")
    assert told["before"] == {"catalog": {"organizing": {"petite_packing": {"price_cents": 140000}}}}
    assert told["after"] == {"catalog": {"organizing": {"petite_packing": {"price_cents": 150000}}}}


def test_a_change_of_price_is_what_the_next_guest_pays(house, desk):
    before = house.book(booking("eve@example.com")).json()["booking"]["pricing"]["base_price_cents"]
    desk.change("mini-moves/standard", {"base_price_cents": before + 700})
    after = house.book(booking("liz@example.com")).json()["booking"]["pricing"]["base_price_cents"]
    assert after == before + 700
