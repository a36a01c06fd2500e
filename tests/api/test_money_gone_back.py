"""What became of money since it came is told alike to its payer and to staff; what Stripe told is told as Stripe's."""

from uuid import UUID, uuid4

import pytest

from tests.api.booking_desk import DAYS, book, pay, see
from tests.api.house import in_days
from tests.api.own_bookings import book as book_own
from tests.api.own_bookings import wish
from tests.api.test_stripe_webhooks import send, signed

CONFIRM = "/api/payments/confirm/"


@pytest.fixture(scope="module")
def admin(busy_house):
    return busy_house.log_in_staff()


@pytest.fixture(scope="module")
def ada(busy_house):
    return busy_house.customer()


@pytest.fixture
def guests(busy_house):
    made = pay(busy_house, book(busy_house))
    return made, {"X-Manage-Token": made["manage_token"]}, f"/api/public/bookings/{number(made)}/"


def number(made):
    return made["booking"]["booking_number"]


def named(made):
    return {"payment_intent_id": made["payment"]["stripe_payment_intent_id"], "booking_number": number(made)}


def customers(house, ada):
    made = book_own(house, ada, wish(pickup_date=in_days(next(DAYS)))).json()
    assert house.http.post("/api/payments/mock-confirm/", json=named(made), headers=ada.headers).status_code == 200
    return made, ada.headers, f"/api/customer/bookings/{made['booking']['id']}/"


def happens(house, sandbox, made, what, **more):
    """At Stripe, whose webhook comes."""
    intent = named(made)["payment_intent_id"]
    assert sandbox.act(what, intent=intent, **more).is_success
    kind, object = {"refunds": ("charge.refunded", "charge"), "disputes": ("charge.dispute.created", "dispute")}[what]
    about = {"id": f"{object}_1", "object": object, "payment_intent": intent}
    event = {"id": f"evt_{uuid4().hex}", "type": kind, "livemode": False, "data": {"object": about}}
    assert send(house, signed(event)).status_code == 200


def told(house, admin, bought):
    """How the payment stands, and what of it has gone back, by everybody who is asked."""
    made, headers, path = bought
    status = house.http.get(f"/api/payments/status/{number(made)}/", headers=headers).json()["payment"]
    confirmed = house.http.post(CONFIRM, json=named(made), headers=headers).json()["payment"]
    own = house.http.get(path, headers=headers).json()["payment"]
    [desk] = see(house, admin, made).json()["payments"]
    return {(one["status"], one["refunded_cents"]) for one in (status, confirmed, own, desk)}


def test_a_guest_is_told_what_has_gone_back_as_staff_are(busy_house, sandbox, admin, guests):
    made, cents = guests[0], guests[0]["payment"]["amount_cents"]
    assert told(busy_house, admin, guests) == {("succeeded", 0)}
    happens(busy_house, sandbox, made, "refunds", amount=5000)
    assert told(busy_house, admin, guests) == {("partially_refunded", 5000)}
    happens(busy_house, sandbox, made, "refunds", amount=cents - 5000)
    assert told(busy_house, admin, guests) == {("refunded", cents)}


def test_a_customer_is_told_of_a_dispute_as_staff_are(busy_house, sandbox, admin, ada):
    bought = customers(busy_house, ada)
    happens(busy_house, sandbox, bought[0], "disputes")
    assert told(busy_house, admin, bought) == {("disputed", 0)}


def test_what_stripe_told_is_stripes_doing_and_nobody_elses(busy_house, sandbox, admin, ada, guests):
    for made, headers, _ in (guests, customers(busy_house, ada)):
        happens(busy_house, sandbox, made, "refunds")
        past = see(busy_house, admin, made).json()["timeline"]
        asker = "guest" if "X-Manage-Token" in headers else f"customer:{ada.id}"
        actors = {one["what"]: one["actor"] for one in past}
        assert (actors["BookingPlaced"], actors["PaymentSucceeded"]) == (asker, asker)
        assert {actors[name] for name in ("RefundRequested", "RefundCompleted", "RefundPaidOut")} == {"stripe"}
        events = busy_house.store.history(UUID(made["payment"]["id"]))
        assert [one.origin.actor for one in events][-1] == "stripe"
