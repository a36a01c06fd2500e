"""A customer's saved payment methods: cards that Stripe keeps for them, one of them the default; we know no numbers.

save -> SAVED -> remove -> removed, for ever: what Stripe has let go of cannot be saved again.
"""

from domain import Refused
from domain.customer import Customer, check_open
from domain.customer_events import (
    DefaultPaymentMethodChosen,
    Event,
    PaymentMethodRemoved,
    PaymentMethodSaved,
    StripeCustomerMade,
)

MOST_METHODS = 20


def make_stripe_customer(customer: Customer, made: StripeCustomerMade, gone: str = "") -> list[Event]:
    """In place of the one that is `gone` at Stripe, with all its cards; "" for the first.

    What is recorded first counts; a twin's is left unused.
    """
    check_open(customer)
    return [*map(PaymentMethodRemoved, customer.methods.saved), made] if customer.stripe_id == gone else []


def check_savable(customer: Customer, method_id: str) -> None:
    """Before Stripe is asked to keep it. Refuses `not_found` of who has gone, `invalid_value`, `too_many_items`."""
    check_open(customer)
    if method_id in customer.methods.removed:
        raise Refused("invalid_value", "This payment method was removed: enter the card anew.", "/payment_method_id")
    if method_id not in customer.methods.saved and len(customer.methods.saved) >= MOST_METHODS:
        raise Refused("too_many_items", f"At most {MOST_METHODS} payment methods can be saved.", "/payment_method_id")


def save_method(customer: Customer, saved: PaymentMethodSaved, is_default: bool = False) -> list[Event]:
    """Of one that is saved already at most that it is the default is new. Refuses as `check_savable`."""
    check_savable(customer, saved.method_id)
    methods = customer.methods
    default = methods.default or saved.method_id
    chosen = [DefaultPaymentMethodChosen(saved.method_id)] if is_default and default != saved.method_id else []
    return [*([] if saved.method_id in methods.saved else [saved]), *chosen]


def choose_default(customer: Customer, method_id: str) -> list[Event]:
    """Refuses `not_found` where it is not saved, or not any more."""
    check_open(customer)
    if method_id not in customer.methods.saved:
        raise unknown()
    return [] if customer.methods.default == method_id else [DefaultPaymentMethodChosen(method_id)]


def remove_method(customer: Customer, method_id: str) -> list[Event]:
    """Refuses `not_found` where it was never saved."""
    if method_id in customer.methods.removed:
        return []
    if method_id not in customer.methods.saved:
        raise unknown()
    check_open(customer)
    return [PaymentMethodRemoved(method_id)]


def unknown() -> Refused:
    return Refused("not_found", "There is no such payment method.")
