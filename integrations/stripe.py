"""Stripe as we use it: one intent for a payment, refunds keyed by our own ids, webhooks believed only when signed.

Every call ends in one of three ways: an answer; `StripeRefused`, which is certain; `StripeUnavailable`, after which
nobody knows whether the effect took place, so the same call is made again with the same key, or Stripe is asked.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from uuid import UUID

import stripe
from msgspec import DecodeError, json

from integrations.stripe_objects import Intent, RefundAsked, StripeDispute, StripeEvent, StripeRefund

TOLERANCE_SECONDS = 300
ROOM, ROOM_WAIT_S = BoundedSemaphore(24), 0.5
UNKNOWN_OUTCOMES = (401, 403, 409, 429)  # our key is not right (any more); a twin is at work; too many requests
MARKS = ("refund_id", "attempt")
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

    def refund(self, asked: RefundAsked) -> StripeRefund:
        """At most one refund at Stripe for one attempt of ours, however late it is tried again.

        Keys are forgotten after 24 hours, so the intent's refunds are compared by our id first; the key then guards
        against a twin in the same moment.
        """
        mark = {"refund_id": str(asked.refund_id)}
        key = f"refund-{asked.refund_id}"
        if asked.attempt > 1:
            mark["attempt"], key = str(asked.attempt), f"{key}-{asked.attempt}"
        for made in self.refunds_of(asked.intent_id):
            if {name: made.metadata[name] for name in MARKS if name in made.metadata} == mark:
                return made
        body = {"payment_intent": asked.intent_id, "amount": asked.amount_cents, "metadata": mark}
        with certain_or_unknown():
            return StripeRefund.of(self.v1.refunds.create(body, {"idempotency_key": key}).to_dict())

    def refunds_of(self, intent_id: str) -> list[StripeRefund]:
        """All refunds of an intent, whoever began them, newest first."""
        with certain_or_unknown():
            found = self.v1.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter()
            return [StripeRefund.of(made.to_dict()) for made in found]

    def disputes_of(self, intent_id: str) -> list[StripeDispute]:
        """All disputes of an intent, newest first."""
        with certain_or_unknown():
            found = self.v1.disputes.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter()
            return [StripeDispute.of(made.to_dict()) for made in found]

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
