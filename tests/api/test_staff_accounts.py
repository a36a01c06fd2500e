"""Admins make accounts for staff and see them; a mail address is one person's, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.api.staff_desk import ACCOUNTS, NEW, add, change, log_in, see

ROUNDS = 8


@pytest.fixture
def admin(house):
    return house.log_in_staff()


def test_a_new_account_shows_its_profile_and_can_log_in_at_once(house, admin):
    made = add(house, admin)
    assert made.status_code == 201
    account = made.json()["account"]
    told = {name: account[name] for name in NEW if name != "password"}
    assert told == {name: NEW[name] for name in NEW if name != "password"} | {
        "email": "mary@example.com",
        "phone": "+12125550123",
    }
    assert (account["is_active"], account["can_modify_bookings"], account["can_view_financials"]) == (True, True, False)
    assert "password" not in account
    assert log_in(house, NEW["password"]).status_code == 200
    house.http.cookies.clear()
    seen = see(house, admin, account["id"])
    assert seen.headers["etag"] == made.headers["etag"] == '"1"'
    assert seen.json()["account"]["last_login_ip"] == "127.0.0.1"
    assert seen.json()["account"]["last_login_at"] > account["password_changed_at"]


def test_an_account_under_the_same_key_is_made_once(house, admin):
    first, second = (add(house, admin, {"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert add(house, admin, {"Idempotency-Key": "k1"}, name="Else").json()["code"] == "idempotency_mismatch"
    assert house.count("api.accounts") == 2


def test_a_mail_address_that_somebody_has_makes_no_second_account(house, admin):
    house.customer("ada@example.com")
    for taken in ("Ada@Example.com", "staff@example.com"):
        refused = add(house, admin, email=taken)
        assert (refused.status_code, refused.json()["code"]) == (409, "email_taken")
    assert house.count("api.accounts") == 2


def test_of_two_with_one_mail_address_at_the_same_moment_one_is_made(house, admin):
    for n in range(ROUNDS):
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda _: add(house, admin, email=f"twin{n}@example.com"), range(2)))  # noqa: B023
        assert sorted(one.status_code for one in answers) == [201, 409]


def test_of_a_customer_and_staff_with_one_mail_address_at_the_same_moment_one_comes_in(house, admin):
    for n in range(ROUNDS):
        person = {"first_name": "Mary", "last_name": "Jackson", "phone": "+12125550123"}
        body = person | {"email": f"both{n}@example.com", "password": "orbital mechanics"}
        with ThreadPoolExecutor(1) as other:
            registered = other.submit(house.http.post, "/api/customer/auth/register/", json=body)
            made = add(house, admin, email=body["email"])
        assert registered.result().status_code == 202
        with psycopg.connect(house.database) as db:
            kinds = db.execute("select kind from api.accounts where mail = %s", (body["email"],)).fetchall()
        assert kinds == [("staff" if made.status_code == 201 else "customer",)]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"email": "no mail"}, "invalid_email"),
        ({"phone": "12"}, "invalid_phone"),
        ({"password": "short"}, "weak_password"),
        ({"role": "emperor"}, "invalid_value"),
        ({"hire_date": "soon"}, "invalid_value"),
        ({"is_admin": True}, "unexpected_field"),
    ],
)
def test_what_breaks_a_rule_makes_no_account(house, admin, wrong, code):
    refused = add(house, admin, **wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [one["path"] for one in refused.json()["errors"]] == [f"/{next(iter(wrong))}"]
    assert house.count("api.accounts") == 1


def test_accounts_are_listed_newest_first_in_pages(house, admin):
    made = [add(house, admin, email=f"mary{n}@example.com").json()["account"]["id"] for n in range(4)]
    seen, cursor = [], None
    while cursor or not seen:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = house.http.get(ACCOUNTS, params=asked, headers=admin.headers).json()
        seen, cursor = seen + [one["id"] for one in page["accounts"]], page["next_cursor"]
    assert seen == [*reversed(made), str(admin.id)]
    assert house.http.get(ACCOUNTS, params={"cursor": "x"}, headers=admin.headers).status_code == 422


def test_a_customer_is_no_account_of_staff(house, admin):
    customer = house.customer()
    for id in (customer.id, "nobody"):
        assert see(house, admin, id).status_code == 404
        assert change(house, admin, id, {"is_active": False}).status_code == 404
    assert house.count("api.accounts where kind = 'customer' and is_active") == 1
