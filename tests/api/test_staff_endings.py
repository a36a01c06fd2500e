"""Over HTTP staff cancel a booking and say what goes back of the money; what is over they put away."""

from uuid import UUID

import pytest

from domain.payment import DisputeClosed, DisputeOpened
from domain.permissions import Flags, Permission, Role
from tests.api.booking_desk import (
    acts_on,
    book,
    cancel,
    code,
    of,
    patch,
    paths,
    pay,
    put_away,
    reschedule,
    see,
    shared_house,
)
from tests.api.money_desk import ask_back
from tests.domain.roles import may
from tests.projections.stories import tell


@pytest.fixture(scope="module")
def house(server, sandbox):
    with shared_house(server, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        yield house


@pytest.fixture(scope="module")
def admin(house):
    return house.log_in_staff()


@pytest.fixture(scope="module")
def operator(house):
    return house.log_in_staff("operator", "operator@example.com")


# Cancelled


def test_what_was_paid_goes_back_in_full_and_waits_for_somebody_else(house, operator):
    made = pay(house, book(house))
    answer = cancel(house, operator, made)
    assert (answer.status_code, answer.json()["booking"]["status"]) == (200, "cancelled")
    shown = see(house, operator, made).json()
    [refund] = shown["refunds"]
    assert answer.json()["refunds"] == [{name: refund[name] for name in ("id", "amount_cents", "status")}]
    assert (refund["status"], refund["amount_cents"]) == ("requested", made["payment"]["amount_cents"])
    assert (refund["requested_by"], refund["approved_by"]) == (f"staff:{operator.id}", None)
    assert (refund["payment_id"], refund["completed_at"]) == (made["payment"]["id"], None)
    assert shown["booking"]["cancellation_reason"] == "by_staff"
    assert "The house has burnt down" in [one.get("reason") for one in shown["timeline"]]
    acted, _ = acts_on(house, made)[0]
    assert (acted.action, acted.after["booking"]["status"]) == ("modify_booking", "cancelled")
    assert acted.after["refund"]["amount_cents"] == made["payment"]["amount_cents"]


def test_an_admin_needs_no_second_person(house, admin):
    made = pay(house, book(house))
    [asked] = cancel(house, admin, made, refund_cents=4200).json()["refunds"]
    assert (asked["status"], asked["amount_cents"]) == ("approved", 4200)
    [refund] = see(house, admin, made).json()["refunds"]
    assert (refund["status"], refund["amount_cents"]) == ("approved", 4200)
    assert refund["requested_by"] == refund["approved_by"] == f"staff:{admin.id}"


def test_nothing_goes_back_where_staff_say_so_or_nothing_was_paid(house, operator):
    paid, open = pay(house, book(house)), book(house)
    assert cancel(house, operator, paid, refund_cents=0).json()["booking"]["status"] == "cancelled"
    assert cancel(house, operator, open).json()["booking"]["status"] == "cancelled"
    assert [see(house, operator, made).json()["refunds"] for made in (paid, open)] == [[], []]


def test_who_may_not_is_told_what_is_missing(house):
    made, eve = book(house), house.log_in_staff("operator", "eve@example.com", can_modify_bookings=False)
    lacking = "This needs the permission modify_bookings, which neither your role nor a flag gives you."
    refused = cancel(house, eve, made)
    assert (code(refused), refused.json()["detail"]) == ((403, "not_allowed"), lacking)
    [error] = patch(house, eve, made, {"special_instructions": "Ring twice"}).json()["errors"]
    assert (error["path"], error["message"]) == ("/special_instructions", f"special_instructions: {lacking}")


def test_more_than_was_paid_does_not_go_back(house, operator):
    made = pay(house, book(house))
    refused = cancel(house, operator, made, refund_cents=made["payment"]["amount_cents"] + 1)
    assert (code(refused), paths(refused)) == ((409, "refund_exceeds_payment"), ["/refund_cents"])
    assert code(cancel(house, operator, made, refund_cents=-1)) == (422, "invalid_value")
    assert code(cancel(house, operator, made, reason="  ")) == (422, "invalid_value")
    assert see(house, operator, made).json()["booking"]["status"] == "paid"


def bank_says(house, made, *events):
    on = UUID(made["booking"]["id"])
    tell(house.store, on, *((UUID(made["payment"]["id"]), event) for event in events))


def test_of_money_that_a_bank_holds_nothing_is_promised_and_once_it_is_won_it_can_be_asked_back(house, operator):
    made = pay(house, book(house))
    cents = made["payment"]["amount_cents"]
    bank_says(house, made, DisputeOpened("dp_1", cents, "fraudulent"))
    for told in ({}, {"refund_cents": cents}, {"refund_cents": 1}):
        refused = cancel(house, operator, made, **told)
        assert (code(refused), paths(refused)) == ((409, "payment_not_refundable"), ["/refund_cents"])
        assert "refund_cents 0" in refused.json()["detail"]
    assert see(house, operator, made).json()["booking"]["status"] == "paid"
    assert cancel(house, operator, made, refund_cents=0).json()["booking"]["status"] == "cancelled"
    assert code(ask_back(house, operator, made, cents)) == (409, "payment_not_refundable")
    bank_says(house, made, DisputeClosed("dp_1", "won"))
    assert ask_back(house, operator, made, cents).status_code == 201


@pytest.mark.parametrize(
    "events",
    [[DisputeOpened("dp_1", 0, "general")], [DisputeOpened("dp_1", 100, "general"), DisputeClosed("dp_1", "won")]],
    ids=["asks", "has decided for the house"],
)
def test_a_bank_that_holds_nothing_keeps_nothing_from_going_back(house, operator, events):
    made = pay(house, book(house))
    bank_says(house, made, *events)
    assert cancel(house, operator, made).status_code == 200
    [refund] = see(house, operator, made).json()["refunds"]
    assert refund["amount_cents"] == made["payment"]["amount_cents"]


def test_what_a_bank_has_taken_for_good_does_not_go_back_a_second_time(house, operator):
    made = pay(house, book(house))
    cents = made["payment"]["amount_cents"]
    bank_says(house, made, DisputeOpened("dp_1", cents, "general"), DisputeClosed("dp_1", "lost"))
    assert cancel(house, operator, made).status_code == 200
    assert see(house, operator, made).json()["refunds"] == []


def test_a_cancellation_honours_the_version_and_the_key(house, admin):
    made = pay(house, book(house))
    assert code(cancel(house, admin, made, {"If-Match": '"1"'})) == (412, "version_conflict")
    keyed = {"If-Match": '"2"', "Idempotency-Key": made["booking"]["id"]}
    first, second = (cancel(house, admin, made, keyed) for _ in range(2))
    assert (first.status_code, first.json()) == (200, second.json())
    assert len(see(house, admin, made).json()["refunds"]) == 1


def test_whoever_may_cancel_may_ask_for_what_goes_back():
    """So the route asks for one permission: were there a role with one of the two, it would have to ask for both."""
    cancelling = [role for role in Role if Permission.MODIFY_BOOKINGS in may(role, Flags())]
    assert cancelling
    assert [role for role in cancelling if Permission.REQUEST_REFUNDS not in may(role, Flags())] == []


# Put away


def test_what_waits_for_its_money_is_cancelled_as_it_is_put_away(house, operator):
    made = book(house)
    gone = put_away(house, operator, made)
    assert (gone.status_code, gone.json()["id"]) == (200, made["booking"]["id"])
    shown = see(house, operator, made).json()
    assert (shown["booking"]["status"], shown["booking"]["deleted_at"] is None) == ("cancelled", False)
    assert {"BookingCancelled", "BookingDeleted", "PaymentWithdrawn"} < {one["what"] for one in shown["timeline"]}
    acted, _ = acts_on(house, made)[0]
    assert (acted.before["booking"]["is_deleted"], acted.after["booking"]["is_deleted"]) == (False, True)
    assert put_away(house, operator, made).status_code == 200


def test_what_is_paid_has_to_be_cancelled_before(house, operator):
    made = pay(house, book(house))
    assert code(put_away(house, operator, made)) == (409, "invalid_transition")
    assert see(house, operator, made).json()["booking"]["deleted_at"] is None
    cancel(house, operator, made)
    assert put_away(house, operator, made).status_code == 200
    assert len(see(house, operator, made).json()["refunds"]) == 1


def test_what_was_put_away_is_changed_no_more(house, operator):
    made = book(house)
    put_away(house, operator, made)
    assert code(reschedule(house, operator, made)) == (409, "invalid_transition")
    assert code(patch(house, operator, made, {"status": "confirmed"})) == (409, "invalid_transition")
    assert house.http.get(of(made, "events/"), headers=operator.headers).status_code == 200


def test_putting_away_honours_the_version_and_the_key(house, operator):
    made = book(house)
    assert code(put_away(house, operator, made, **{"If-Match": '"2"'})) == (412, "version_conflict")
    keyed = {"If-Match": '"1"', "Idempotency-Key": made["booking"]["id"]}
    first, second = (put_away(house, operator, made, **keyed) for _ in range(2))
    assert (first.status_code, first.json()) == (200, second.json())
    happened = [one["what"] for one in see(house, operator, made).json()["timeline"]]
    assert happened.count("BookingDeleted") == 1
