"""What customers may ask of their saved payment methods, and how Stripe comes to what the log says of them.

Stripe keeps a card before the log says so: whoever dies in between asks again. What is removed, what is the default and
that a customer is forgotten is in the log first, and a job brings it to Stripe. What somebody has deleted at Stripe by
hand is gone: nothing waits for it, and the next card that is saved makes a customer there anew.
"""

from contextlib import suppress
from uuid import UUID

import structlog

from commands import Context, customer_ref
from domain import Refused, Value, payment_methods
from domain.customer import Customer
from domain.customer_events import PaymentMethodSaved, StripeCustomerMade
from domain.profile import Card
from eventlog.store import Appended
from integrations.stripe import MISSING, SavedCard, StripeRefused, StripeUnavailable

log = structlog.get_logger("money")


class MethodToSave(Value):
    """`method_id` is what the payer's browser got from Stripe for the card: `pm_…`."""

    customer_id: UUID
    method_id: str
    is_default: bool = False


def save_method(asked: MethodToSave, ctx: Context) -> Appended:
    """Stripe keeps the card, then the log says so; what is saved already is not asked of Stripe again.

    Refuses `invalid_value` for what Stripe does not take (nobody's, somebody else's, removed), `too_many_items`,
    `not_found` for a closed account. Raises StripeUnavailable: ask again.
    """
    id, own = asked.customer_id, _own(asked.customer_id, ctx)
    payment_methods.check_savable(own, asked.method_id)
    if asked.method_id in own.methods.saved:
        return choose_default(asked.method_id, id, None, ctx) if asked.is_default else ctx.append(_refs(id), _nothing)
    card = _kept(asked, own.stripe_id or _stripe_customer(id, "", ctx), ctx)
    saved = PaymentMethodSaved(card.id, id, Card(card.brand, card.last_four, card.exp_month, card.exp_year))
    try:
        return ctx.append(_refs(id), lambda made: [payment_methods.save_method(made, saved, asked.is_default)])
    except Refused:
        with suppress(StripeRefused, StripeUnavailable):
            ctx.stripe.detach_method(card.id)
        raise


def choose_default(method_id: str, customer_id: UUID, version: int | None, ctx: Context) -> Appended:
    """Refuses with `not_found`, `version_conflict`."""
    return ctx.append(_refs(customer_id, version), lambda made: [payment_methods.choose_default(made, method_id)])


def remove_method(method_id: str, customer_id: UUID, version: int | None, ctx: Context) -> Appended:
    """Refuses with `not_found`, `version_conflict`."""
    return ctx.append(_refs(customer_id, version), lambda made: [payment_methods.remove_method(made, method_id)])


def settle_methods(customer_id: UUID, ctx: Context) -> None:
    """Stripe lets go of what was removed, and knows the default. Of a closed account it forgets everything anyway."""
    own = _own(customer_id, ctx)
    if not own.stripe_id or own.is_closed:
        return
    kept = [card.id for card in _cards_of(own.stripe_id, ctx) or ()]
    for id in kept:
        if id in own.methods.removed:
            ctx.stripe.detach_method(id)
    default = own.methods.default
    if default in kept:
        ctx.stripe.make_default(own.stripe_id, default)
    elif default:
        log.warning("default_card_not_at_stripe", customer=str(customer_id), method=default)


def forget_at_stripe(customer_id: UUID, ctx: Context) -> None:
    """Stripe's customer is deleted with all cards, if there was one: of a closed account none is recorded any more."""
    if stripe_id := _own(customer_id, ctx).stripe_id:
        ctx.stripe.delete_customer(stripe_id)


def _stripe_customer(customer_id: UUID, gone: str, ctx: Context) -> str:
    """Made, and recorded before anything is saved for it; a twin may have been first."""
    made = StripeCustomerMade(ctx.stripe.create_customer(customer_id, gone))
    ctx.without_key().append(_refs(customer_id), lambda own: [payment_methods.make_stripe_customer(own, made, gone)])
    return _own(customer_id, ctx).stripe_id


def _kept(asked: MethodToSave, stripe_id: str, ctx: Context) -> SavedCard:
    card = _attached(stripe_id, asked.method_id, ctx)
    if card is None and _cards_of(stripe_id, ctx) is None:
        card = _attached(_stripe_customer(asked.customer_id, stripe_id, ctx), asked.method_id, ctx)
    if card is None:
        raise Refused("invalid_value", "Stripe does not take this payment method.", "/payment_method_id")
    return card


def _attached(stripe_id: str, method_id: str, ctx: Context) -> SavedCard | None:
    with suppress(StripeRefused):
        return ctx.stripe.attach_method(stripe_id, method_id)
    return None


def _cards_of(stripe_id: str, ctx: Context) -> list[SavedCard] | None:
    """What Stripe keeps; None where its customer is deleted."""
    try:
        return ctx.stripe.methods_of(stripe_id)
    except StripeRefused as refusal:
        if refusal.code != MISSING:
            raise
        return None


def _own(customer_id: UUID, ctx: Context) -> Customer:
    return ctx.store.load(customer_ref(customer_id)).state or Customer()


def _refs(customer_id: UUID, version: int | None = None) -> list:
    return [customer_ref(customer_id, version)]


def _nothing(made: Customer) -> list[list]:
    return [[]]
