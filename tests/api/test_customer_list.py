"""The list of customers over HTTP: searched, narrowed, sorted, page by page."""

import pytest

from commands import customer_ref
from domain.customer import VipGranted
from tests.api.house import booking, in_days
from tests.api.projected import project
from tests.samples import note

TYPED = ("ada", "BYR", "ada by", "ada@example.com", "example.com ada", "(212) 555-0123", "212-555", "0123",
         "+1 212 5550123")  # fmt: skip
WRONG = ({"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"cursor": "e30="}, {"sort": "password"}, {"tier": "tin"},
         {"vip": "maybe"}, {"registered_from": "1"}, {"first_name": "Ada"})  # fmt: skip


@pytest.fixture
def staff(house):
    """Headers of somebody at the desk."""
    return house.log_in_staff("support").headers


def see(house, headers, **asked):
    project(house)
    return house.http.get("/api/staff/customers/", params=asked, headers=headers)


def people(house, headers, **asked):
    return see(house, headers, **asked).json()["customers"]


def test_somebody_is_found_by_name_mail_and_phone_in_any_writing(house, staff):
    house.book()
    other = {"first_name": "Eve", "last_name": "King", "email": "eve@elsewhere.org", "phone": "+12035550199"}
    house.book(booking(customer_info=other))
    for typed in TYPED:
        [found] = people(house, staff, search=typed)
        assert (found["first_name"], found["email"], found["has_account"]) == ("Ada", "ada@example.com", False), typed


def test_who_is_searched_for_without_letters_and_digits_is_nobody(house, staff):
    house.book()
    assert people(house, staff, search="?!' & |") == people(house, staff, search="nobody") == []


def test_the_list_is_narrowed_by_vip_tier_and_day(house, staff):
    guest, account = house.book().json()["booking"], house.customer("eve@example.com")
    house.store.append([customer_ref(account.id)], lambda _: [[VipGranted()]], note())
    assert [one["email"] for one in people(house, staff, vip=True)] == ["eve@example.com"]
    assert [one["email"] for one in people(house, staff, vip=False)] == ["ada@example.com"]
    assert len(people(house, staff, tier="bronze")) == 2
    assert people(house, staff, tier="gold") == []
    assert len(people(house, staff, registered_from=in_days(0), registered_to=in_days(0))) == 2
    assert people(house, staff, registered_from=in_days(1)) == people(house, staff, registered_to=in_days(-1)) == []
    assert guest["status"] == "pending"


@pytest.mark.parametrize("sort", ["registered_at", "name", "total_spent_cents", "last_booking_at"])
def test_a_sorted_list_comes_page_by_page_with_everybody_once(house, staff, sort):
    for n in range(5):  # equal in all they are sorted by, but for when they came
        house.customer(f"guest{n}@example.com")
    there, back = (whole_list(house, staff, way + sort) for way in ("", "-"))
    assert len(there) == len(set(there)) == 5
    assert there == [one["id"] for one in people(house, staff, sort=sort)]
    assert there == back[::-1]


def whole_list(house, staff, sort):
    seen, cursor = [], None
    while not seen or cursor:
        page = see(house, staff, sort=sort, limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["customers"]]
        cursor = page["next_cursor"]
    return seen


def test_a_query_that_makes_no_sense_is_refused(house, staff):
    for wrong in WRONG:
        assert see(house, staff, **wrong).status_code == 422, wrong


def test_a_cursor_of_another_order_leads_nowhere(house, staff):
    for n in range(2):
        house.customer(f"guest{n}@example.com")
    cursor = see(house, staff, sort="name", limit=1).json()["next_cursor"]
    assert see(house, staff, sort="name", limit=1, cursor=cursor).status_code == 200
    assert see(house, staff, sort="registered_at", limit=1, cursor=cursor).json()["code"] == "invalid_value"
