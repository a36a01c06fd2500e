"""What happens to a payment. Kept for ever: fields are only ever added, with a default."""

from uuid import UUID

from domain import Value


class PaymentSecret(Value):
    """What lets the payer's browser finish the payment; sealed like what is personal."""

    client_secret: str


class PaymentRequested(Value):
    """`stripe_customer_id` is whose saved cards may pay it, fixed here so that asking Stripe again asks the same."""

    booking_id: UUID
    person_id: UUID
    amount_cents: int
    stripe_customer_id: str = ""


class PaymentOpened(Value):
    stripe_payment_intent_id: str
    person_id: UUID
    personal: PaymentSecret | None = None


class PaymentProcessing(Value):
    pass


class PaymentActionRequired(Value):
    pass


class PaymentFailed(Value):
    """One try that the bank declined; the intent stays open until `TRIES` have failed."""

    failure_reason: str
    stripe_charge_id: str


class PaymentSucceeded(Value):
    amount_cents: int
    stripe_charge_id: str
    stripe_fee_cents: int | None = None


class PaymentWithdrawn(Value):
    """We no longer want the money; Stripe is being asked to cancel the intent."""

    reason: str


class PaymentCancelled(Value):
    pass


class RefundReserved(Value):
    """A part of what was paid is set aside to be given back, so that no two refunds give the same money."""

    refund_id: UUID
    amount_cents: int


class RefundReleased(Value):
    """What was set aside is there again: the refund was denied, or the money came back."""

    refund_id: UUID


class RefundPaidOut(Value):
    refund_id: UUID
    amount_cents: int


class DisputeOpened(Value):
    """The payer's bank takes the money back until it is decided; `reason` is Stripe's word.

    With 0 cents it only asks, and takes nothing; told again with the amount, the same has become a dispute.
    """

    stripe_dispute_id: str
    amount_cents: int
    reason: str


class DisputeClosed(Value):
    """`outcome` is `won` (the money is ours again) or `lost`."""

    stripe_dispute_id: str
    outcome: str


Event = (
    PaymentRequested
    | PaymentOpened
    | PaymentProcessing
    | PaymentActionRequired
    | PaymentFailed
    | PaymentSucceeded
    | PaymentWithdrawn
    | PaymentCancelled
    | RefundReserved
    | RefundReleased
    | RefundPaidOut
    | DisputeOpened
    | DisputeClosed
)
