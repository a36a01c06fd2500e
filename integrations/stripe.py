"""Stripe as we use it: one intent for a payment, refunds keyed by our own ids, webhooks believed only when signed.

Every call ends in one of three ways: an answer; `StripeRefused`, which is certain; `StripeUnavailable`, after which
nobody knows whether the effect took place, so the same call is made again with the same key, or Stripe is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import stripe

from integrations.stripe_answers import StripeRefused, StripeUnavailable, certain_or_unknown, pages, since
from integrations.stripe_objects import Intent, RefundAsked, SavedCard, StripeDispute, StripeEvent, StripeRefund
from integrations.stripe_webhooks import ForgedWebhook, is_live, verified

__all__ = ["ForgedWebhook", "Intent", "RefundAsked", "SavedCard", "Stripe", "StripeDispute", "StripeEvent",
           "StripeRefund", "StripeRefused", "StripeUnavailable", "connect"]  # fmt: skip

MISSING = "resource_missing"
UNEXPECTED_STATE = "payment_intent_unexpected_state"
FEE = {"expand": ["latest_charge.balance_transaction"]}

stripe.enable_telemetry = False  # the package would write an id into the home folder and report timings


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
    return Stripe(client.v1, webhook_secret, is_live(key))


@dataclass(frozen=True)
class Stripe:
    """The calls of the platform; safe to share between threads. All raise `StripeRefused` and `StripeUnavailable`."""

    v1: stripe.V1Services
    webhook_secret: str
    is_live: bool

    def create_intent(
        self, payment_id: UUID, amount_cents: int, metadata: dict[str, str], customer: str = ""
    ) -> Intent:
        """The one intent of a payment, in USD; asked again, the same one (its state may have moved on since).

        The saved payment methods of Stripe's customer, and of nobody else, may pay it.
        """
        key = f"intent-{payment_id}-{customer}" if customer else f"intent-{payment_id}"
        asked = {
            "amount": amount_cents,
            "currency": "usd",
            "automatic_payment_methods": {"enabled": True},
            "metadata": metadata | {"payment_id": str(payment_id)},
        } | ({"customer": customer} if customer else {})
        with certain_or_unknown():
            return _intent(self.v1.payment_intents.create(asked, {"idempotency_key": key}))

    def retrieve_intent(self, intent_id: str) -> Intent:
        """The truth of this moment, with the fee once there is a charge."""
        with certain_or_unknown():
            return _intent(self.v1.payment_intents.retrieve(intent_id, FEE))

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel what is still open. One that cannot be cancelled (any more, or at this moment) is returned as it is.

        Without a key of ours, under which a refusal would be answered again for a day: twice is once, anyway.
        """
        try:
            with certain_or_unknown():
                asked = {"cancellation_reason": "abandoned"}
                return _intent(self.v1.payment_intents.cancel(intent_id, asked))
        except StripeRefused as refusal:
            return self._as_it_is(intent_id, refusal)

    def refund(self, asked: RefundAsked) -> StripeRefund:
        """At most one refund at Stripe for one attempt of ours, however late it is tried again.

        Keys are forgotten after 24 hours, so the intent's refunds are compared by our id, attempt and amount first; the
        key then guards against a twin in the same moment.
        """
        id, attempt = str(asked.refund_id), str(asked.attempt)
        for made in self.refunds_of(asked.intent_id):
            shown = made.metadata.get("refund_id"), made.attempt, made.amount_cents
            if shown == (id, attempt, asked.amount_cents):
                return made
        mark, key = {"refund_id": id}, f"refund-{id}"
        if asked.attempt > 1:
            mark["attempt"], key = attempt, f"{key}-{attempt}"
        body = {"payment_intent": asked.intent_id, "amount": asked.amount_cents, "metadata": mark}
        with certain_or_unknown():
            return StripeRefund.of(self.v1.refunds.create(body, {"idempotency_key": key}).to_dict())

    def refunds_of(self, intent_id: str) -> list[StripeRefund]:
        """All refunds of an intent, whoever began them, newest first."""
        return list(pages(self.v1.refunds.list, {"payment_intent": intent_id}, StripeRefund.of))

    def disputes_of(self, intent_id: str) -> list[StripeDispute]:
        """All disputes of an intent, newest first."""
        return list(pages(self.v1.disputes.list, {"payment_intent": intent_id}, StripeDispute.of))

    def intents_since(self, instant: datetime) -> Iterator[Intent]:
        """All intents made at or after an instant (to the second), newest first, without their fees."""
        return since(instant, self.v1.payment_intents.list, Intent.of)

    def refunds_since(self, instant: datetime) -> Iterator[StripeRefund]:
        """All refunds made at or after an instant (to the second), whoever began them, newest first."""
        return since(instant, self.v1.refunds.list, StripeRefund.of)

    def disputes_since(self, instant: datetime) -> Iterator[StripeDispute]:
        """All disputes opened at or after an instant (to the second), newest first."""
        return since(instant, self.v1.disputes.list, StripeDispute.of)

    def create_customer(self, customer_id: UUID, gone: str = "") -> str:
        """Stripe's id of a customer of ours, who is told to Stripe by our id alone: receipts are ours to send.

        Asked again within a day, the same; later another, so the id is kept by whoever asked. Another one too in place
        of the one that is `gone`.
        """
        key = f"customer-{customer_id}-{gone}" if gone else f"customer-{customer_id}"
        with certain_or_unknown():
            asked = {"metadata": {"customer_id": str(customer_id)}}
            return self.v1.customers.create(asked, {"idempotency_key": key}).id

    def delete_customer(self, customer: str) -> None:
        """Stripe forgets its customer, for good, and every card saved for it; one that is gone already is left so."""
        try:
            with certain_or_unknown():
                self.v1.customers.delete(customer)
        except StripeRefused as refusal:
            if refusal.code != MISSING:
                raise

    def attach_method(self, customer: str, method: str) -> SavedCard:
        """Save a payment method for Stripe's customer; one that is saved already is returned as it is."""
        try:
            with certain_or_unknown():
                return SavedCard.of(self.v1.payment_methods.attach(method, {"customer": customer}).to_dict())
        except StripeRefused:
            if (saved := self._method(method)).customer_id == customer:
                return saved
            raise

    def detach_method(self, method: str) -> None:
        """Forget a saved payment method, for good; one that is nobody's already is left so."""
        try:
            with certain_or_unknown():
                self.v1.payment_methods.detach(method)
        except StripeRefused:
            if self._method(method).customer_id:
                raise

    def methods_of(self, customer: str) -> list[SavedCard]:
        """The cards saved for Stripe's customer, newest first."""
        list_them = self.v1.payment_methods.list
        return list(pages(list_them, {"customer": customer, "type": "card"}, SavedCard.of))

    def make_default(self, customer: str, method: str) -> None:
        """Make a method that is saved for Stripe's customer the one that is used when none is named."""
        with certain_or_unknown():
            self.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})

    def confirm_with_card(self, intent_id: str, number: str, return_url: str) -> Intent:
        """Pay with a test card, as a payer's browser would; only a sandbox takes card numbers from us.

        Ends as `confirm_with_method`.
        """
        card = {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}}
        with certain_or_unknown():
            method = self.v1.payment_methods.create(card)
        return self.confirm_with_method(intent_id, method.id, return_url)

    def confirm_with_method(self, intent_id: str, method: str, return_url: str) -> Intent:
        """Pay with a payment method of the intent's customer, or with a new one of nobody.

        A declined card gives the intent after the decline; an intent that is past confirming, as it is.
        """
        try:
            with certain_or_unknown():
                asked = {"payment_method": method, "return_url": return_url} | FEE
                return _intent(self.v1.payment_intents.confirm(intent_id, asked))
        except StripeRefused as refusal:
            return self._as_it_is(intent_id, refusal)

    def webhook_event(self, payload: bytes, signature: str) -> StripeEvent:
        """The event in a webhook's raw body. Raises `ForgedWebhook`."""
        return verified(payload, signature, self.webhook_secret, self.is_live)

    def _method(self, method: str) -> SavedCard:
        with certain_or_unknown():
            return SavedCard.of(self.v1.payment_methods.retrieve(method).to_dict())

    def _as_it_is(self, intent_id: str, refusal: StripeRefused) -> Intent:
        """After a refusal that depends on the intent's state, that state; any other refusal goes on."""
        if refusal.code == UNEXPECTED_STATE or isinstance(refusal.__cause__, stripe.CardError):
            return self.retrieve_intent(intent_id)
        raise refusal


def _intent(answer: stripe.PaymentIntent) -> Intent:
    return Intent.of(answer.to_dict())
