"""What Stripe will not take, and says so for certain, is refused to who wants to pay it, and can be ended."""

import pytest

from commands.bookings import place_booking
from commands.ending import cancel_booking
from commands.payments import cancel_intent, create_intent, open_payment
from domain import Refused
from integrations.stripe import StripeRefused, StripeUnavailable
from tests.commands.wishes import asks, at_stripe, booking, names, payment

REQUESTED, WITHDRAWN = ["PaymentRequested"], ["PaymentRequested", "PaymentWithdrawn"]


class Asking:
    """Stripe, asked for another amount than the payment's."""

    def __init__(self, stripe, cents):
        self.stripe, self.cents = stripe, cents

    def __getattr__(self, name):
        return getattr(self.stripe, name)

    def create_intent(self, id, _, *more):
        return self.stripe.create_intent(id, self.cents, *more)


class Refusing(Asking):
    """Stripe, which refuses for that reason; `meanwhile` is called before it does."""

    def __init__(self, stripe, code, meanwhile=lambda: None):
        self.stripe, self.code, self.meanwhile = stripe, code, meanwhile

    def create_intent(self, *_):
        self.meanwhile()
        raise StripeRefused(self.code, "no")


@pytest.fixture
def placed(ctx):
    """A booking of which Stripe has not heard."""
    return place_booking(asks(), ctx())


@pytest.fixture
def withdrawn(ctx, placed):
    cancel_booking(placed.booking_id, "", False, ctx())
    return placed


@pytest.mark.parametrize(("cents", "code"), [(49, "amount_too_small"), (10**8, "amount_too_large")])
def test_who_wants_to_pay_it_is_told_why_not(ctx, placed, cents, code):
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            create_intent(placed.booking_number, ctx(stripe=Asking(ctx().stripe, cents)))
        assert (refused.value.code, code in str(refused.value)) == ("payment_failed", True)
    assert (names(ctx, placed.payment_id), booking(ctx, placed).status) == (REQUESTED, "pending")


def test_it_is_ended_once_without_an_intent(ctx, withdrawn):
    for _ in range(2):
        cancel_intent(withdrawn.payment_id, ctx(stripe=Asking(ctx().stripe, 49)))
    assert names(ctx, withdrawn.payment_id) == [*WITHDRAWN, "PaymentCancelled"]
    assert payment(ctx, withdrawn).intent_id == ""


@pytest.mark.parametrize("code", ["invalid_request_error", "idempotency_error"])
def test_where_it_is_not_certain_that_it_was_never_made_it_is_not_ended(ctx, withdrawn, code):
    with pytest.raises(StripeUnavailable):
        cancel_intent(withdrawn.payment_id, ctx(stripe=Refusing(ctx().stripe, code)))
    assert names(ctx, withdrawn.payment_id) == WITHDRAWN


def test_one_that_was_made_once_for_another_amount_is_not_taken_for_never_made(ctx, withdrawn):
    ctx().stripe.create_intent(withdrawn.payment_id, 117000, {"booking_number": withdrawn.booking_number})
    with pytest.raises(StripeUnavailable):
        cancel_intent(withdrawn.payment_id, ctx(stripe=Asking(ctx().stripe, 49)))
    assert names(ctx, withdrawn.payment_id) == WITHDRAWN


def test_made_in_the_same_moment_by_another_it_is_cancelled_at_stripe(ctx, withdrawn):
    def made():
        open_payment(withdrawn.booking_number, withdrawn.payment_id, ctx())

    with pytest.raises(StripeUnavailable):
        cancel_intent(withdrawn.payment_id, ctx(stripe=Refusing(ctx().stripe, "amount_too_small", made)))
    cancel_intent(withdrawn.payment_id, ctx())
    assert (payment(ctx, withdrawn).status, at_stripe(ctx, withdrawn).status) == ("cancelled", "canceled")
