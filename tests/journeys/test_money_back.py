"""Money comes and goes back over HTTP, Stripe and Kafka; what customer and house see is right at each step."""

from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain import payment
from domain.payment import Status, standing
from eventlog.store import Ref
from tests.api.booking_desk import cancel, code
from tests.api.house import in_days
from tests.api.money_desk import decide
from tests.api.own_bookings import book, wish
from tests.conftest import TEMPLATE
from tests.journeys.in_threads import platform
from tests.journeys.test_guest import SECURE_CARD, UNTOUCHED, done
from tests.waiting import until

DISPUTED_CARD = "4000000000000259"
PAYMENTS = "/api/payments/"


@pytest.fixture(scope="module")
def running(server, bootstrap, vault):
    """House and sandbox, on a database with a log, and so a topic, of its own."""
    name = f"money_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template {TEMPLATE}")
        database = make_conninfo(server, dbname=name)
        with psycopg.connect(database) as made:
            made.execute("update eventlog.log set id = gen_random_uuid()")
        with platform(database, bootstrap, vault) as both:
            yield both
        db.execute(f"drop database {name} with (force)")


@pytest.fixture
def house(running):
    return running[0]


@pytest.fixture
def sandbox(running):
    return running[1]


@pytest.fixture(scope="module")
def admin(running):
    return running[0].log_in_staff()


def at(house, who, path, position):
    """What a read model answers once it has come to a position."""
    headers = who.headers | {"X-Consistency-Position": str(position)}
    return until(lambda: done(house.http.get(path, headers=headers), behind_is_none=True), 60)


class Seen:
    """What calendar and dashboard show of a day, and the customer of their booking, at a position."""

    def __init__(self, house, admin, ada, made, position):
        id, day = made["booking"]["id"], made["booking"]["pickup_date"]
        calendar = f"/api/public/calendar/availability/?start_date={day}&end_date={day}"
        [shown] = at(house, admin, calendar, position)["days"]
        board = at(house, admin, "/api/staff/dashboard/", position)
        self.left = shown["remaining"]["mini_move"]
        self.used = {one["date"]: one["used"] for one in board["capacity"]}[day]
        self.statuses = {status: n for status, n in board["bookings"]["by_status"].items() if n}
        self.earned = board["revenue"]["last_7_days_cents"]
        self.urgent = [(one["reason"], one["booking_id"]) for one in board["urgent"]]
        bookings = at(house, ada, "/api/customer/history/", position)["bookings"]
        self.booking = next(one for one in bookings if one["id"] == id)
        self.told = at(house, ada, f"/api/customer/bookings/{id}/timeline/", position)
        assert self.told == {name: self.booking[name] for name in self.told}

    @property
    def house(self):
        return self.left, self.used, self.statuses, self.earned, self.urgent

    @property
    def stands(self):
        """Booking, payments, refunds."""
        payments, refunds = ([one["status"] for one in self.told[name]] for name in ("payments", "refunds"))
        return self.booking["status"], payments, refunds

    @property
    def whats(self):
        return {line["what"] for line in self.told["timeline"]}


def authenticated(sandbox, intent):
    """As the payer's browser does it: opens the bank's page, presses the button, is sent back to the shop."""
    page = sandbox.call("GET", f"payment_intents/{intent}").json()["next_action"]["redirect_to_url"]["url"]
    with httpx.Client(timeout=20, trust_env=False) as browser:
        assert '<button name="result" value="complete">' in browser.get(page).text
        sent_back = browser.post(page, data={"result": "complete"})
    assert (sent_back.status_code, "redirect_status=succeeded" in sent_back.headers["location"]) == (303, True)


def paying(made):
    number, intent = made["booking"]["booking_number"], made["payment"]["stripe_payment_intent_id"]
    return {"booking_number": number, "payment_intent_id": intent}


def given_back(house, id):
    """The position at which the refund was done."""

    def last():
        past = house.store.history(UUID(id))
        return past[-1].position if past and past[-1].name == "RefundCompleted" else None

    return until(last, 60)


def acts(house, admin, made, position):
    """What the audit log has of the booking: act and address of who did it, oldest first."""
    entries = at(house, admin, f"/api/staff/audit/?booking_id={made['booking']['id']}", position)["entries"]
    return [(one["action_type"], one["staff_email"]) for one in reversed(entries)]


def paid_with_3d_secure(house, sandbox, admin, ada):
    """A booking of theirs ten days from now; what is seen of it is right until the money has come."""
    made = done(book(house, ada, wish(pickup_date=in_days(10))))
    seen = Seen(house, admin, ada, made, made["position"])
    assert seen.house == (UNTOUCHED - 1, 1, {"pending": 1}, 0, [])
    assert seen.stands == ("pending", ["pending"], [])

    card = paying(made) | {"card": SECURE_CARD}
    asked = done(house.http.post(f"{PAYMENTS}mock-confirm/", json=card, headers=ada.headers))
    seen = Seen(house, admin, ada, made, asked["position"])
    assert (seen.stands, seen.earned) == (("pending", ["requires_action"], []), 0)
    authenticated(sandbox, made["payment"]["stripe_payment_intent_id"])
    paid = done(house.http.post(f"{PAYMENTS}confirm/", json=paying(made), headers=ada.headers))
    seen = Seen(house, admin, ada, made, paid["position"])
    assert seen.house == (UNTOUCHED - 1, 1, {"paid": 1}, made["payment"]["amount_cents"], [])
    assert seen.stands == ("paid", ["succeeded"], [])
    return made


def test_a_customer_pays_with_3d_secure_staff_cancel_another_approves_and_the_money_is_back(house, sandbox, admin):
    ada = house.customer()
    operator = house.log_in_staff("operator", "kim@example.com", can_approve_refunds=True)
    manager = house.log_in_staff("manager", "mary@example.com", can_approve_refunds=True)
    made = paid_with_3d_secure(house, sandbox, admin, ada)
    cents = made["payment"]["amount_cents"]

    gone = done(cancel(house, operator, made))
    seen = Seen(house, admin, ada, made, gone["position"])
    assert seen.house == (UNTOUCHED, 0, {"cancelled": 1}, cents, [])
    assert seen.stands == ("cancelled", ["succeeded"], ["requested"])
    [asked_back] = seen.told["refunds"]
    assert asked_back["amount_cents"] == cents
    assert code(decide(house, operator, asked_back["id"], "approve")) == (403, "needs_second_person")
    done(decide(house, manager, asked_back["id"], "approve"))

    position = given_back(house, asked_back["id"])
    seen = Seen(house, admin, ada, made, position)
    assert seen.house == (UNTOUCHED, 0, {"cancelled": 1}, 0, [])
    assert seen.stands == ("cancelled", ["refunded"], ["completed"])
    assert {"BookingPaid", "BookingCancelled", "RefundRequested", "RefundApproved", "RefundCompleted"} <= seen.whats
    [line] = [one for one in sandbox.ledger() if one["id"] == made["payment"]["stripe_payment_intent_id"]]
    assert (line["charges"], line["amount_received"], line["refunded"]) == (1, cents, cents)
    told = acts(house, admin, made, position)
    assert told == [("modify_booking", operator.mail), ("approve_refund", manager.mail)]
    assert all(
        house.count(f"{model}.positions where kafka_offset > 0") for model in ("calendar", "dashboard", "history")
    )


def test_a_dispute_is_urgent_until_the_bank_has_decided_for_the_house(house, sandbox, admin):
    eve, day = house.customer("eve@example.com"), in_days(11)
    made = done(book(house, eve, wish(pickup_date=day)))
    id, stream = made["booking"]["id"], Ref(payment, UUID(made["payment"]["id"]))
    done(house.http.post(f"{PAYMENTS}mock-confirm/", json=paying(made) | {"card": DISPUTED_CARD}, headers=eve.headers))

    def position(status):
        """By webhook, in its time."""
        until(lambda: standing(house.store.load(stream).state) is status, 60)
        return house.store.history(stream.stream)[-1].position

    seen = Seen(house, admin, eve, made, position(Status.DISPUTED))
    assert (seen.urgent, seen.stands) == ([("dispute", id)], ("paid", ["disputed"], []))
    [dispute] = next(one["disputes"] for one in sandbox.ledger() if one["id"] == paying(made)["payment_intent_id"])
    assert sandbox.act(f"disputes/{dispute['id']}/close", outcome="won").is_success
    seen = Seen(house, admin, eve, made, position(Status.SUCCEEDED))
    assert (seen.urgent, seen.stands) == ([], ("paid", ["succeeded"], []))
