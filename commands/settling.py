"""Settling: what Stripe says of an intent becomes events of payment and booking in one append.

Money that comes after the hold has expired takes its place again if day, slot and place are free; else it goes back.
"""

from collections.abc import Callable
from functools import reduce
from uuid import UUID

from commands import Context, booking_ref, day_ref, payment_ref
from commands.ending import Outdated
from commands.places import wish
from domain import Refused, booking, booking_balance, payment, pickup_day, refund
from domain.booking import Booking
from domain.payment import Payment, PaymentFailed, PaymentOpened, PaymentSucceeded
from domain.payment_events import PaymentSecret
from domain.pickup_day import PickupDay
from domain.refund import Refund, RefundRequested
from domain.selection import is_same_day
from eventlog.store import Ref
from integrations.stripe import Intent, StripeUnavailable

ENDS, TRIES = ("succeeded", "canceled"), 5  # what an intent never leaves again


def settle(id: UUID, intent: Intent, ctx: Context) -> int:
    """Records what the intent shows; nothing, when it is known. Answers the position.

    What Stripe answered may be written down late, after newer answers. An end stays an end; what else is news is asked
    for anew, and recorded if the payment stands where it stood before. Raises StripeUnavailable when it never does.
    """
    for _ in range(TRIES):
        seen = ctx.store.load(payment_ref(id))
        if intent.status not in ENDS and news(seen.state, intent):
            intent = ctx.stripe.retrieve_intent(intent.id)
        try:
            return _record(payment_ref(id, None if intent.status in ENDS else seen.version), intent, ctx)
        except Refused as refusal:
            if refusal.code != "version_conflict":
                raise
    raise StripeUnavailable(f"the payment has gone on {TRIES} times while Stripe was asked about it")


def _record(ref: Ref, intent: Intent, ctx: Context) -> int:
    id = ref.stream
    paying = ctx.store.load(ref).state
    placed = ctx.store.load(booking_ref(paying.booking_id)).state.placed
    back = refund.late_payment(id)

    def decision(paying: Payment, made: Booking, day: PickupDay | None, returned: Refund | None) -> list[list]:
        if made.placed.pickup_date != placed.pickup_date:
            raise Outdated
        opened = payment.open_at_stripe(paying, _opened(paying, intent))
        told = news(reduce(payment.evolve, opened, paying), intent)
        if not any(isinstance(event, PaymentSucceeded) for event in told):
            return [opened + told, [], [], []]
        paid, *others = _paid(reduce(payment.evolve, opened + told, paying), made, day, (id, back, returned, ctx))
        return [opened + told + paid, *others]

    refs = [ref, booking_ref(paying.booking_id), day_ref(placed.pickup_date), Ref(refund, back)]
    try:
        return ctx.append(refs, decision, paying.booking_id).position
    except Outdated:
        return _record(ref, intent, ctx)


def _opened(paying: Payment, intent: Intent) -> PaymentOpened:
    return PaymentOpened(intent.id, paying.person_id, PaymentSecret(intent.client_secret))


def news(paying: Payment, intent: Intent) -> list:
    """Stripe's word for the state of an intent, as events of the payment."""
    match intent.status:
        case "succeeded":
            return payment.succeed(
                paying, PaymentSucceeded(intent.amount_cents, intent.charge_id or "", intent.fee_cents)
            )
        case "canceled":
            return payment.cancel(paying)
        case "processing":
            return payment.process(paying)
        case "requires_action":
            return payment.require_action(paying)
        case "requires_payment_method" if intent.failure_code:
            return payment.fail(paying, PaymentFailed(intent.failure_code, intent.charge_id or intent.failure_code))
        case _:
            return []


def _paid(paying: Payment, made: Booking, day: PickupDay | None, late: tuple) -> tuple[list, list, list, list]:
    """Events of payment, booking, day and refund, now that the money is there."""
    id, _, _, ctx = late
    amount = paying.amount_cents
    if booking.is_expired(made) and (place := _free_place(made, day, paying.booking_id, ctx)):
        return [], booking.reinstate(made, id, amount), place, []
    if made.status in booking_balance.SETTLED:
        return give_back(paying, made, late)
    if not made.is_paid:
        return [], booking.pay(made, id, amount), [], []
    if booking.due_cents(made) > 0:
        return [], booking_balance.pay_balance(made, id, amount), [], []
    return give_back(paying, made, late)


def _free_place(made: Booking, day: PickupDay | None, id: UUID, ctx: Context) -> list:
    """The reservation made anew; empty when the day has come, or day, slot or place are taken."""
    placed = made.placed
    if placed.pickup_date < ctx.today or (placed.pickup_date == ctx.today and not is_same_day(placed.selection)):
        return []
    service = placed.selection.service_type
    wanted = wish(id, placed, ctx.house().places(service), ctx)
    return _unless_refused(lambda: pickup_day.reserve(day, wanted))


def give_back(paying: Payment, made: Booking, late: tuple) -> tuple[list, list, list, list]:
    """The whole of it, set aside on the payment and approved by the system; a job pays it back."""
    id, back, returned, _ = late
    why = f"late_payment: {made.reason or 'paid_twice'}"
    asked = RefundRequested(id, paying.booking_id, paying.amount_cents, why, "system")
    aside = payment.reserve_refund(paying, back, paying.amount_cents)
    return aside, [], [], refund.request(returned, asked, refund.BY_POLICY)


def _unless_refused(decide: Callable[[], list]) -> list:
    try:
        return decide()
    except Refused:
        return []
