"""Switches for proofs: how unreliable Stripe is at the moment, towards its callers and with its webhooks."""

import random
from typing import Annotated, Any, Self

import msgspec

from domain import Value

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0)]


class WebhookFaults(Value, forbid_unknown_fields=True):
    """Probabilities that a delivery is made twice or never, and a delay in milliseconds before each."""

    duplicate: Probability = 0.0
    drop: Probability = 0.0
    delay_ms: Milliseconds = 0


class Faults(Value, forbid_unknown_fields=True):
    """Probabilities that a call fails before its effect (`fail`), or is lost after it (`lose_replies`); a delay."""

    lose_replies: Probability = 0.0
    delay_ms: Milliseconds = 0
    fail: Probability = 0.0
    webhooks: WebhookFaults = WebhookFaults()

    @classmethod
    def of(cls, body: Any) -> Self:
        """Raises `msgspec.ValidationError` for what is no switch."""
        return msgspec.convert(body, cls)

    def copies(self) -> int:
        """How often an event is delivered to each endpoint."""
        if happens(self.webhooks.drop):
            return 0
        return 2 if happens(self.webhooks.duplicate) else 1


def happens(probability: float) -> bool:
    return random.random() < probability
