"""Disputes: the payer's bank takes a payment back, and gives it back if the shop wins; or it only asks at first.

warning_needs_response --- escalated ---> needs_response --- closed by the bank ---> won | lost
                       +-- closed by the bank ---> warning_closed
"""

from typing import Any

from integrations.sandbox.stripe.balance import entry
from integrations.sandbox.stripe.cards import card_of
from integrations.sandbox.stripe.refusals import Refusal, invalid, no_such
from integrations.sandbox.stripe.store import Object, Work, new_id

OPEN, INQUIRY, ASKED = "needs_response", "warning_needs_response", "warning_closed"
OUTCOMES = ("won", "lost")
DISPUTED = {"status": OPEN, "is_charge_refundable": False}
REASONS = (
    *("bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated", "debit_not_authorized"),
    *("duplicate", "fraudulent", "general", "incorrect_account_details", "insufficient_funds", "noncompliant"),
    *("product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized"),
)
A_WEEK_SECONDS = 7 * 86400


async def open_one(work: Work, charge: Object, reason: str, cents: int | None = None) -> Object:
    """A dispute of a succeeded charge whose intent is held, over `cents` or all that was not refunded."""
    made = await begun(work, charge, reason, cents) | DISPUTED
    work.emit("charge.dispute.created", made)
    take(work, made)
    return made


async def inquire(work: Work, charge: Object, reason: str, cents: int | None = None) -> Object:
    """The bank asks, and takes nothing yet."""
    made = await begun(work, charge, reason, cents)
    work.put(made)
    work.emit("charge.dispute.created", made)
    return made


async def begun(work: Work, charge: Object, reason: str, cents: int | None) -> Object:
    if reason not in REASONS:
        raise invalid("reason", f"Invalid reason: must be one of {', '.join(REASONS)}")
    if charge["disputed"]:
        raise refused("charge_disputed", f"Charge {charge['id']} has been disputed already.")
    cents = charge["amount_captured"] - charge["amount_refunded"] if cents is None else cents
    if not 0 < cents <= charge["amount_captured"]:
        raise invalid("amount", f"Charge {charge['id']} cannot be disputed over {cents} cents.")
    made = dispute_of(charge, cents, reason, work.now()) | {"payment_method_details": await told(work, charge)}
    charge["disputed"] = True
    work.put(charge)
    return made


async def escalate(work: Work, id: str) -> Object:
    """What the bank had asked about it takes back now."""
    made = await held(work, id)
    if made["status"] != INQUIRY:
        raise refused("dispute_closed", f"Dispute {id} is {made['status']} and no inquiry.")
    made |= DISPUTED
    work.emit("charge.dispute.updated", made)
    take(work, made)
    return made


def take(work: Work, made: Object) -> None:
    taken = entry(made, "dispute", -made["amount"], work.now())
    made["balance_transactions"].append(taken)
    work.put(made, taken)
    work.emit("charge.dispute.funds_withdrawn", made)


async def close(work: Work, id: str, outcome: str) -> Object:
    """The bank decides: `won` gives the shop its money back, not the fee. An inquiry ends, whatever the outcome."""
    if outcome not in OUTCOMES:
        raise invalid("outcome", "Invalid outcome: must be won or lost")
    made = await held(work, id)
    if made["status"] not in (OPEN, INQUIRY):
        raise refused("dispute_closed", f"Dispute {id} is {made['status']} already.")
    had_taken = made["status"] == OPEN
    made |= {"status": outcome, "is_charge_refundable": outcome == "won"} if had_taken else {"status": ASKED}
    work.put(made)
    work.emit("charge.dispute.closed", made)
    if had_taken and outcome == "won":
        given = entry(made, "dispute_reversal", made["amount"], work.now())
        made["balance_transactions"].append(given)
        work.put(given)
        work.emit("charge.dispute.funds_reinstated", made)
    return made


async def held(work: Work, id: str) -> Object:
    """The dispute, read while its intent is held."""
    made = await work.get(id) if id.startswith("du_") else None
    if not made:
        raise no_such("dispute", id)
    await work.get(made["payment_intent"], hold=True)
    return await work.get(id)


async def stops_refunds(work: Work, charge: Object) -> bool:
    """Whether the bank has, or may keep, what a refund would give back."""
    if not charge["disputed"]:
        return False
    asked = "select body ->> 'status' from stripe_sandbox.objects where kind = 'du' and about = %s"
    stages = await (await work.db.execute(asked, (charge["payment_intent"],))).fetchall()
    return any(status in (OPEN, "lost") for (status,) in stages)


async def told(work: Work, charge: Object) -> dict[str, Any]:
    card = card_of(await work.get(charge["payment_method"]))
    about = {"brand": card.brand, "case_type": "chargeback", "network": card.brand, "network_reason_code": None}
    return {"type": "card", "card": about}


def dispute_of(charge: Object, cents: int, reason: str, at: int) -> Object:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": cents,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": at,
        "currency": "usd",
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": at + A_WEEK_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": True,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": INQUIRY,
    }


def refused(code: str, message: str) -> Refusal:
    return Refusal(400, {"type": "invalid_request_error", "code": code, "message": message})
