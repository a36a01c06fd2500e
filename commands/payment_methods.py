"""What customers may ask of their saved payment methods, and how Stripe comes to what the log says of them.

Stripe keeps a card before the log says so: whoever dies in between asks again. What is removed, what is the default and
that a customer is forgotten is in the log first, and a job brings it to Stripe.
"""

from contextlib import suppress
from uuid import UUID

from commands import Context, customer_ref
from domain import Refused, Value, payment_methods
from domain.customer import Customer
from domain.customer_events import PaymentMethodSaved, StripeCustomerMade
from domain.profile import Card
from eventlog.store import Appended
from integrations.stripe import SavedCard, StripeRefused, StripeUnavailable


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
    card = _kept(own.stripe_id or _stripe_customer(id, ctx.without_key()), asked.method_id, ctx)
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
    for card in ctx.stripe.methods_of(own.stripe_id):
        if card.id in own.methods.removed:
            ctx.stripe.detach_method(card.id)
    if own.methods.default:
        ctx.stripe.make_default(own.stripe_id, own.methods.default)


def forget_at_stripe(customer_id: UUID, ctx: Context) -> None:
    """Stripe's customer is deleted with all cards, if there was one: of a closed account none is recorded any more."""
    if stripe_id := _own(customer_id, ctx).stripe_id:
        ctx.stripe.delete_customer(stripe_id)


def _stripe_customer(customer_id: UUID, ctx: Context) -> str:
    """Made, and recorded before anything is saved for it; a twin may have been first."""
    made = StripeCustomerMade(ctx.stripe.create_customer(customer_id))
    ctx.append(_refs(customer_id), lambda own: [payment_methods.make_stripe_customer(own, made)])
    return _own(customer_id, ctx).stripe_id


def _kept(stripe_id: str, method_id: str, ctx: Context) -> SavedCard:
    try:
        return ctx.stripe.attach_method(stripe_id, method_id)
    except StripeRefused:
        raise Refused("invalid_value", "Stripe does not take this payment method.", "/payment_method_id") from None


def _own(customer_id: UUID, ctx: Context) -> Customer:
    return ctx.store.load(customer_ref(customer_id)).state or Customer()


def _refs(customer_id: UUID, version: int | None = None) -> list:
    return [customer_ref(customer_id, version)]


def _nothing(made: Customer) -> list[list]:
    return [[]]
