"""Forged requests: a page of somebody else writes nothing with a cookie, and logs nobody in."""

import pytest

from tests.api.entering import AREAS, COOKIES, MAIL, enter, is_in, log_in, refusal
from tests.api.house import PASSWORD, open_house

PARTNER = "https://partner.example"
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
OURS = [
    {},
    {"Origin": "http://127.0.0.1:8000"},
    {"Origin": PARTNER, "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.fixture
def open_to_partner(database):
    with open_house(database, CORS_ALLOWED_ORIGINS=PARTNER) as house:
        yield house


def log_out(house, area, headers):
    return house.http.post(f"/api/{area}/auth/logout/", headers=headers)


@pytest.mark.parametrize("area", AREAS)
def test_a_write_by_cookie_needs_the_sessions_own_token(house, area):
    enter(house, area)
    other = log_in(house, area).json()["csrf_token"]
    house.http.cookies.clear()
    mine = log_in(house, area).json()["csrf_token"]
    for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": other}, {"X-CSRF-Token": mine[:-1]}):
        assert refusal(log_out(house, area, wrong)) == (403, "csrf_failed")
    assert is_in(house, area)
    assert log_out(house, area, {"X-CSRF-Token": mine}).status_code == 200


@pytest.mark.parametrize("area", AREAS)
def test_a_write_by_session_id_needs_neither_token_nor_origin(house, area):
    headers = enter(house, area).headers
    assert log_out(house, area, headers | FOREIGN[0]).status_code == 200


@pytest.mark.parametrize("area", AREAS)
def test_a_foreign_page_writes_nothing_even_with_the_token(open_to_partner, area):
    enter(open_to_partner, area)
    token = {"X-CSRF-Token": log_in(open_to_partner, area).json()["csrf_token"]}
    for foreign in FOREIGN:
        assert refusal(log_out(open_to_partner, area, token | foreign)) == (403, "csrf_failed")
    assert is_in(open_to_partner, area, FOREIGN[0])  # reading is what browsers keep foreign pages from


@pytest.mark.parametrize("area", AREAS)
def test_our_own_pages_write_with_the_token(open_to_partner, area):
    enter(open_to_partner, area)
    for ours in [*OURS, {"Origin": open_to_partner.url}]:
        token = {"X-CSRF-Token": log_in(open_to_partner, area).json()["csrf_token"]}
        assert refusal(log_out(open_to_partner, area, ours)) == (403, "csrf_failed")
        assert log_out(open_to_partner, area, token | ours).status_code == 200


@pytest.mark.parametrize("area", AREAS)
def test_a_foreign_page_logs_nobody_in(open_to_partner, area):
    enter(open_to_partner, area)
    for foreign in FOREIGN:
        answer = log_in(open_to_partner, area, headers=foreign)
        assert refusal(answer) == (403, "csrf_failed")
        assert "set-cookie" not in answer.headers
    for ours in OURS:
        assert log_in(open_to_partner, area, headers=ours).status_code == 200


@pytest.mark.parametrize("path", ["register/", "password-reset/", "password-reset/confirm/", "verify-email/"])
def test_a_foreign_page_does_nothing_else_about_an_account(still_house, path):
    answer = still_house.http.post(f"/api/customer/auth/{path}", json={"email": MAIL}, headers=FOREIGN[0])
    assert refusal(answer) == (403, "csrf_failed")


@pytest.mark.parametrize("area", AREAS)
def test_a_form_writes_nothing(house, area):
    """What a form can send without asking: text/plain, a form's own types, no header but its cookies."""
    enter(house, area)
    body = log_in(house, area).json()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"content-type": kind, "Cookie": f"{COOKIES[area]}={body['session_id']}"}
        assert refusal(log_out(house, area, headers)) == (403, "csrf_failed")
        form = {"content-type": kind}
        login = house.http.post(f"/api/{area}/auth/login/", content=credentials(), headers=form)
        assert refusal(login) == (415, "unsupported_media_type")
    assert is_in(house, area)


def credentials() -> bytes:
    return b'{"email": "%s", "password": "%s"}' % (MAIL.encode(), PASSWORD.encode())


def test_in_production_our_pages_are_those_behind_tls(database):
    production = {
        "TOTETAXI_ENV": "production",
        "STRIPE_SECRET_KEY": "sk_live_1",
        "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
        "TOTETAXI_STRIPE_API_URL": "",
        "TOTETAXI_IDENTITY_KEY": "i" * 40,
        "ALLOWED_HOSTS": "book.example,www.example,127.0.0.1",
        "TOTETAXI_BASE_URL": "https://book.example/",
        "TOTETAXI_RATE_LIMITS": "on",
        "TOTETAXI_LIMITS": "auth=100",
    }
    with open_house(database, **production) as house:
        house.customer(MAIL)
        taken = {"https://book.example": 200, "https://www.example": 200, "http://www.example": 403}
        for origin, status in taken.items():
            assert log_in(house, "customer", headers={"Host": "www.example", "Origin": origin}).status_code == status
