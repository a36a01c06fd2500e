"""What follows from what happened: an event in, jobs and timers out. Pure; the runner is `workers.reacting`.

BookingPlaced                                -> a timer for the end of its hold
BookingConfirmed, Paid, Cancelled            -> that timer is taken back
PaymentWithdrawn                             -> make an end of its intent at Stripe
RefundApproved, TriedAgain                   -> pay it back at Stripe
RefundReleased; DisputeClosed, won           -> settle a difference that could not be given from that money
Booking changed, or paid another amount      -> settle the difference: a further payment, or a partial refund
PaymentMethodSaved, Removed, default chosen  -> tell Stripe which cards it keeps, and the default
MailChanged                                  -> tell the old address
PersonForgotten                              -> erase the person from the read models, and the customer at Stripe
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.booking_events import (
    BookingAddressesChanged,
    BookingBalancePaid,
    BookingCancelled,
    BookingConfirmed,
    BookingPaid,
    BookingPlaced,
    BookingReinstated,
    BookingRescheduled,
    CoreAreaOverridden,
)
from domain.customer_events import (
    DefaultPaymentMethodChosen,
    MailChanged,
    PaymentMethodRemoved,
    PaymentMethodSaved,
)
from domain.payment import DisputeClosed, PaymentWithdrawn, RefundReleased
from domain.person import PersonForgotten
from domain.refund import RefundApproved, RefundTriedAgain
from eventlog.envelope import Recorded

HOLD = "hold"


class Job(NamedTuple):
    """A task by name and what it is about; jobs about the same thing run one after the other, where order matters."""

    task: str
    about: UUID
    position: int
    in_order: bool = True


class Timer(NamedTuple):
    kind: str
    about: UUID
    due_at: datetime


class NoTimer(NamedTuple):
    kind: str
    about: UUID


Effect = Job | Timer | NoTimer


def react(recorded: Recorded) -> list[Effect]:
    """The effects of one event; the same event has the same effects whenever it is asked."""
    stream, position = recorded.originator_id, recorded.position
    match recorded.event:
        case BookingPlaced():
            return [Timer(HOLD, stream, recorded.event.hold_expires_at)]
        case BookingConfirmed() | BookingCancelled():
            return [NoTimer(HOLD, stream)]
        case BookingPaid() | BookingReinstated() | BookingBalancePaid():
            return [NoTimer(HOLD, stream), *_difference(recorded)]
        case PaymentWithdrawn():
            return [Job("end_payment", stream, position)]
        case RefundApproved() | RefundTriedAgain():
            return [Job("pay_back", stream, position)]
        case RefundReleased() | DisputeClosed(outcome="won"):
            return [Job("settle_difference", recorded.key, position)]
        case BookingRescheduled() | BookingAddressesChanged() | CoreAreaOverridden():
            return [Job("settle_difference", stream, position)]
        case MailChanged():
            return [Job("letter_moved", stream, position, in_order=False)]
        case PaymentMethodSaved() | PaymentMethodRemoved() | DefaultPaymentMethodChosen():
            return [Job("settle_methods", stream, position)]
        case PersonForgotten():
            return [
                Job("erase_person", recorded.event.person_id, position),
                Job("forget_at_stripe", stream, position, in_order=False),
            ]
        case _:
            return []


def _difference(recorded: Recorded) -> list[Effect]:
    event = recorded.event
    return [Job("settle_difference", recorded.originator_id, recorded.position)] if event.due_cents else []
