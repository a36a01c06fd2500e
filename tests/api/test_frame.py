"""What is around every request: ids, safety, refusals in their order, problems that tell nothing, limits, metrics."""

import json

import pytest

from api.app import create, policies
from api.call import Call
from api.policies import CATALOGUE
from api.ratelimits import client_address, networks
from api.route import Route
from settings import Settings
from tests.api.house import ENV, JSON, booking, open_house


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
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


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


def test_the_reference_names_bodies_paths_and_queries(still_house):
    paths = still_house.http.get("/openapi.json").json()["paths"]
    body = paths["/api/public/guest-booking/"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"]["discriminator"]["propertyName"] == "service_type"
    days = paths["/api/public/calendar/availability/"]["get"]["parameters"]
    assert {one["name"] for one in days} == {"start_date", "end_date"}
    assert still_house.http.get("/docs").status_code == 200


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


def test_public_writes_are_limited_for_an_address(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:

        def ask(address):
            return house.http.post(
                "/api/public/validate-zip/", json={"zip_code": "10013"}, headers={"X-Forwarded-For": address}
            )

        answers = [ask("203.0.113.7") for _ in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert (answers[-1].json()["code"], answers[-1].headers["ratelimit-limit"]) == ("rate_limited", "20")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 3
        assert ask("203.0.113.8").status_code == 200


def test_logging_in_is_limited_to_five_a_minute(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:

        def ask():
            return house.http.post("/api/staff/auth/login/", json={"email": "a@example.com", "password": "b"})

        assert [ask().status_code for _ in range(6)] == [401] * 5 + [429]


def test_forwarded_addresses_are_believed_from_trusted_peers_only():
    def seen(peer, forwarded, trusted=("127.0.0.0/8", "10.0.0.0/8")):
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        return client_address({"client": (peer, 1), "headers": headers}, networks(trusted))

    assert seen("127.0.0.1", "203.0.113.7") == "203.0.113.7"
    assert seen("198.51.100.1", "203.0.113.7") == "198.51.100.1"
    assert seen("10.0.0.2", "6.6.6.6, 203.0.113.7, 10.0.0.9") == "203.0.113.7"
    assert seen("10.0.0.2", "no address") == "10.0.0.2"
    assert seen("127.0.0.1", "2001:db8::1:2:3:4") == "2001:db8::/64"
    assert seen("127.0.0.1", "") == "127.0.0.1"
    assert seen("::ffff:198.51.100.1", "203.0.113.7") == "198.51.100.1"
    assert seen("::ffff:10.0.0.2", "::ffff:203.0.113.7") == "203.0.113.7"
    assert seen("127.0.0.1", "203.0.113.7" + ", 127.0.0.1" * 100_000) == "127.0.0.1"
