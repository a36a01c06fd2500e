"""What Stripe shows, as far as we look at it: intents, refunds, disputes, saved cards, the events of its webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Meta, Struct, ValidationError, json


@dataclass(frozen=True)
class Intent:
    """A PaymentIntent. `status` is Stripe's word; `fee_cents` is known only when Stripe was asked for it.

    `failure_code` is the issuer's reason (`insufficient_funds`) where there is one, else Stripe's (`expired_card`).
    """

    id: str
    status: str
    amount_cents: int
    client_secret: str
    charge_id: str | None
    failure_code: str | None
    metadata: dict[str, str]
    fee_cents: int | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        error = body.get("last_payment_error") or {}
        charge = body.get("latest_charge")
        details = charge if isinstance(charge, dict) else {"id": charge}
        fee = details.get("balance_transaction")
        return cls(
            body["id"],
            body["status"],
            body["amount"],
            body.get("client_secret") or "",
            details["id"],
            error.get("decline_code") or error.get("code"),
            body.get("metadata") or {},
            fee["fee"] if isinstance(fee, dict) else None,
        )


@dataclass(frozen=True)
class StripeRefund:
    """A refund at Stripe; `status` is pending, requires_action, succeeded, failed or canceled."""

    id: str
    status: str
    amount_cents: int
    intent_id: str | None
    failure_reason: str | None
    metadata: dict[str, str]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        return cls(
            body["id"],
            body["status"],
            body["amount"],
            body.get("payment_intent"),
            body.get("failure_reason"),
            body.get("metadata") or {},
        )

    @property
    def attempt(self) -> str:
        """Which attempt of the refund that it is marked with (`refund_id`); the first needs no mark."""
        return self.metadata.get("attempt", "1")


@dataclass(frozen=True)
class RefundAsked:
    """One attempt of one of our refunds; attempts count from 1."""

    refund_id: UUID
    intent_id: str
    amount_cents: int
    attempt: int = 1


@dataclass(frozen=True)
class StripeDispute:
    """A dispute at Stripe; `status` is won or lost when it is over, `warning_…` while the bank only asks."""

    id: str
    status: str
    amount_cents: int
    reason: str
    intent_id: str | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        return cls(body["id"], body["status"], body["amount"], body["reason"], body.get("payment_intent"))

    @property
    def taken_cents(self) -> int:
        """What the bank has taken, also when it was given back since; nothing for a question, or one prevented."""
        return 0 if self.status.startswith(("warning_", "prevented")) else self.amount_cents


@dataclass(frozen=True)
class SavedCard:
    """A card saved at Stripe: what its owner may see of it; `customer_id` is Stripe's, None for a card of nobody."""

    id: str
    customer_id: str | None
    brand: str
    last_four: str
    exp_month: int
    exp_year: int

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        card = body["card"]
        return cls(body["id"], body["customer"], card["brand"], card["last4"], card["exp_month"], card["exp_year"])


@dataclass(frozen=True)
class StripeEvent:
    """A verified webhook: which intent it is about, if any. How that stands is asked of Stripe."""

    id: str
    type: str
    intent_id: str | None
    livemode: bool

    @classmethod
    def of(cls, payload: bytes) -> Self:
        """Raises msgspec's `DecodeError` for what is no such event, and `RecursionError` for what is too deep."""
        event = json.decode(payload, type=_Event)
        about = event.data.object
        intent_id = about.id if about.object == "payment_intent" else about.payment_intent
        if about.object == "payment_intent" and intent_id is None:
            raise ValidationError("an intent without its id")
        return cls(event.id, event.type, intent_id, event.livemode)


Word = Annotated[str, Meta(pattern=r"^[!-~]+\Z", max_length=255)]  # an id, or a kind


class _About(Struct):
    object: Word
    id: Word | None = None
    payment_intent: Word | None = None


class _Data(Struct):
    object: _About


class _Event(Struct):
    """What a webhook has to hold; the rest of it is not looked at."""

    id: Word
    type: Word
    livemode: bool
    data: _Data
