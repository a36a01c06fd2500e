"""Saved payment methods: attached to a customer, used again, detached.

A method belongs to one customer or to none. Used without a customer, or detached, it is spent: nobody may use it again.
"""

from integrations.sandbox.stripe import cards
from integrations.sandbox.stripe.lists import listing
from integrations.sandbox.stripe.params import Call, text
from integrations.sandbox.stripe.refusals import Refusal, missing, no_such
from integrations.sandbox.stripe.store import Object, Work

listed = listing("pm", "/v1/payment_methods")


async def attach(work: Work, call: Call) -> Object:
    """POST /v1/payment_methods/{id}/attach"""
    customer_id = text(call.params, "customer")
    if not customer_id:
        raise missing("customer")
    await owner(work, customer_id, "customer")
    method = await cards.find(work, call.id)
    if method["customer"]:
        raise refused("The payment method you provided has already been attached to a customer.")
    await unspent(work, method)
    belong(work, method, customer_id)
    return method


async def detach(work: Work, call: Call) -> Object:
    """POST /v1/payment_methods/{id}/detach"""
    method = await work.get(call.id) if call.id.startswith("pm_") else None
    customer = await work.get(method["customer"], hold=True) if method and method["customer"] else None
    method = await cards.find(work, call.id)
    if not customer or not method["customer"]:
        raise refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    release(work, method)
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
        work.put(customer)
    return method


async def by_customer(work: Work, call: Call) -> Object:
    """GET /v1/payment_methods?customer="""
    customer_id = text(call.params, "customer")
    if not customer_id:
        raise missing("customer")
    await owner(work, customer_id, "customer")
    return await listed(work, call)


async def of_customer(work: Work, call: Call) -> Object:
    """GET /v1/customers/{id}/payment_methods"""
    await owner(work, call.id)
    asked = Call(call.params | {"customer": call.id}, "", call.address)
    return await listed(work, asked) | {"url": f"/v1/customers/{call.id}/payment_methods"}


async def owner(work: Work, customer_id: str, param: str = "id") -> Object:
    """The customer, held; a deleted one is none. `param` names where the id came from."""
    customer = await work.get(customer_id, hold=True) if customer_id.startswith("cus_") else None
    if not customer or customer.get("deleted"):
        raise no_such("customer", customer_id, param)
    return customer


async def usable(work: Work, intent: Object, id: str, is_off_session: bool = False) -> Object:
    """The method, held, if the intent may be paid with it: its customer's, or on session a new one of nobody."""
    if intent["customer"]:
        await owner(work, intent["customer"], "customer")
    method = await cards.find(work, id)
    await unspent(work, method)
    if method["customer"] and not intent["customer"]:
        raise refused(
            "The payment method you provided is attached to a customer so for security purposes "
            "you must provide the customer in the request."
        )
    if method["customer"] != intent["customer"] and (method["customer"] or is_off_session):
        raise refused(
            f"The customer does not have a payment method with the ID {method['id']}. "
            "The payment method must be attached to the customer."
        )
    return method


async def used(work: Work, intent: Object) -> None:
    """After a charge: a new method is saved for the customer if the intent says so; of nobody, it is spent."""
    customer = await work.get(intent["customer"], hold=True) if intent["customer"] else None
    method = await cards.find(work, intent["payment_method"])
    if method["customer"] or await work.get(f"spent_{method['id']}"):
        return
    if customer and intent["setup_future_usage"] and not customer.get("deleted"):
        belong(work, method, customer["id"])
    else:
        spend(work, method)


async def unspent(work: Work, method: Object) -> None:
    if await work.get(f"spent_{method['id']}"):
        raise refused(
            "This PaymentMethod was previously used without being attached to a Customer "
            "or was detached from a Customer, and may not be used again."
        )


def belong(work: Work, method: Object, customer_id: str) -> None:
    method["customer"] = customer_id
    work.put(method)
    work.emit("payment_method.attached", method)


def release(work: Work, method: Object) -> None:
    method["customer"] = None
    work.put(method)
    spend(work, method)
    work.emit("payment_method.detached", method)


def spend(work: Work, method: Object) -> None:
    work.put({"id": f"spent_{method['id']}"})


def refused(message: str) -> Refusal:
    error = {"type": "invalid_request_error", "param": "payment_method", "message": message}
    return Refusal(400, error, kept=True)
