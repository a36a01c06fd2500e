"""Saved payment methods of the customer who is logged in: listed, added, made the default, removed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api import bodies_people as bodies
from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.policies import CUSTOMER_READ, CUSTOMER_WRITE
from api.preconditions import demand_version, give_etag, told_version
from api.route import Route
from api.routes.customers import own_history, own_sheet
from commands import Context, customer_ref, payment_methods
from commands.customer_sheet import method_sheets
from domain.customer import Customer
from domain.payment_methods import unknown
from eventlog.store import Appended


def listed(call: Call) -> dict[str, Any]:
    """All of them, in the order in which they were saved: there are twenty at most. Stripe is not asked."""
    history = own_history(call)
    own_sheet(call, history)
    return {"payment_methods": method_sheets(history), "next_cursor": None}


def add(call: Call, asked: bodies.SavePaymentMethod) -> dict[str, Any]:
    """Saves what Stripe has made of a card in the payer's browser: we see no number. The first one is the default."""
    command = asked.command(_me(call))
    return _written(call, asked.payment_method_id, lambda ctx: payment_methods.save_method(command, ctx))


def choose(call: Call, id: str, asked: bodies.ChoosePaymentMethod) -> dict[str, Any]:
    """Makes it the default, in place of the one that was. What there is not is told before any version is asked for."""

    def save(ctx: Context) -> Appended:
        if id not in _own(call, ctx).methods.saved:
            raise unknown()
        return payment_methods.choose_default(id, _me(call), demand_version(call), ctx)

    return _written(call, id, save)


def remove(call: Call, id: str) -> dict[str, Any]:
    """Nothing can be paid with it any more. If it was the default, the newest that is left is it now.

    What there is not is told before any version is compared.
    """

    def do(ctx: Context) -> Done:
        methods = _own(call, ctx).methods
        if id not in methods.saved + methods.removed:
            raise unknown()
        done = payment_methods.remove_method(id, _me(call), told_version(call), ctx)
        return Done(_me(call), done.position, tuple(done.events))

    return carry_out(call, Write(do, lambda done: {"position": done.position}, in_append=True))


def _written(call: Call, id: str, save: Callable[[Context], Appended]) -> dict[str, Any]:
    def do(ctx: Context) -> Done:
        done = save(ctx)
        return Done(_me(call), done.position, tuple(done.events))

    def answer(done: Done) -> dict[str, Any]:
        """Of Stripe's test names (`pm_card_visa`) each use makes a new method: then it is the one saved last."""
        history = own_history(call, done.position)
        sheets = {sheet["id"]: sheet for sheet in method_sheets(history)}
        shown = sheets.get(id) or list(sheets.values())[-1]
        return {"payment_method": shown, "position": done.position, "version": history[-1].originator_version}

    answered = carry_out(call, Write(do, answer, in_append=True))
    give_etag(call, answered["version"])
    return answered


def _me(call: Call) -> UUID:
    return call.user.account.id


def _own(call: Call, ctx: Context) -> Customer:
    return ctx.store.load(customer_ref(_me(call))).state or Customer()


ROUTES = [
    Route("GET /api/customer/payment-methods/", listed, CUSTOMER_READ),
    Route("POST /api/customer/payment-methods/", add, CUSTOMER_WRITE, 201),
    Route("PATCH /api/customer/payment-methods/{id}/", choose, CUSTOMER_WRITE),
    Route("DELETE /api/customer/payment-methods/{id}/", remove, CUSTOMER_WRITE),
]
