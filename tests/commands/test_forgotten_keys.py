"""Stripe forgets our keys after a day: what was asked before, and answered by nobody, is found and not made again."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from commands.bookings import place_booking
from commands.ending import cancel_booking
from commands.payments import cancel_intent, create_intent, open_payment
from commands.refunds import pay_back
from integrations.stripe import RefundAsked, StripeUnavailable
from tests.commands.money_back import approved, at_stripe, back, shown
from tests.commands.wishes import WANTED, asks, pay, payment
from tests.integrations.conftest import new_sandbox

DAY = timedelta(hours=25)


@pytest.fixture(scope="module")
def later(server):
    with new_sandbox(server) as later:
        yield later


@pytest.fixture
def at(ctx, later):
    """A context of today, as the clock of the sandbox began; at(later=DAY) is of tomorrow."""
    stripe, now = later.client(), datetime.fromtimestamp(later.http.get("/sandbox/clock").json()["now"], UTC)

    def at(later=timedelta(0), **more):
        return ctx(stripe=stripe, now=now + later, **more)

    return at


@pytest.fixture
def unanswered(at, later):
    """A booking whose intent was made, and nobody heard of it; a day ago."""
    placed = booked(at)
    unheard(later, lambda: open_payment(placed.booking_number, placed.payment_id, at()))
    later.advance(DAY // timedelta(seconds=1))
    return placed


def booked(at):
    return place_booking(asks(uuid4().hex, replace(WANTED, pickup_date=at().today + timedelta(10))), at())


def unheard(later, ask):
    later.switch(lose_replies=1)
    with pytest.raises(StripeUnavailable):
        ask()
    later.switch()


def intents(at, placed):
    named = {"payment_id": str(placed.payment_id), "booking_number": placed.booking_number}
    return [one for one in at().stripe.intents_since(at().now - 2 * DAY) if one.metadata == named]


def test_the_sandbox_forgets_keys_as_stripe_does(at, later):
    id = uuid4()
    first = at().stripe.create_intent(id, 9500, {})
    assert at().stripe.create_intent(id, 9500, {}).id == first.id
    later.advance(DAY // timedelta(seconds=1))
    assert at().stripe.create_intent(id, 9500, {}).id != first.id


def test_a_payer_who_comes_back_the_next_day_pays_the_intent_of_the_day_before(at, unanswered):
    create_intent(unanswered.booking_number, at(DAY))
    [made] = intents(at, unanswered)
    assert payment(at, unanswered).intent_id == made.id
    pay(at, unanswered, later=DAY)
    assert shown(at, unanswered) == ("succeeded", "paid")


def test_an_intent_of_the_day_before_is_ended_with_its_booking(at, unanswered):
    cancel_booking(unanswered.booking_id, "", False, at(DAY))
    cancel_intent(unanswered.payment_id, at(DAY))
    assert [one.status for one in intents(at, unanswered)] == ["canceled"]


def test_a_payment_that_was_never_asked_of_stripe_is_opened_the_next_day(at):
    placed = booked(at)
    create_intent(placed.booking_number, at(DAY))
    [made] = intents(at, placed)
    assert payment(at, placed).intent_id == made.id


def test_a_refund_that_was_answered_by_nobody_is_one_the_next_day_too(at, later):
    placed = booked(at)
    open_payment(placed.booking_number, placed.payment_id, at())
    pay(at, placed)
    id = approved(at, placed, 4000)
    at().stripe.refund(RefundAsked(id, payment(at, placed).intent_id, 4000))  # and we died
    later.advance(DAY // timedelta(seconds=1))
    for _ in range(2):
        pay_back(id, at(DAY))
    assert (back(at, id).status, at_stripe(at, later, placed)) == ("completed", (1, 4000))
