"""A read that waits for a read model is answered to whoever is still logged in, and may read it, when it comes."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.api.house import open_house
from tests.api.projected import project
from tests.waiting import until

READS = {"customer": "/api/customer/history/", "staff": "/api/staff/customers/"}
ENDS = {
    "logged_out": "delete from api.sessions",
    "disabled": "update api.accounts set is_active = false",
    "demoted": "update api.accounts set role = 'dispatcher'",
}


@pytest.mark.parametrize(
    ("area", "end", "status"),
    [("customer", "logged_out", 401), ("staff", "logged_out", 401), ("staff", "disabled", 401),
     ("staff", "demoted", 403)],
)  # fmt: skip
def test_who_is_sent_away_while_a_read_waits_is_shown_nothing(database, area, end, status):
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:
        who = house.customer() if area == "customer" else house.log_in_staff()
        project(house)
        position = house.book(headers={"Idempotency-Key": "k"}).json()["position"]
        late = who.headers | {"X-Consistency-Position": str(position)}
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(house.http.get, READS[area], headers=late)
            until(lambda: house.count(f"api.rate_limits where bucket like '%{who.id}'") == 1)  # it was let in
            with psycopg.connect(database) as db:
                db.execute(ENDS[end])
            assert waiting.result(20).status_code == status
