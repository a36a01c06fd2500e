"""The account's balance: what each charge, refund and dispute moves in it, and Stripe's fees."""

from integrations.sandbox.stripe.store import Object, new_id

DISPUTE_FEE_CENTS = 1500
TYPES = {"dispute": "adjustment", "dispute_reversal": "adjustment"}


def entry(source: Object, category: str, cents: int, at: int) -> Object:
    """A balance transaction of `source`: signed cents in (or out of) the account, less the fee of its category.

    Categories are Stripe's reporting categories: charge, refund, refund_failure, dispute, dispute_reversal.
    """
    fee_cents = fee_of(category, cents)
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": cents,
        "available_on": at,
        "balance_type": "payments",
        "created": at,
        "currency": "usd",
        "description": None,
        "exchange_rate": None,
        "fee": fee_cents,
        "fee_details": [fee_detail(fee_cents)] if fee_cents else [],
        "net": cents - fee_cents,
        "reporting_category": category,
        "source": source["id"],
        "status": "pending",
        "type": TYPES.get(category, category),
    }


def fee_of(category: str, cents: int) -> int:
    """2.9 % (half up to the cent) and 30 cents of a charge, $15 of a dispute even when it is won; else nothing."""
    if category == "charge":
        return (cents * 29 + 500) // 1000 + 30
    return DISPUTE_FEE_CENTS if category == "dispute" else 0


def fee_detail(cents: int) -> Object:
    about = {"application": None, "description": "Stripe processing fees", "type": "stripe_fee"}
    return about | {"amount": cents, "currency": "usd"}
