"""Cards as customers of these tests save them, and which of them Stripe keeps."""

from commands import customer_ref
from commands.payment_methods import MethodToSave, save_method
from tests.commands.wishes import PASSES


def new_card(sandbox, number=PASSES):
    """What Stripe's script makes in the browser of whoever types a card."""
    card = {"number": number, "exp_month": 12, "exp_year": 2034}
    return sandbox.package().payment_methods.create({"type": "card", "card": card}).id


def save(ctx, who, method, is_default=False, **more):
    return save_method(MethodToSave(who, method, is_default), ctx(**more))


def a_saved_card(ctx, sandbox, who, number=PASSES):
    method = new_card(sandbox, number)
    save(ctx, who, method)
    return method


def own(ctx, who):
    return ctx().store.load(customer_ref(who)).state


def kept(ctx, who):
    """The cards that Stripe keeps for the customer, oldest first."""
    return [card.id for card in ctx().stripe.methods_of(own(ctx, who).stripe_id)][::-1]
