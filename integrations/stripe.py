"""Stripe as we use it: one intent for a payment, refunds keyed by our own ids, webhooks believed only when signed.

Every call ends in one of three ways: an answer; `StripeRefused`, which is certain; `StripeUnavailable`, after which
nobody knows whether the effect took place, so the same call is made again with the same key, or Stripe is asked.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Self
from uuid import UUID

import stripe
from msgspec import DecodeError, json

TOLERANCE_SECONDS = 300
ROOM, ROOM_WAIT_S = BoundedSemaphore(24), 0.5
UNKNOWN_OUTCOMES = (401, 403, 409, 429)  # our key is not right (any more); a twin is at work; too many requests
UNEXPECTED_STATE = "payment_intent_unexpected_state"
FEE = {"expand": ["latest_charge.balance_transaction"]}

stripe.enable_telemetry = False  # the package would write an id into the home folder and report timings


class StripeUnavailable(Exception):
    """No answer, or none that says anything: the outcome is unknown. Ask again."""


class StripeRefused(Exception):
    """Stripe says no, and it is certain: `code` is Stripe's word (`charge_already_refunded`, `resource_missing`)."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


class ForgedWebhook(Exception):
    """A webhook that Stripe did not sign with our secret within the last five minutes."""


@dataclass(frozen=True)
class Intent:
    """A PaymentIntent. `status` is Stripe's word; `fee_cents` is known only when Stripe was asked for it.

    `failure_code` is the issuer's reason (`insufficient_funds`) where there is one, else Stripe's (`expired_card`);
    `failure_message` can be shown to the payer.
    """

    id: str
    status: str
    amount_cents: int
    client_secret: str
    charge_id: str | None
    failure_code: str | None
    failure_message: str | None
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
            error.get("message"),
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


@dataclass(frozen=True)
class StripeEvent:
    """A verified webhook: what it is about is in `intent` or `refund`; a charge or dispute names its `intent_id`."""

    id: str
    type: str
    intent: Intent | None
    intent_id: str | None
    refund: StripeRefund | None
    livemode: bool

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        about = event["data"]["object"]
        intent = Intent.of(about) if about["object"] == "payment_intent" else None
        refund = StripeRefund.of(about) if about["object"] == "refund" else None
        intent_id = intent.id if intent else about.get("payment_intent")
        return cls(event["id"], event["type"], intent, intent_id, refund, event["livemode"])


@contextmanager
def certain_or_unknown() -> Iterator[None]:
    """Let none of the package's exceptions out: they become `StripeRefused` or `StripeUnavailable`.

    So many calls at once and no more: a Stripe that hangs must not hold every thread that serves bookings.
    """
    if not ROOM.acquire(timeout=ROOM_WAIT_S):
        raise StripeUnavailable("too many calls are waiting for Stripe")
    try:
        yield
    except stripe.StripeError as error:
        if 400 <= (error.http_status or 0) < 500 and error.http_status not in UNKNOWN_OUTCOMES:
            details = error.error.to_dict() if error.error else {}
            code = details.get("code") or details.get("type") or "invalid_request_error"
            raise StripeRefused(code, error.user_message or str(error)) from error
        raise StripeUnavailable(str(error)) from error
    finally:
        ROOM.release()


def connect(key: str, url: str | None, webhook_secret: str, timeout_seconds: float = 5.0) -> "Stripe":
    """A client for the account of `key`, at Stripe itself (`url` None) or at a sandbox.

    Connections are kept, one for each thread that calls; no call is retried here, since that is for a job to do.
    """
    client = stripe.StripeClient(
        key,
        base_addresses={"api": url} if url else {},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout_seconds),
    )
    return Stripe(client.v1, webhook_secret)


@dataclass(frozen=True)
class Stripe:
    """The calls of the platform; safe to share between threads. All raise `StripeRefused` and `StripeUnavailable`."""

    v1: stripe.V1Services
    webhook_secret: str

    def create_intent(self, payment_id: UUID, amount_cents: int, metadata: dict[str, str]) -> Intent:
        """The one intent of a payment, in USD; asked again, the same one (its state may have moved on since)."""
        asked = {
            "amount": amount_cents,
            "currency": "usd",
            "automatic_payment_methods": {"enabled": True},
            "metadata": metadata | {"payment_id": str(payment_id)},
        }
        with certain_or_unknown():
            return _intent(self.v1.payment_intents.create(asked, {"idempotency_key": f"intent-{payment_id}"}))

    def retrieve_intent(self, intent_id: str) -> Intent:
        """The truth of this moment, with the fee once there is a charge."""
        with certain_or_unknown():
            return _intent(self.v1.payment_intents.retrieve(intent_id, FEE))

    def cancel_intent(self, intent_id: str, key: str) -> Intent:
        """Cancel what is still open. An intent already cancelled or succeeded is returned as it is."""
        try:
            with certain_or_unknown():
                asked = {"cancellation_reason": "abandoned"}
                return _intent(self.v1.payment_intents.cancel(intent_id, asked, {"idempotency_key": key}))
        except StripeRefused as refusal:
            return self._as_it_is(intent_id, refusal)

    def refund(self, refund_id: UUID, intent_id: str, amount_cents: int) -> StripeRefund:
        """At most one refund at Stripe for one of ours, however late it is tried again.

        Keys are forgotten after 24 hours, so the intent's refunds are compared by our id first; the key then guards
        against a twin in the same moment.
        """
        asked = {"payment_intent": intent_id, "amount": amount_cents, "metadata": {"refund_id": str(refund_id)}}
        with certain_or_unknown():
            for made in self.v1.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter():
                if made.metadata and made.metadata.to_dict().get("refund_id") == str(refund_id):
                    return StripeRefund.of(made.to_dict())
            return StripeRefund.of(self.v1.refunds.create(asked, {"idempotency_key": f"refund-{refund_id}"}).to_dict())

    def confirm_with_card(self, intent_id: str, number: str, return_url: str) -> Intent:
        """Pay with a test card, as a payer's browser would; only a sandbox takes card numbers from us.

        A declined card gives the intent after the decline; an intent that is past confirming, as it is.
        """
        card = {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}}
        with certain_or_unknown():
            method = self.v1.payment_methods.create(card)
        try:
            with certain_or_unknown():
                asked = {"payment_method": method.id, "return_url": return_url} | FEE
                return _intent(self.v1.payment_intents.confirm(intent_id, asked))
        except StripeRefused as refusal:
            return self._as_it_is(intent_id, refusal)

    def webhook_event(self, payload: bytes, signature: str) -> StripeEvent:
        """The event in a webhook's raw body. Raises `ForgedWebhook`.

        Beyond what the package checks, a time of signing in the future is refused too.
        """
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self.webhook_secret, TOLERANCE_SECONDS)
            signed_at = next(part[2:] for part in signature.split(",") if part.startswith("t="))
            if int(signed_at) > time.time() + TOLERANCE_SECONDS:
                raise ForgedWebhook("signed in the future")
            return StripeEvent.of(json.decode(payload))
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise ForgedWebhook(str(error)) from error
        except (DecodeError, KeyError, TypeError, ValueError) as error:
            raise ForgedWebhook(f"signed, but no event: {error!r}") from error

    def _as_it_is(self, intent_id: str, refusal: StripeRefused) -> Intent:
        """After a refusal that depends on the intent's state, that state; any other refusal goes on."""
        if refusal.code == UNEXPECTED_STATE or isinstance(refusal.__cause__, stripe.CardError):
            return self.retrieve_intent(intent_id)
        raise refusal


def _intent(answer: stripe.PaymentIntent) -> Intent:
    return Intent.of(answer.to_dict())
