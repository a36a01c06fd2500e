"""What follows from each event, and that nothing follows from the others."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain import booking, booking_events, payment, refund
from domain.customer_events import (
    DefaultPaymentMethodChosen,
    MailChanged,
    PaymentMethodRemoved,
    PaymentMethodSaved,
)
from domain.person import PersonForgotten
from eventlog.envelope import EVENTS, Origin, Recorded
from eventlog.ids import new_id
from tests.samples import HOLD, MONDAY, NOON, placed
from tests.samples import person as who
from workers.jobs import connect, working
from workers.reactions import HOLD as HOLD_TIMER
from workers.reactions import Job, NoTimer, Timer, react

ABOUT, BOOKING = (UUID(f"0193b5a0-0000-7000-8000-0000000000b{n}") for n in (1, 2))
PLACED = placed()
PRICING = PLACED.pricing
MOVED = booking.BookingRescheduled(
    PLACED.person_id, MONDAY, MONDAY, "morning", None, selection=PLACED.selection, pricing=PRICING
)
READDRESSED = booking.BookingAddressesChanged(
    PLACED.person_id, PLACED.pickup_area, PLACED.delivery_area, False, pricing=PRICING
)
EFFECTS = [
    (placed(), Timer(HOLD_TIMER, ABOUT, HOLD)),
    (booking.BookingConfirmed(), NoTimer(HOLD_TIMER, ABOUT)),
    (booking.BookingPaid(new_id(), 99500), NoTimer(HOLD_TIMER, ABOUT)),
    (booking.BookingCancelled("by_staff", MONDAY, who("ada")), NoTimer(HOLD_TIMER, ABOUT)),
    (payment.PaymentWithdrawn("by_customer"), Job("end_payment", ABOUT, 7)),
    (refund.RefundApproved("system"), Job("pay_back", ABOUT, 7)),
    (refund.RefundTriedAgain("staff:kim", 2), Job("pay_back", ABOUT, 7)),
    (booking.BookingReinstated(new_id(), 99500), NoTimer(HOLD_TIMER, ABOUT)),
    (booking_events.BookingBalancePaid(new_id(), 500), NoTimer(HOLD_TIMER, ABOUT)),
    (booking.CoreAreaOverridden(who("ada"), False, PRICING), Job("settle_difference", ABOUT, 7)),
    (MOVED, Job("settle_difference", ABOUT, 7)),
    (READDRESSED, Job("settle_difference", ABOUT, 7)),
    (payment.DisputeClosed("dp_1", "won"), Job("settle_difference", BOOKING, 7)),
    (payment.RefundReleased(UUID(int=9)), Job("settle_difference", BOOKING, 7)),
    (MailChanged(who("ada"), new_id()), Job("letter_moved", ABOUT, 7, in_order=False)),
    (PaymentMethodSaved("pm_1", who("ada")), Job("settle_methods", ABOUT, 7)),
    (PaymentMethodRemoved("pm_1"), Job("settle_methods", ABOUT, 7)),
    (DefaultPaymentMethodChosen("pm_1"), Job("settle_methods", ABOUT, 7)),
]


FORGOTTEN = PersonForgotten(who("ada"), (new_id(),))


def recorded(event) -> Recorded:
    return Recorded(ABOUT, 1, event, new_id(), BOOKING, NOON + timedelta(1), Origin("guest", new_id()), 7)


@pytest.mark.parametrize(("event", "effect"), EFFECTS)
def test_an_event_has_its_effect(event, effect):
    assert react(recorded(event)) == [effect]


def test_who_is_forgotten_is_erased_and_stripe_forgets_them_though_one_of_the_two_may_have_to_wait():
    erased = Job("erase_person", who("ada"), 7)
    assert react(recorded(FORGOTTEN)) == [erased, Job("forget_at_stripe", ABOUT, 7, in_order=False)]


def test_every_job_that_follows_is_a_task_of_the_jobs():
    tasks = working(connect("dbname=none"), lambda task: None).tasks
    effects = [effect for event, _ in [*EFFECTS, (FORGOTTEN, None)] for effect in react(recorded(event))]
    asked = {effect.task for effect in effects if isinstance(effect, Job)}
    assert len(asked) > 5
    assert asked <= tasks.keys()


@pytest.mark.parametrize("due", [500, -500])
def test_money_that_does_not_fit_the_price_is_settled(due):
    for paid in (booking.BookingPaid(new_id(), 99500, due), booking_events.BookingBalancePaid(new_id(), 99500, due)):
        assert react(recorded(paid)) == [NoTimer(HOLD_TIMER, ABOUT), Job("settle_difference", ABOUT, 7)]


def test_a_dispute_that_is_lost_frees_no_money():
    assert react(recorded(payment.DisputeClosed("dp_1", "lost"))) == []


def test_nothing_follows_from_any_other_event():
    silent = set(EVENTS) - {type(event).__name__ for event in (FORGOTTEN, *(event for event, _ in EFFECTS))}
    assert len(silent) > 20
    for name in silent:
        blank = EVENTS[name](*EVENTS[name].__struct_fields__)
        assert react(recorded(blank)) == []
