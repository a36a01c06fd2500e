"""Refunds: never more than what is left of the charge.

pending --+--> succeeded ---> failed   (the bank of the payer gives it back later)
          +--> failed
          +--> canceled
"""

from integrations.sandbox.stripe import disputes
from integrations.sandbox.stripe.balance import entry
from integrations.sandbox.stripe.cards import CARDS, card_of
from integrations.sandbox.stripe.params import Call, fields, text, whole
from integrations.sandbox.stripe.refusals import Refusal, invalid, missing, no_such
from integrations.sandbox.stripe.store import Object, Work, new_id

CREATE = frozenset({"payment_intent", "charge", "amount", "reason", "metadata"})
REASONS = ("duplicate", "fraudulent", "requested_by_customer")
BEFORE = {"succeeded": ("pending",), "failed": ("pending", "succeeded"), "canceled": ("pending",)}
AN_HOUR_SECONDS = 3600
UNSETTLED = """
    select refund.id, method.body -> 'card' ->> 'last4' from stripe_sandbox.objects refund
    join stripe_sandbox.objects charge on charge.kind = 'ch' and charge.id = refund.body ->> 'charge'
    join stripe_sandbox.objects method on method.kind = 'pm' and method.id = charge.body ->> 'payment_method'
    where refund.kind = 're' and refund.body ->> 'status' in ('pending', 'succeeded')
        and method.body -> 'card' ->> 'last4' = any(%s) and (refund.body ->> 'created')::bigint <= %s
    order by refund.seq"""


async def create(work: Work, call: Call) -> Object:
    """POST /v1/refunds"""
    reason = text(call.params, "reason")
    if reason and reason not in REASONS:
        raise invalid("reason", f"Invalid reason: must be one of {', '.join(REASONS)}")
    charge = await refunded_charge(work, call)
    amount_cents = await allowed_cents(work, charge, call)
    card = card_of(await work.get(charge["payment_method"]))
    made = refund_of(charge, amount_cents, call, work.now())
    done_cents = charge["amount_refunded"] + amount_cents
    charge |= {"amount_refunded": done_cents, "refunded": done_cents == charge["amount_captured"]}
    if card.later == "succeeded":
        made["status"] = "pending"
    else:
        pay_out(work, made)
    work.put(made, charge)
    work.emit("refund.created", made)
    work.emit("charge.refunded", charge)
    return made


async def cancel(work: Work, call: Call) -> Object:
    """POST /v1/refunds/{id}/cancel"""
    return await settle(work, call.id, "canceled")


async def settle(work: Work, id: str, outcome: str) -> Object:
    """A refund comes to its end: `succeeded` (from pending), `failed` (even after it succeeded), `canceled`."""
    if outcome not in BEFORE:
        raise invalid("outcome", f"Invalid outcome: must be one of {', '.join(BEFORE)}")
    made = await existing(work, id)
    await work.get(made["payment_intent"], hold=True)
    made = await existing(work, id)
    if made["status"] not in BEFORE[outcome]:
        raise refused("refund_unexpected_state", f"Refund {id} is {made['status']} and cannot become {outcome}.")
    if outcome == "succeeded":
        pay_out(work, made)
    else:
        await give_back(work, made, outcome)
    made["status"] = outcome
    work.put(made)
    work.emit("refund.updated", made)
    if outcome == "failed":
        work.emit("refund.failed", made)
    work.emit("charge.refund.updated", made)
    return made


async def unsettled(work: Work) -> list[tuple[str, str]]:
    """Refunds an hour old whose card makes them change later: their ids, and what becomes of them."""
    later = {card.number[-4:]: card.later for card in CARDS if card.later}
    found = await work.db.execute(UNSETTLED, (list(later), work.now() - AN_HOUR_SECONDS))
    outcomes = [(id, later[last_four]) for id, last_four in await found.fetchall()]
    return [(id, outcome) for id, outcome in outcomes if (await existing(work, id))["status"] in BEFORE[outcome]]


async def existing(work: Work, id: str) -> Object:
    made = await work.get(id) if id.startswith("re_") else None
    if not made:
        raise no_such("refund", id)
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


async def allowed_cents(work: Work, charge: Object, call: Call) -> int:
    """What is asked for, or all that is left."""
    if await disputes.stops_refunds(work, charge):
        raise refused("charge_disputed", f"Charge {charge['id']} has been charged back; cannot issue a refund.")
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
    return amount_cents


def pay_out(work: Work, made: Object) -> None:
    taken = entry(made, "refund", -made["amount"], work.now())
    made["balance_transaction"] = taken["id"]
    work.put(taken)


async def give_back(work: Work, made: Object, outcome: str) -> None:
    """What the refund had taken is the charge's again, and the account's if it had left it."""
    charge = await work.get(made["charge"])
    charge |= {"amount_refunded": charge["amount_refunded"] - made["amount"], "refunded": False}
    work.put(charge)
    if outcome == "failed":
        made["failure_reason"] = "unknown"
    if made["balance_transaction"]:
        given = entry(made, "refund_failure", made["amount"], work.now())
        made["failure_balance_transaction"] = given["id"]
        work.put(given)


def refused(code: str, message: str) -> Refusal:
    return Refusal(400, {"type": "invalid_request_error", "code": code, "message": message}, kept=True)


def refund_of(charge: Object, amount_cents: int, call: Call, at: int) -> Object:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount_cents,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "metadata": fields(call.params, "metadata"),
        "payment_intent": charge["payment_intent"],
        "reason": text(call.params, "reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
