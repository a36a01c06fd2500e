"""What days can take, at the staff's desk: limits of a day and of many, days closed and opened, and how each shows."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from domain.pickup_day import stream
from tests.api.booking_desk import shared_house
from tests.api.house import booking, in_days
from tests.api.projected import project
from tests.api.staff_desk import acts_of

CAPACITY = "/api/staff/capacity/"
SERVICES = ("mini_move", "standard_delivery", "specialty_item", "blade_transfer")


@pytest.fixture(scope="module")
def house(server):
    with shared_house(server) as house:
        yield house


@pytest.fixture(scope="module")
def desk(house):
    return Desk(house, house.log_in_staff("manager"))


class Desk:
    """A manager who decides what days can take."""

    def __init__(self, house, who):
        self.house, self.http, self.who = house, house.http, who

    def ask(self, method, path="", told=None, **headers):
        sent = self.who.headers | headers
        return self.http.request(method, CAPACITY + path, json=told, headers=sent)

    def limit(self, day, limits, **headers):
        seen = {"If-Match": self.ask("GET", f"{day}/").headers["etag"]} | headers
        return self.ask("PATCH", f"{day}/", {"limits": limits}, **seen)

    def shown(self, first, last=None):
        """By day, as the read model has it."""
        project(self.house)
        asked = f"?start_date={first}" + (f"&end_date={last}" if last else "")
        return {day["date"]: day for day in self.ask("GET", asked).json()["days"]}

    def book(self, day, **changed):
        return self.house.book(booking(f"{uuid4().hex}@example.com", pickup_date=day, **changed))


def past(desk, day):
    return desk.house.store.history(stream(day))


def refused(answer):
    problem = answer.json()
    return answer.status_code, problem["code"], [error["path"] for error in problem.get("errors", [])]


def test_a_day_without_anything_has_what_the_house_takes(desk):
    day, untouched = in_days(20), {"limit": 10, "is_own": False, "used": 0, "remaining": 10, "overbooked": 0}
    assert desk.shown(day) == {
        day: {
            "date": day,
            "is_blackout": False,
            "reason": None,
            "active_bookings": 0,
            "services": dict.fromkeys(SERVICES, untouched),
        }
    }
    assert desk.ask("GET", f"{day}/").headers["etag"] == '"0"'


def test_a_limit_is_the_days_own_until_it_is_lifted(desk):
    day = in_days(21)
    set_ = desk.limit(day, {"mini_move": 5, "blade_transfer": 0})
    assert set_.status_code == 200
    services = set_.json()["days"][0]["services"]
    assert (services["mini_move"]["limit"], services["blade_transfer"]["remaining"]) == (5, 0)
    assert desk.shown(day)[day] == set_.json()["days"][0] == desk.ask("GET", f"{day}/").json()["day"]
    lifted = desk.limit(day, {"mini_move": None})
    assert lifted.headers["etag"] == '"3"'
    services = desk.shown(day)[day]["services"]
    assert (services["mini_move"]["is_own"], services["mini_move"]["limit"]) == (False, 10)
    assert (services["blade_transfer"]["is_own"], services["blade_transfer"]["limit"]) == (True, 0)


def test_a_limit_below_what_is_booked_is_kept_and_shown_as_overbooked(desk):
    day = in_days(22)
    assert [desk.book(day).status_code for _ in range(3)] == [201] * 3
    told = desk.limit(day, {"mini_move": 1}).json()["days"][0]
    assert told["services"]["mini_move"] == {"limit": 1, "is_own": True, "used": 3, "remaining": 0, "overbooked": 2}
    assert desk.shown(day)[day] == told
    assert desk.book(day).json()["code"] == "no_capacity"


def test_a_day_is_changed_for_the_version_that_was_read(desk):
    day = in_days(23)
    before = desk.ask("GET", f"{day}/").headers["etag"]
    assert refused(desk.ask("PATCH", f"{day}/", {"limits": {}})) == (428, "precondition_required", [])
    assert desk.book(day).status_code == 201
    late = desk.limit(day, {"mini_move": 3}, **{"If-Match": before})
    assert refused(late) == (412, "version_conflict", [])
    again = desk.limit(day, {"mini_move": 3})
    same = desk.limit(day, {"mini_move": 3})
    assert (again.status_code, same.status_code) == (200, 200)
    assert same.headers["etag"] == again.headers["etag"] == '"2"'


def test_a_range_gets_its_limits_at_once_and_once_for_a_key(desk):
    first, last = in_days(24), in_days(26)
    told = {"start_date": first, "end_date": last, "limits": {"standard_delivery": 2}}
    key = {"Idempotency-Key": uuid4().hex}
    answer, again = (desk.ask("POST", "limits/", told, **key) for _ in range(2))
    assert answer.json() == again.json()
    assert [day["services"]["standard_delivery"]["limit"] for day in answer.json()["days"]] == [2, 2, 2]
    assert list(desk.shown(first, last).values()) == answer.json()["days"]
    written = [one.name for n in (24, 25, 26) for one in past(desk, date.fromisoformat(in_days(n)))]
    assert written == ["LimitSet"] * 3


def test_a_blackout_closes_every_day_and_names_the_bookings_that_stay(desk):
    first, last = in_days(27), in_days(29)
    booked = desk.book(first).json()["booking"]
    told = {"start_date": first, "end_date": last, "reason": "Snow"}
    answer = desk.ask("POST", "blackouts/", told)
    assert [(day["is_blackout"], day["reason"]) for day in answer.json()["days"]] == [(True, "Snow")] * 3
    assert [day["active_bookings"] for day in answer.json()["days"]] == [1, 0, 0]
    assert list(desk.shown(first, last).values()) == answer.json()["days"]
    assert desk.book(last).json()["code"] == "blackout_day"
    status = desk.http.get(f"/api/public/booking-status/{booked['booking_number']}/").json()["status"]
    assert status == "pending"
    assert desk.ask("DELETE", f"blackouts/{last}/").json()["days"][0]["is_blackout"] is False
    assert desk.book(last).status_code == 201
    assert [day["is_blackout"] for day in desk.shown(first, last).values()] == [True, True, False]


def test_the_blackouts_are_listed_page_by_page(desk):
    first = date(2031, 1, 1)
    last = first + timedelta(4)
    desk.ask("POST", "blackouts/", {"start_date": str(first), "end_date": str(last), "reason": "Winter"})
    desk.ask("DELETE", f"blackouts/{first}/")
    project(desk.house)
    found, cursor = [], ""
    while cursor is not None:
        page = desk.ask("GET", f"blackouts/?start_date={first}&limit=3" + (cursor and f"&cursor={cursor}")).json()
        found, cursor = found + page["blackouts"], page["next_cursor"]
    assert [one["date"] for one in found] == [str(first + timedelta(n)) for n in range(1, 5)]
    assert {(one["reason"], one["active_bookings"]) for one in found} == {("Winter", 0)}
    today = desk.ask("GET", "blackouts/").json()["blackouts"]
    assert set(today[0]) == {"date", "reason", "active_bookings"}
    assert all(one["date"] >= in_days(0) for one in today)


def test_one_position_is_enough_to_see_every_day_of_a_range(desk):
    told = {"start_date": "2031-02-01", "end_date": "2031-02-20", "limits": {"mini_move": 1}}
    position = desk.ask("POST", "limits/", told).json()["position"]
    asked = "?start_date=2031-02-01&end_date=2031-02-20"
    project(desk.house)
    answer = desk.ask("GET", asked, **{"X-Consistency-Position": str(position)})
    assert {day["services"]["mini_move"]["limit"] for day in answer.json()["days"]} == {1}
    assert len({one.key for n in range(1, 21) for one in past(desk, date(2031, 2, n))}) == 1


@pytest.mark.parametrize(
    ("method", "path", "told", "expected"),
    [
        ("GET", "?start_date=2027-01-01&end_date=2027-04-03", None, (422, "invalid_value", ["/end_date"])),
        ("GET", "?start_date=2027-01-02&end_date=2027-01-01", None, (422, "invalid_value", ["/end_date"])),
        ("GET", "2027-02-30/", None, (404, "not_found", [])),
        ("GET", "today/", None, (404, "not_found", [])),
        ("DELETE", "blackouts/2027-2-3/", None, (404, "not_found", [])),
        ("PATCH", "2027-01-04/", {"limits": {"mini_move": -1}}, (422, "invalid_value", ["/limits/mini_move"])),
        ("PATCH", "2027-01-04/", {"limits": {"mini_move": 1001}}, (422, "invalid_value", ["/limits/mini_move"])),
        ("PATCH", "2027-01-04/", {"limits": {"tea": 1}}, (422, "unexpected_field", ["/limits/tea"])),
        ("POST", "blackouts/", {"start_date": "2027-01-04"}, (422, "missing_field", ["/reason"])),
        (
            "POST",
            "blackouts/",
            {"start_date": "2027-01-04", "end_date": "2028-01-05", "reason": "Long"},
            (422, "invalid_value", ["/end_date"]),
        ),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(desk, method, path, told, expected):
    assert refused(desk.ask(method, path, told, **{"If-Match": '"0"'} if method == "PATCH" else {})) == expected


def test_an_action_honours_the_version_of_one_day_and_refuses_one_for_several(desk):
    day = in_days(40)
    assert desk.book(day).status_code == 201
    closed = {"start_date": day, "reason": "Snow"}
    assert refused(desk.ask("POST", "blackouts/", closed, **{"If-Match": '"0"'})) == (412, "version_conflict", [])
    assert desk.ask("POST", "blackouts/", closed, **{"If-Match": '"1"'}).headers["etag"] == '"2"'
    several = closed | {"end_date": in_days(41)}
    assert refused(desk.ask("POST", "blackouts/", several, **{"If-Match": '"2"'})) == (412, "version_conflict", [])


def test_the_audit_log_names_the_days_and_what_became_of_them(house, desk):
    first, last = in_days(50), in_days(51)
    desk.ask("POST", "blackouts/", {"start_date": first, "end_date": last, "reason": "Ice"})
    told = acts_of(house, desk.who)[-1]
    assert (told["action"], told["subject"]) == ("manage_capacity", f"capacity/blackouts/{first}..{last}")
    closed = {"places": {}, "limits": {}, "is_blackout": True, "reason": "Ice"}
    assert list(told["after"].values()) == [closed] * 2
    desk.limit(first, {"mini_move": 4})
    told = acts_of(house, desk.who)[-1]
    assert (told["subject"], told["after"]) == (f"capacity/{first}", {"pickup_day": {"limits": {"mini_move": 4}}})
