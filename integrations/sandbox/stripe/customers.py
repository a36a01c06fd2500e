"""Customers: an owner for saved payment methods, with one of them as the default."""

from typing import Any

from integrations.sandbox.stripe import methods
from integrations.sandbox.stripe.params import Call, Params, fields, only, text
from integrations.sandbox.stripe.refusals import Refusal, no_such
from integrations.sandbox.stripe.store import Object, Work, new_id

TOLD = ("description", "email", "name", "phone")
FIELDS = frozenset({*TOLD, "metadata", "invoice_settings"})
DEFAULT = "invoice_settings[default_payment_method]"


async def create(work: Work, call: Call) -> Object:
    """POST /v1/customers"""
    made = await changed(work, new(work.now()), call.params)
    work.put(made)
    work.emit("customer.created", made)
    return made


async def retrieve(work: Work, call: Call) -> Object:
    """GET /v1/customers/{id}: of a deleted one, that it is deleted."""
    found = await work.get(call.id) if call.id.startswith("cus_") else None
    if not found:
        raise no_such("customer", call.id)
    return found


async def update(work: Work, call: Call) -> Object:
    """POST /v1/customers/{id}: what is not named stays; an empty string unsets."""
    customer = await changed(work, await methods.owner(work, call.id), call.params)
    work.put(customer)
    work.emit("customer.updated", customer)
    return customer


async def delete(work: Work, call: Call) -> Object:
    """DELETE /v1/customers/{id}: its payment methods are detached; what is left has no `created`, so no list has it."""
    customer = await methods.owner(work, call.id)
    saved = "select id from stripe_sandbox.objects where kind = 'pm' and about = %s order by seq for update"
    for (id,) in await (await work.db.execute(saved, (call.id,))).fetchall():
        methods.release(work, await work.get(id))
    gone = {"id": call.id, "object": "customer", "deleted": True}
    work.put(gone)
    work.emit("customer.deleted", customer)
    return gone


async def changed(work: Work, customer: Object, params: Params) -> Object:
    told: dict[str, Any] = {name: text(params, name) for name in TOLD if name in params}
    metadata = {} if params.get("metadata") == "" else customer["metadata"] | fields(params, "metadata")
    told["metadata"] = {name: value for name, value in metadata.items() if value != ""}
    settings = fields(params, "invoice_settings")
    only(settings, frozenset({"default_payment_method"}))
    if "default_payment_method" in settings:
        default = text(settings, "default_payment_method")
        if default:
            await attached(work, customer["id"], default)
        told["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": default}
    return customer | told


async def attached(work: Work, customer_id: str, method_id: str) -> None:
    method = await work.get(method_id) if method_id.startswith("pm_") else None
    if not method:
        raise no_such("PaymentMethod", method_id, DEFAULT)
    if method["customer"] != customer_id:
        error = {
            "type": "invalid_request_error",
            "param": DEFAULT,
            "message": f"The customer does not have a payment method with the ID {method_id}. "
            "The payment method must be attached to the customer.",
        }
        raise Refusal(400, error)


def new(at: int) -> Object:
    absent = ("address", "currency", "default_source", *TOLD, "shipping", "test_clock")
    settings = ("custom_fields", "default_payment_method", "footer", "rendering_options")
    id = new_id("cus")
    return dict.fromkeys(absent) | {
        "id": id,
        "object": "customer",
        "balance": 0,
        "created": at,
        "delinquent": False,
        "invoice_prefix": id[-8:].upper(),
        "invoice_settings": dict.fromkeys(settings),
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
    }
