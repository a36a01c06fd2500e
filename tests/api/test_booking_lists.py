"""The list of bookings over HTTP, searched, narrowed, sorted, page by page; and the file of all of them."""

import csv
from io import StringIO
from uuid import UUID

import pytest
from psycopg_pool import ConnectionPool

from api.routes import staff_booking_lists
from domain.booking_events import BookingDeleted
from projections import bookings
from projections.asking import reading
from projections.booking_list import Wish, listed
from tests.api.house import delivery, in_days
from tests.api.projected import project
from tests.api.staff_desk import acts_of
from tests.projections.stories import tell

LIST, FILE = "/api/staff/bookings/", "/api/staff/exports/bookings.csv"
WRONG = ({"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"cursor": "e30="}, {"sort": "password"}, {"status": "lost"},
         {"status": ""}, {"status": "paid,"}, {"service_type": "taxi"}, {"pickup_from": "1"}, {"customer": "ada"},
         {"vip": "maybe"}, {"deleted": "maybe"}, {"page": 2})  # fmt: skip
SORTS = ("booking_number", "created_at", "pickup_date", "total_price_cents")
EVE = {"first_name": "=2+5", "last_name": 'King, "the', "email": "eve@elsewhere.org", "phone": "+12035550199"}


@pytest.fixture(scope="module")
def desk(still_house):
    """Somebody at a desk where Ada has a Mini Move, Eve three deliveries, and one more of hers was put away."""
    made = [still_house.book()]
    made += [still_house.book(delivery(customer_info=EVE, pickup_date=in_days(20 + n))) for n in range(4)]
    away = UUID(made.pop().json()["booking"]["id"])
    tell(still_house.store, away, (away, BookingDeleted()))
    project(still_house)
    return Desk(still_house, still_house.log_in_staff("manager"), [one.json()["booking"] for one in made], away)


class Desk:
    def __init__(self, house, staff, made, away):
        self.house, self.staff, self.made, self.away = house, staff, made, str(away)

    def get(self, path=LIST, headers=None, **asked):
        return self.house.http.get(path, params=asked, headers=self.staff.headers | (headers or {}))

    def ids(self, **asked):
        return [one["id"] for one in self.get(**asked).json()["bookings"]]

    def file(self, **asked):
        return list(csv.DictReader(StringIO(self.get(FILE, **asked).text, newline="")))


def test_the_newest_come_first_with_what_the_booking_itself_says(desk):
    listed = desk.get().json()
    assert [one["id"] for one in listed["bookings"]] == [one["id"] for one in desk.made[::-1]]
    assert listed["next_cursor"] is None
    for line, made in zip(listed["bookings"], desk.made[::-1], strict=True):
        same = ("booking_number", "status", "service_type", "pickup_date", "pickup_time", "specific_pickup_hour",
                "balance_due_cents")  # fmt: skip
        assert {name: line[name] for name in same} == {name: made[name] for name in same}
        assert line["total_price_cents"] == made["pricing"]["total_price_cents"]
        assert line["delivery_zip_code"] == made["delivery_address"]["zip_code"]
        assert line["customer"]["email"] == made["customer_info"]["email"]


def test_the_list_is_narrowed_by_each_of_its_names(desk):
    ada, eve = desk.made[0], desk.made[1:]
    assert desk.ids(service_type="mini_move") == [ada["id"]]
    assert desk.ids(status="paid,cancelled") == desk.ids(vip=True) == []
    assert len(desk.ids(status="pending,paid", vip=False)) == 4
    assert desk.ids(pickup_from=in_days(20), pickup_to=in_days(21), sort="pickup_date") == [eve[0]["id"], eve[1]["id"]]
    assert desk.ids(deleted=True) == [desk.away]
    whose = desk.get(search=ada["booking_number"]).json()["bookings"][0]["customer"]["id"]
    assert desk.ids(customer=whose) == [ada["id"]]


@pytest.mark.parametrize("typed", ["eve@elsewhere.org", "king", "203-555", "0199"])
def test_bookings_are_found_by_whose_they_are(desk, typed):
    assert sorted(desk.ids(search=typed)) == sorted(one["id"] for one in desk.made[1:])


def test_a_booking_is_found_by_its_number_or_the_beginning_of_it(desk):
    number = desk.made[2]["booking_number"]
    assert desk.ids(search=number) == desk.ids(search=number[:7].lower()) == [desk.made[2]["id"]]


@pytest.mark.parametrize("sort", SORTS)
def test_a_sorted_list_comes_page_by_page_with_every_booking_once(desk, sort):
    there, back = (whole_list(desk, way + sort) for way in ("", "-"))
    assert len(there) == len(set(there)) == 4
    assert there == desk.ids(sort=sort)
    assert there == back[::-1]


def whole_list(desk, sort):
    seen, cursor = [], None
    while not seen or cursor:
        page = desk.get(sort=sort, limit=1, **({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["bookings"]]
        cursor = page["next_cursor"]
    return seen


def test_a_query_that_makes_no_sense_is_refused(desk):
    for wrong in WRONG:
        assert desk.get(**wrong).status_code == 422, wrong
    assert desk.get(FILE, status="lost").status_code == desk.get(FILE, limit=5).status_code == 422
    assert desk.get(status="lost").json()["errors"][0]["message"] == "there is no such status of a booking"


@pytest.mark.parametrize("other", [{"sort": "pickup_date"}, {"status": "pending"}, {"search": "0199"}], ids=str)
def test_a_cursor_leads_nowhere_in_another_list(desk, other):
    cursor = desk.get(limit=1).json()["next_cursor"]
    assert desk.get(limit=2, cursor=cursor).status_code == 200
    assert desk.get(limit=1, cursor=cursor, **other).json()["code"] == "invalid_value"


def test_what_was_just_booked_is_waited_for(desk):
    later = desk.house.store.recorder.max_notification_id() + 1_000_000
    assert desk.get(headers={"X-Consistency-Position": "1"}).status_code == 200
    assert desk.get(headers={"X-Consistency-Position": str(later)}).status_code == 400


def test_the_file_has_a_line_for_each_booking_and_names_for_the_columns(desk):
    answer = desk.get(FILE)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="bookings-')
    head, *lines = answer.text.split("\r\n")
    assert head.startswith("id,booking_number,status,")
    assert (len(lines), lines[-1]) == (5, "")
    rows = desk.file()
    assert [row["id"] for row in rows] == [one["id"] for one in desk.made]
    assert (rows[0]["customer_name"], rows[0]["customer_is_guest"]) == ("Ada Byron", "yes")
    assert rows[0]["total_price_cents"] == str(desk.made[0]["pricing"]["total_price_cents"])
    assert rows[0]["created_at"] == desk.made[0]["created_at"]


def test_the_file_holds_what_was_asked_for(desk):
    assert [row["id"] for row in desk.file(search="ada")] == [desk.made[0]["id"]]
    assert [row["id"] for row in desk.file(deleted=True)] == [desk.away]
    assert desk.file(status="paid") == []


def test_no_cell_of_the_file_is_a_formula(desk):
    [row, *_] = desk.file(search="elsewhere")
    assert row["customer_name"] == "'=2+5 King, \"the"
    assert row["customer_phone"] == "'+12035550199"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_whatever_begins_a_formula_is_taken_for_text(begin):
    assert staff_booking_lists.safe(f"{begin}cmd") == f"'{begin}cmd"
    assert staff_booking_lists.safe(f"a{begin}") == f"a{begin}"


def test_a_file_of_several_pages_has_every_booking_once(desk, monkeypatch):
    monkeypatch.setattr(staff_booking_lists, "AT_ONCE", 1)
    assert [row["id"] for row in desk.file()] == [one["id"] for one in desk.made]


def test_a_client_that_takes_its_time_holds_no_connection(desk):
    """Between any two parts of the file the only connection of the pool is free."""
    with ConnectionPool(desk.house.database, min_size=1, max_size=1, open=True) as pool:
        with reading(pool, bookings) as db:
            first = listed(db, wish := Wish(limit=1))
        parts = 0
        for _ in staff_booking_lists.written(pool, wish, first):
            with pool.connection(timeout=20):
                parts += 1
    assert parts == 5


def test_who_looks_at_the_list_and_who_takes_the_file_is_written_down(desk):
    desk.get(search="Ada")
    desk.get(FILE, search="Ada")
    *_, looked, took = acts_of(desk.house, desk.staff)
    assert (looked["action"], took["action"]) == ("view_booking", "export_data")
    assert (looked["subject"], took["subject"]) == ("bookings", "exports/bookings.csv")


def test_a_coordinator_sees_the_list_and_takes_no_file(desk):
    headers = desk.house.log_in_staff("coordinator", "van@example.com").headers
    assert desk.house.http.get(LIST, headers=headers).status_code == 200
    assert desk.house.http.get(FILE, headers=headers).json()["code"] == "not_allowed"
