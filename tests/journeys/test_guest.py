"""A guest's whole story over HTTP, Stripe and Kafka, with what the house sees of it at each step."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from commands import NEW_YORK
from domain import house
from domain.house import HoldTimeSet
from eventlog.store import Ref
from settings import RUNNING, Settings, read_env_file
from tests.waiting import until
from tests.workers.platform import Platform
from workers.upkeep import acting, stripe_of

GOOD_CARD, SECURE_CARD = "4242424242424242", "4000002760003184"
MINI_MOVE_CENTS, UNTOUCHED = 172_500, 10


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Platform(tmp_path_factory.mktemp("journey") / "data", "--kafka") as platform:
        yield platform.ready()


@pytest.fixture
def told(platform):
    """What `totetaxi run` tells other shells."""
    return read_env_file(platform.data / RUNNING)


@pytest.fixture
def http(told):
    with httpx.Client(base_url=told["TOTETAXI_BASE_URL"], timeout=20) as http:
        yield http


@pytest.fixture
def see(http, told):
    """What staff and public see once the read models have come to a position."""
    login = {"email": told["TOTETAXI_STAFF_EMAIL"], "password": told["TOTETAXI_STAFF_PASSWORD"]}
    session = http.post("/api/staff/auth/login/", json=login).json()["session_id"]

    def see(path, position):
        headers = {"X-Session-Id": session, "X-Consistency-Position": str(position)}
        return until(lambda: done(http.get(path, headers=headers), behind_is_none=True))

    return see


def done(answer, behind_is_none=False):
    """The body of an answer that is none of refusal; None for a read model that is not there yet."""
    if behind_is_none and answer.status_code == 503:
        return None
    assert answer.is_success, answer.text
    return answer.json()


def wednesday(weeks):
    """A day without surcharges, so many weeks ahead."""
    today = datetime.now(UTC).astimezone(NEW_YORK).date()
    return (today + timedelta(7 * weeks + (2 - today.weekday()) % 7)).isoformat()


def wish(mail, day):
    return {
        "customer_info": {"first_name": "Ada", "last_name": "Byron", "email": mail, "phone": "+12125550123"},
        "service_type": "mini_move",
        "mini_move_package": "standard",
        "pickup_address": {"address_line_1": "1 Main St", "city": "New York", "state": "NY", "zip_code": "10013"},
        "delivery_address": {"address_line_1": "9 W 57th St", "city": "New York", "state": "NY", "zip_code": "10019"},
        "pickup_date": day,
        "pickup_time": "morning",
    }


class Seen:
    """Calendar, dashboard and history for one guest's day, at a position."""

    def __init__(self, see, mail, day, position):
        [shown] = see(f"/api/public/calendar/availability/?start_date={day}&end_date={day}", position)["days"]
        dashboard = see("/api/staff/dashboard/", position)
        self.left = shown["remaining"]["mini_move"]
        self.statuses = {status: n for status, n in dashboard["bookings"]["by_status"].items() if n}
        self.earned = dashboard["revenue"]["last_7_days_cents"]
        [found] = see(f"/api/staff/customers/?search={mail}", position)["customers"]
        [self.booking] = see(f"/api/staff/customers/{found['id']}/", position)["bookings"]

    @property
    def payments(self):
        return [payment["status"] for payment in self.booking["payments"]]


def test_a_guest_books_fails_3d_secure_pays_with_another_card_and_the_house_sees_every_step(http, see, told):
    mail, day = "ada@example.com", wednesday(3)
    booked = done(http.post("/api/public/guest-booking/", json=wish(mail, day), headers={"Idempotency-Key": "ada-1"}))
    number, intent = booked["booking"]["booking_number"], booked["payment"]["stripe_payment_intent_id"]
    assert booked["booking"]["pricing"]["total_price_cents"] == booked["payment"]["amount_cents"] == MINI_MOVE_CENTS
    seen = Seen(see, mail, day, booked["position"])
    assert (seen.left, seen.statuses, seen.earned, seen.payments) == (UNTOUCHED - 1, {"pending": 1}, 0, ["pending"])

    paying = {"booking_number": number, "payment_intent_id": intent}
    asked = done(http.post("/api/payments/mock-confirm/", json=paying | {"card": SECURE_CARD}))
    assert asked["payment"]["status"] == "requires_action"
    seen = Seen(see, mail, day, asked["position"])
    assert (seen.statuses, seen.earned, seen.payments) == ({"pending": 1}, 0, ["requires_action"])

    refused = httpx.post(f"{told['TOTETAXI_STRIPE_API_URL']}/sandbox/3ds/{intent}", data={"result": "fail"})
    assert refused.status_code in (200, 303)
    failed = done(http.post("/api/payments/confirm/", json=paying))
    assert (failed["payment"]["status"], failed["booking"]["status"]) == ("failed", "pending")
    seen = Seen(see, mail, day, failed["position"])
    assert (seen.left, seen.statuses, seen.earned, seen.payments) == (UNTOUCHED - 1, {"pending": 1}, 0, ["failed"])

    paid = done(http.post("/api/payments/mock-confirm/", json=paying | {"card": GOOD_CARD}))
    assert (paid["payment"]["status"], paid["booking"]["status"]) == ("succeeded", "paid")
    seen = Seen(see, mail, day, paid["position"])
    assert (seen.left, seen.statuses, seen.earned) == (UNTOUCHED - 1, {"paid": 1}, MINI_MOVE_CENTS)
    assert (seen.payments, seen.booking["status"], seen.booking["booking_number"]) == (["succeeded"], "paid", number)
    again = http.post("/api/public/guest-booking/", json=wish(mail, day), headers={"Idempotency-Key": "ada-1"})
    assert again.json() == booked


def test_a_hold_that_expires_gives_the_place_back_and_ends_the_payment_at_stripe(http, see, told):
    mail, day = "grace@example.com", wednesday(4)
    settings = Settings.from_env(told)
    with acting(settings, "a hold that is over at once") as ctx:
        ctx.append([Ref(house, house.stream())], lambda _: [[HoldTimeSet(0)]])
    number = done(http.post("/api/public/guest-booking/", json=wish(mail, day)))["booking"]["booking_number"]

    until(lambda: done(http.get(f"/api/public/booking-status/{number}/"))["status"] == "cancelled")
    payment = until(lambda: ended(done(http.get(f"/api/payments/status/{number}/"))["payment"]))
    assert payment["status"] == "cancelled"
    assert stripe_of(settings).retrieve_intent(payment["stripe_payment_intent_id"]).status == "canceled"
    seen = Seen(see, mail, day, last_position(settings))
    assert (seen.left, seen.booking["status"], seen.payments) == (UNTOUCHED, "cancelled", ["cancelled"])
    assert seen.statuses["cancelled"] == 1


def ended(payment):
    return payment if payment and payment["status"] in ("cancelled", "failed", "succeeded") else None


def last_position(settings):
    with acting(settings, "a look") as ctx:
        return ctx.store.recorder.max_notification_id()
