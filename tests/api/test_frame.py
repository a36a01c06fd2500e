"""What is around every request: ids, safety, refusals in their order, problems that tell nothing, limits, metrics."""

import json

import pytest

from api.app import create, policies
from api.call import Call
from api.policies import CATALOGUE
from api.route import Route
from settings import Settings
from tests.api.house import ENV, JSON, booking, open_house

PAGE = "https://book.totetaxi.example"
PRODUCTION = {
    "TOTETAXI_ENV": "production",
    "TOTETAXI_IDENTITY_KEY": "identity" * 4,
    "TOTETAXI_RATE_LIMITS": "on",
    "TOTETAXI_STRIPE_API_URL": "",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "ALLOWED_HOSTS": "book.totetaxi.example,*.wild.example",
    "TOTETAXI_BASE_URL": PAGE,
}


def fail(call: Call) -> None:
    """Breaks with something that nobody outside may read."""
    raise ValueError("secret inside")


BROKEN = Route("GET /api/broken/", fail, CATALOGUE)


def test_a_sane_request_id_is_kept_and_another_is_replaced(still_house):
    get = still_house.http.get
    assert get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    for odd in ("two words", "x" * 101, 'quote"', "ada@example.com"):
        assert get("/healthz", headers={"X-Request-Id": odd}).headers["x-request-id"] != odd
    assert get("/healthz").headers["x-request-id"] != get("/healthz").headers["x-request-id"]


def test_request_id_and_traceparent_go_into_the_log(house):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    house.book(headers={"X-Request-Id": "abc-1", "traceparent": traceparent})
    bodies = "eventlog.stored_events where convert_from(state, 'UTF8') like "
    assert house.count(bodies + "'%abc-1%'") == 3
    assert house.count(bodies + f"'%{traceparent}%'") == 3


def test_what_is_no_traceparent_does_not_go_into_the_log(house):
    house.book(headers={"traceparent": "ada@example.com, 1 Main St"})
    assert house.count("eventlog.stored_events where convert_from(state, 'UTF8') like '%ada@example%'") == 0


def test_an_error_inside_is_a_problem_that_tells_nothing(database):
    with open_house(database, BROKEN) as house:
        answer = house.http.get("/api/broken/")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "secret inside" not in answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_every_answer_has_headers_of_safety(still_house):
    for path in ("/healthz", "/api/nothing/", "/api/staff/dashboard/"):
        headers = still_house.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "strict-transport-security" not in headers


def test_refusals_come_in_their_order(still_house):
    post = still_house.http.post
    staff = "/api/staff/parked-events/calendar:1/retry/"
    public = "/api/public/guest-booking/"
    wrong = json.dumps(booking(pickup_date="soon"))
    assert post(staff, content=b"{", headers=JSON).status_code == 401
    assert post(staff, content=b" " * 70_000).status_code == 401
    assert post(public, content=b"{", headers={"content-type": "text/plain"}).status_code == 415
    assert post(public, content=b"{", headers=JSON | {"Idempotency-Key": "a b"}).status_code == 400
    assert post(public, content=wrong, headers=JSON).status_code == 422


def test_every_route_has_a_policy_and_an_app_with_another_kind_of_route_does_not_start():
    settings = Settings.from_env(ENV | {"DATABASE_URL": "dbname=none"})
    app = create(settings)
    assert policies(app)["POST /api/public/guest-booking/"].who == "anyone"
    assert {policy.who for where, policy in policies(app).items() if "/api/staff/" in where} == {"anyone", "staff"}
    app.add_api_route("/free/", lambda: None)
    with pytest.raises(TypeError, match="policy"):
        policies(app)
    with pytest.raises(TypeError):
        Route("GET /api/none/", fail)


def test_ready_tells_of_kafka_and_read_models(database):
    with open_house(database, TOTETAXI_KAFKA_BOOTSTRAP="127.0.0.1:9") as house:
        answer = house.http.get("/readyz")
        assert (answer.status_code, answer.json()["status"], answer.json()["kafka"]) == (200, "degraded", "away")
        assert answer.json()["read_models"]["calendar"]["parked"] == 0


def test_metrics_count_requests_by_route_and_show_the_lag(house):
    made = house.book().json()
    text = house.http.get("/metrics").text
    assert 'totetaxi_requests_total{method="POST",route="/api/public/guest-booking/",status="201"}' in text
    assert f"totetaxi_log_head {float(made['position'])}" in text
    assert 'totetaxi_read_model_lag_events{model="dashboard"}' in text
    assert made["booking"]["booking_number"] not in text


def test_pages_of_origins_in_the_settings_may_call_with_cookies_and_read_our_headers(database):
    with open_house(database, CORS_ALLOWED_ORIGINS=PAGE) as house:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "PATCH"}
        asked["Access-Control-Request-Headers"] = "content-type, if-match, x-csrf-token, idempotency-key"
        before = house.http.options("/api/customer/profile/", headers=asked).headers
        assert (before["access-control-allow-origin"], before["access-control-allow-credentials"]) == (PAGE, "true")
        assert "PATCH" in before["access-control-allow-methods"]
        assert "x-csrf-token" in before["access-control-allow-headers"]
        answer = house.http.get("/api/public/services/", headers={"Origin": PAGE}).headers
        assert (answer["access-control-allow-origin"], answer["vary"]) == (PAGE, "Origin")
        assert {"ETag", "X-Request-Id", "Retry-After", "RateLimit-Remaining"} <= exposed(answer)
        refused = house.http.get("/api/customer/profile/", headers={"Origin": PAGE})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)


@pytest.mark.parametrize("origin", ["https://evil.example", PAGE + ".evil.example", "null"])
def test_pages_of_other_origins_read_nothing(database, origin):
    with open_house(database, CORS_ALLOWED_ORIGINS=PAGE) as house:
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        for answer in (house.http.options("/api/public/services/", headers=asked),
                       house.http.get("/api/public/services/", headers={"Origin": origin})):  # fmt: skip
            assert "access-control-allow-origin" not in answer.headers


def test_without_the_setting_no_other_page_may_call(still_house):
    answer = still_house.http.get("/api/public/services/", headers={"Origin": PAGE})
    assert "access-control-allow-origin" not in answer.headers


def test_production_answers_to_its_own_names_only_and_asks_for_tls_for_ever(database):
    with open_house(database, **PRODUCTION) as house:

        def ask(host, path="/api/public/services/"):
            return house.http.get(path, headers={"Host": host})

        for host in ("book.totetaxi.example", "BOOK.totetaxi.example:443", "a.wild.example"):
            assert ask(host).status_code == 200
        for host in (
            "evil.example",
            "totetaxi.example",
            "book.totetaxi.example.evil.example",
            "wild.example",
            "127.0.0.1",
        ):
            assert (ask(host).status_code, ask(host).json()["code"]) == (421, "unknown_host")
        assert ask("10.0.0.7", "/healthz").status_code == 200
        assert ask("book.totetaxi.example").headers["strict-transport-security"].startswith("max-age=31536000")


def exposed(headers) -> set[str]:
    return set(headers["access-control-expose-headers"].split(", "))
