"""Refunds: never more than what is left of the charge."""

from integrations.sandbox.stripe.params import Call, fields, text, whole
from integrations.sandbox.stripe.refusals import Refusal, invalid, missing, no_such
from integrations.sandbox.stripe.store import Object, Work, new_id, now

CREATE = frozenset({"payment_intent", "charge", "amount", "reason", "metadata"})
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


async def create(work: Work, call: Call) -> Object:
    """POST /v1/refunds"""
    reason = text(call.params, "reason")
    if reason and reason not in REASONS:
        raise invalid("reason", f"Invalid reason: must be one of {', '.join(REASONS)}")
    charge = await refunded_charge(work, call)
    left_cents = charge["amount_captured"] - charge["amount_refunded"]
    if not left_cents:
        raise refused("charge_already_refunded", f"Charge {charge['id']} has already been refunded.")
    amount_cents = whole(call.params, "amount", left_cents)
    if amount_cents < 1:
        raise invalid("amount", "Invalid positive integer", "parameter_invalid_integer")
    if amount_cents > left_cents:
        raise refused(
            "amount_too_large",
            f"Refund amount (${amount_cents / 100:.2f}) is greater than "
            f"unrefunded amount on charge (${left_cents / 100:.2f})",
        )
    made = refund_of(charge, amount_cents, call)
    done_cents = charge["amount_refunded"] + amount_cents
    charge |= {"amount_refunded": done_cents, "refunded": done_cents == charge["amount_captured"]}
    work.put(made, charge)
    work.emit("refund.created", made)
    work.emit("charge.refunded", charge)
    return made


async def retrieve(work: Work, call: Call) -> Object:
    """GET /v1/refunds/{id}"""
    made = await work.get(call.id) if call.id.startswith("re_") else None
    if not made:
        raise no_such("refund", call.id)
    return made


async def refunded_charge(work: Work, call: Call) -> Object:
    """The succeeded charge that is meant, read while its intent is held, so that two refunds cannot share a balance."""
    name = "charge" if text(call.params, "charge") else "payment_intent"
    id = text(call.params, name)
    if not id:
        raise missing("payment_intent")
    named = await work.get(id) if id.startswith(("ch_", "pi_")) else None
    if not named:
        raise no_such(name, id, name)
    intent = await work.get(named.get("payment_intent") or named["id"], hold=True)
    charge_id = id if name == "charge" else intent["latest_charge"]
    charge = await work.get(charge_id) if charge_id else None
    if not charge or charge["status"] != "succeeded":
        raise refused(
            "charge_not_refundable", f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
    return charge


def refused(code: str, message: str) -> Refusal:
    return Refusal(400, {"type": "invalid_request_error", "code": code, "message": message}, kept=True)


def refund_of(charge: Object, amount_cents: int, call: Call) -> Object:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount_cents,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "metadata": fields(call.params, "metadata"),
        "payment_intent": charge["payment_intent"],
        "reason": text(call.params, "reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
