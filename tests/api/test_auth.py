"""Coming in and going over HTTP, for customers and staff alike: sessions by cookie and by header."""

import psycopg
import pytest

from settings import Settings
from tests.api.entering import AREAS, COOKIES, MAIL, enter, is_in, log_in, told
from tests.api.house import ENV, PASSWORD, open_house, serving

PRODUCTION = {
    "TOTETAXI_ENV": "production",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
    "TOTETAXI_STRIPE_API_URL": "",
    "TOTETAXI_IDENTITY_KEY": "i" * 40,
    "ALLOWED_HOSTS": "book.example,127.0.0.1",
    "TOTETAXI_BASE_URL": "https://book.example",
    "TOTETAXI_RATE_LIMITS": "on",
}


@pytest.mark.parametrize("area", AREAS)
def test_the_right_password_opens_a_session_both_ways(house, area):
    person = enter(house, area)
    answer = log_in(house, area, "Ada@Example.com")
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"user", "profile", "session_id", "csrf_token"}
    assert (body["user"]["id"], body["user"]["email"]) == (str(person.id), MAIL)
    assert house.http.get(f"/api/{area}/csrf-token/").json() == {"csrf_token": body["csrf_token"]}
    house.http.cookies.clear()
    assert not is_in(house, area)
    assert is_in(house, area, {"X-Session-Id": body["session_id"]})


def test_a_customer_is_told_about_themselves(house):
    house.customer(MAIL, is_verified=False)
    body = log_in(house, "customer").json()
    assert body["user"]["is_verified"] is False
    assert (body["profile"]["first_name"], body["profile"]["phone"]) == ("Ada", "+12125550123")
    again = house.http.get("/api/customer/auth/user/").json()
    assert again == {name: body[name] for name in ("user", "profile")}


def test_staff_are_told_what_they_may(house):
    house.log_in_staff("support", MAIL)
    profile = log_in(house, "staff").json()["profile"]
    assert (profile["role"], profile["name"]) == ("support", "Grace Hopper")
    assert "view_customers" in profile["permissions"]
    assert "manage_staff" not in profile["permissions"]


@pytest.mark.parametrize("area", AREAS)
def test_the_cookie_is_kept_from_scripts_and_other_sites(house, area):
    enter(house, area)
    cookie = log_in(house, area).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIES[area]}=")
    assert {"httponly", "samesite=lax", "path=/", "max-age=1209600"} <= set(cookie.lower().split("; "))


@pytest.mark.parametrize("area", AREAS)
def test_in_production_the_cookie_is_bound_to_host_and_tls(database, area):
    with open_house(database, **PRODUCTION) as house:
        assert log_in(house, area).status_code == 401
        person = enter(house, area)
        cookie = log_in(house, area).headers["set-cookie"]
        assert cookie.startswith(f"__Host-{COOKIES[area]}=")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(cookie.lower().split("; "))
        assert "domain" not in cookie.lower()
        gone = house.http.post(f"/api/{area}/auth/logout/", headers=person.headers).headers["set-cookie"].lower()
        assert gone.startswith(f"__host-{COOKIES[area]}=")
        assert {"secure", "max-age=0", "path=/"} <= set(gone.split("; "))


@pytest.mark.parametrize("area", AREAS)
def test_whoever_is_logged_in_there_is_nobody_here(house, area):
    [other] = set(AREAS) - {area}
    headers = enter(house, area).headers
    assert is_in(house, area, headers)
    assert not is_in(house, other, headers)
    assert told(log_in(house, other))[0] == 401


@pytest.mark.parametrize("area", AREAS)
def test_a_session_that_was_planted_is_not_the_one_that_logs_in(house, area):
    planted = enter(house, area).headers["X-Session-Id"]
    house.http.cookies.set(COOKIES[area], planted)
    session = log_in(house, area).json()["session_id"]
    house.http.cookies.clear()
    assert session != planted
    assert not is_in(house, area, {"X-Session-Id": planted})
    assert is_in(house, area, {"X-Session-Id": session})
    by_header = log_in(house, area, headers={"X-Session-Id": session}).json()["session_id"]
    house.http.cookies.clear()
    assert not is_in(house, area, {"X-Session-Id": session})
    assert is_in(house, area, {"X-Session-Id": by_header})


@pytest.mark.parametrize("area", AREAS)
def test_a_token_that_the_client_makes_up_opens_nothing(house, area):
    enter(house, area)
    house.http.cookies.set(COOKIES[area], "made-up")
    session = log_in(house, area).json()["session_id"]
    assert session != "made-up"
    house.http.cookies.clear()
    assert not is_in(house, area, {"X-Session-Id": "made-up"})


@pytest.mark.parametrize("area", AREAS)
def test_a_request_with_two_sessions_is_refused(house, area):
    headers = enter(house, area).headers
    mine = log_in(house, area).json()["session_id"]
    assert is_in(house, area)
    assert not is_in(house, area, headers)
    assert is_in(house, area, {"X-Session-Id": mine})
    assert not is_in(house, area, [("X-Session-Id", mine), ("X-Session-Id", headers["X-Session-Id"])])


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("dead", ["", "dead"])
def test_a_header_that_opens_nothing_never_falls_back_to_the_cookie(house, area, dead):
    enter(house, area)
    log_in(house, area)
    assert is_in(house, area)
    assert not is_in(house, area, {"X-Session-Id": dead})


@pytest.mark.parametrize("area", AREAS)
def test_logging_out_ends_the_session_both_ways_on_every_server(house, area):
    enter(house, area)
    body = log_in(house, area).json()
    by_header = {"X-Session-Id": body["session_id"]}
    with serving(Settings.from_env(ENV | {"DATABASE_URL": house.database})) as elsewhere:
        path = f"{elsewhere}/api/{area}/auth/user/"
        assert house.http.get(path).status_code == house.http.get(path, headers=by_header).status_code == 200
        gone = house.http.post(f"/api/{area}/auth/logout/", headers={"X-CSRF-Token": body["csrf_token"]})
        assert gone.status_code == 200
        assert COOKIES[area] not in house.http.cookies
        assert house.http.get(path, headers=by_header).status_code == 401
        assert house.http.get(path, headers={"Cookie": f"{COOKIES[area]}={body['session_id']}"}).status_code == 401
        assert not is_in(house, area, by_header)


@pytest.mark.parametrize("area", AREAS)
def test_a_session_ends_by_itself(house, area):
    headers = enter(house, area).headers
    with psycopg.connect(house.database) as db:
        db.execute("update api.sessions set expires_at = now()")
    assert not is_in(house, area, headers)


@pytest.mark.parametrize("area", AREAS)
def test_who_is_disabled_is_out_at_once_and_looks_unknown(house, area):
    headers = enter(house, area).headers
    with psycopg.connect(house.database) as db:
        db.execute("update api.accounts set is_active = false")
    assert not is_in(house, area, headers)
    assert told(log_in(house, area)) == told(log_in(house, area, "nobody@example.com"))


@pytest.mark.parametrize("area", AREAS)
def test_neither_passwords_nor_sessions_can_be_read_in_the_database(house, area):
    enter(house, area)
    session = log_in(house, area).json()["session_id"]
    with psycopg.connect(house.database) as db:
        rows = db.execute("select a::text || s::text from api.accounts a, api.sessions s").fetchall()
        log = db.execute("select convert_from(state, 'UTF8') from eventlog.stored_events").fetchall()
    for secret in (PASSWORD, session, session.encode().hex()):
        assert secret not in str(rows)
        assert secret not in str(log)


@pytest.mark.parametrize("field", [{"role": "admin"}, {"is_vip": True}])
def test_further_fields_are_refused(still_house, field):
    for area in AREAS:
        body = {"email": MAIL, "password": PASSWORD} | field
        answer = still_house.http.post(f"/api/{area}/auth/login/", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unexpected_field")
