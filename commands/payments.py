"""What may be asked of a payment: opened at Stripe, brought to Stripe's truth, withdrawn.

Confirming, webhooks and jobs all come to `settle`, which takes an intent as Stripe shows it: in any order, any number
of times, before our own call has returned, or after the hold has expired.
"""

from datetime import timedelta
from uuid import UUID

from commands import Context, booking_ref, payment_ref
from commands.bookings import found, stripe_customer
from commands.settling import settle
from commands.stripe_books import there, uuid_in
from domain import Refused, booking, booking_balance, payment
from domain.ids import booking_id, payment_id
from domain.payment import Payment, PaymentOpened, PaymentRequested, is_spent
from domain.payment_events import PaymentSecret
from eventlog.store import Appended
from integrations.stripe import MISSING, Intent, StripeRefused, StripeUnavailable

KEY_LASTS = timedelta(hours=23)  # for 24 hours Stripe knows by our key what it was asked before
# The kinds of Stripe's refusals, where it tells no code: then it may not be this payment that it does not like.
NO_REASONS = ("invalid_request_error", "card_error", "idempotency_error")
CLOCKS_DIFFER_BY = timedelta(hours=1)


def open_payment(number: str, id: UUID, ctx: Context) -> int:
    """The intent at Stripe, made once, and its secret in the log. Raises StripeUnavailable: ask again."""
    return opening(number, id, ctx).position


def opening(number: str, id: UUID, ctx: Context) -> Appended:
    """As `open_payment`, with the event that was written; none when the payment was open already."""
    made = known(ctx, id)
    if made.intent_id:
        return ctx.append([payment_ref(id)], lambda made: [[]])
    intent = _made_before(id, made, ctx) or _made_at_stripe(number, id, made, ctx)
    opened = PaymentOpened(intent.id, made.person_id, PaymentSecret(intent.client_secret))
    return ctx.append([payment_ref(id)], lambda made: [payment.open_at_stripe(made, opened)], made.booking_id)


def _made_before(id: UUID, made: Payment, ctx: Context) -> Intent | None:
    """The intent whose making was answered by nobody, where Stripe may have forgotten our key since."""
    asked_at = ctx.store.history(id)[0].at
    if ctx.now - asked_at < KEY_LASTS:
        return None
    named = {"payment_id": str(id)}.items()
    intents = ctx.stripe.intents_since(asked_at - CLOCKS_DIFFER_BY)
    fit = (one for one in intents if named <= one.metadata.items() and one.amount_cents == made.amount_cents)
    return next(fit, None)


def _made_at_stripe(number: str, id: UUID, made: Payment, ctx: Context) -> Intent:
    """Whose customer has been forgotten meanwhile is paid, or cancelled, without one."""
    told = {"booking_number": number}
    try:
        return ctx.stripe.create_intent(id, made.amount_cents, told, made.stripe_customer_id)
    except StripeRefused as refusal:
        if not made.stripe_customer_id or refusal.code != MISSING:
            raise
        return ctx.stripe.create_intent(id, made.amount_cents, told)


def create_intent(number: str, ctx: Context) -> tuple[UUID, int]:
    """The booking's open payment, or a new one when the last can no longer be paid; its id and the position.

    Refuses `not_found`, `invalid_transition` when nothing is due, and `payment_failed` for what Stripe will not take.
    Raises StripeUnavailable.
    """
    id = booking_id(number)
    made = found(ctx.store.load(booking_ref(id)).state)
    booking_balance.check_due(made)
    paying_id = payment_id(id, made.payments)
    paying = known(ctx, paying_id)
    if is_spent(paying):
        if paying.status not in payment.ENDED:
            cancel_intent(paying_id, ctx.without_key())
        paying_id = request_next(number, made.payments, ctx)
    try:
        return paying_id, open_payment(number, paying_id, ctx.without_key())
    except StripeRefused as refusal:
        raise _not_taken("payment", refusal) from None


def request_next(number: str, n: int, ctx: Context) -> UUID:
    """A payment more, once the one before has ended unpaid; the booking counts it, so that its end takes it along."""
    id = booking_id(number)
    before, next_id = payment_id(id, n), payment_id(id, n + 1)
    payer = stripe_customer(found(ctx.store.load(booking_ref(id)).state).placed, ctx)

    def decision(made, last, paying):
        if made.payments != n:
            return [], [], []
        if last.status not in payment.ENDED:
            raise StripeUnavailable("the payment before is still under way")
        asked = PaymentRequested(id, made.placed.person_id, booking.due_cents(made), payer)
        return booking_balance.bill_again(made, next_id), [], payment.request(paying, asked)

    ctx.append([booking_ref(id), payment_ref(before), payment_ref(next_id)], decision, id)
    return next_id


def confirm(intent_id: str, number: str, ctx: Context) -> int:
    """Ask Stripe how it stands, and record it. Refuses `not_found` for an intent that is not this booking's."""
    found(ctx.store.load(booking_ref(booking_id(number))).state)
    return record(_at_stripe(intent_id, ctx), ctx, number)


def pay_in_sandbox(intent_id: str, number: str, card: str, ctx: Context) -> int:
    """What the payer's browser does, done here; only where Stripe is the sandbox.

    `card` is a number, or a payment method (`pm_…`). A saved one pays what was asked of its customer once they had one
    at Stripe; a booking that was placed before their first card was saved is paid with a new card. Refuses `not_found`,
    and `payment_failed` for what Stripe does not take for this payment; a declined card is an outcome.
    """
    _check_owner(_at_stripe(intent_id, ctx), number, ctx)
    is_method = card.startswith("pm_")
    pay = ctx.stripe.confirm_with_method if is_method else ctx.stripe.confirm_with_card
    try:
        intent = pay(intent_id, card, f"{ctx.site.rstrip('/')}/")
    except StripeRefused as refusal:
        what, path = ("payment method", "/payment_method") if is_method else ("card", "/card")
        raise _not_taken(what, refusal, path) from None
    return record(intent, ctx, number)


def _not_taken(what: str, refusal: StripeRefused, path: str = "") -> Refused:
    why = "" if refusal.code in NO_REASONS else f": {refusal.code}"
    return Refused("payment_failed", f"Stripe does not take this {what}{why}.", path)


def record(intent: Intent, ctx: Context, number: str | None = None) -> int:
    """The intent's truth into the log. Refuses `not_found` for an intent that does not belong to its payment."""
    id = _check_owner(intent, number, ctx)
    return settle(id, intent, ctx)


def cancel_intent(id: UUID, ctx: Context) -> int:
    """Make an end of a payment that was withdrawn: Stripe says whether it is cancelled or the money came first.

    An intent of which we never heard, because the answer was lost, is made again with the same key and then cancelled.
    One that Stripe will not make, and says why, never was: then there is nothing to cancel there.
    Raises StripeUnavailable, also while Stripe is still at work on the payer's money.
    """
    paying = known(ctx, id)
    if not paying.is_withdrawn and paying.status not in payment.ENDED:
        ctx.append([payment_ref(id)], lambda made: [payment.withdraw(made, "tries_used_up")], paying.booking_id)
    number = found(ctx.store.load(booking_ref(paying.booking_id)).state).placed.booking_number
    try:
        open_payment(number, id, ctx)
    except StripeRefused as refusal:
        return _end_unmade(id, refusal, ctx)
    intent = ctx.stripe.cancel_intent(known(ctx, id).intent_id)
    position = settle(id, intent, ctx)
    if known(ctx, id).status not in payment.ENDED:
        raise StripeUnavailable(f"the intent is {intent.status} at Stripe")
    return position


def _end_unmade(id: UUID, refusal: StripeRefused, ctx: Context) -> int:
    def decision(made: Payment) -> list[list]:
        if made.intent_id or refusal.code in NO_REASONS:
            raise StripeUnavailable(f"there may be an intent: {refusal.code}")
        return [payment.cancel(made)]

    return ctx.append([payment_ref(id)], decision, known(ctx, id).booking_id).position


def _at_stripe(intent_id: str, ctx: Context) -> Intent:
    if intent := there(intent_id, ctx):
        return intent
    raise _unknown()


def _check_owner(intent: Intent, number: str | None, ctx: Context) -> UUID:
    id = uuid_in(intent.metadata.get("payment_id"))
    paying = ours(id, ctx)
    if id is None or paying is None or (number is not None and booking_id(number) != paying.booking_id):
        raise _unknown()
    if intent.amount_cents != paying.amount_cents or paying.intent_id not in ("", intent.id):
        raise _unknown()
    return id


def _unknown() -> Refused:
    return Refused("not_found", "There is no such payment.", "/payment_intent_id")


def ours(id: UUID | None, ctx: Context) -> Payment | None:
    """The payment that an intent names. Other shops, and databases that were emptied, may share the account at Stripe.

    None also for the id of something else: whoever works at Stripe may write there what they like.
    """
    return id and ctx.store.named(payment_ref(id), PaymentRequested)


def known(ctx: Context, id: UUID) -> Payment:
    paying = ctx.store.load(payment_ref(id)).state
    if paying is None:
        raise Refused("not_found", "There is no such payment.")
    return paying
