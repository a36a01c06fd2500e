"""What the last comparison of our books found: on the dashboard for who may see money, and in /metrics."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from domain import reconciliation
from domain.moment import day_of
from domain.reconciliation import Finding, Kind
from tests.api.booking_desk import shared_house
from tests.api.money_desk import seen
from tests.projections.stories import tell

DASHBOARD = "/api/staff/dashboard/"


@pytest.fixture(scope="module")
def house(server):
    with shared_house(server) as house:
        yield house


def compared(house, at, *findings, **more):
    stream = reconciliation.stream(day_of(at))
    event = replace(reconciliation.compared(7, 2, findings, at - timedelta(3)), **more)
    tell(house.store, stream, (stream, event), at=at)


def measured(house):
    lines = house.http.get("/metrics").text.splitlines()
    told = (line.split() for line in lines if line.startswith(("totetaxi_unexplained", "totetaxi_books")))
    return {name.removeprefix("totetaxi_"): float(value) for name, value in told}


def test_the_dashboard_and_the_metrics_tell_what_the_last_comparison_found(house):
    admin, plain = house.log_in_staff(), house.log_in_staff("operator", "plain@example.com")
    assert seen(house, admin, DASHBOARD)["books"] is None
    assert measured(house) == {"unexplained_cents": 0, "books_compared_timestamp_seconds": 0}
    at, id = datetime.now(UTC).replace(microsecond=0), uuid4()
    compared(house, at, Finding(Kind.NOT_AT_STRIPE, "pi_1", id, cents=-700), Finding(Kind.PAYMENT_STUCK, "pi_2", id))
    books = seen(house, admin, DASHBOARD)["books"]
    assert (books["unexplained_cents"], books["compared"], books["mended"]) == (700, 7, 2)
    assert (books["left_out"], books["is_whole"]) == (0, True)
    assert books["findings"][0] == {
        "kind": "not_at_stripe",
        "stripe_id": "pi_1",
        "payment_id": str(id),
        "refund_id": None,
        "cents": -700,
    }
    assert (books["compared_at"][:19], books["findings"][1]["kind"]) == (at.isoformat()[:19], "payment_stuck")
    assert seen(house, plain, DASHBOARD)["books"] is None
    assert measured(house) == {"unexplained_cents": 700, "books_compared_timestamp_seconds": at.timestamp()}
    compared(house, at + timedelta(seconds=1), is_whole=False)
    assert seen(house, admin, DASHBOARD)["books"]["unexplained_cents"] == 0
    assert measured(house) == {"unexplained_cents": 0, "books_compared_timestamp_seconds": 0}
