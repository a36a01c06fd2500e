"""Switches for proofs: how unreliable Stripe is at the moment, towards its callers and with its webhooks."""

import random
from typing import Annotated, Any, Self

import msgspec

from domain import Value

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
HELD_BACK_MS = (500, 3000)
Milliseconds = Annotated[int, msgspec.Meta(ge=0)]


class WebhookFaults(Value, forbid_unknown_fields=True):
    """Probabilities that an event is delivered twice, never, or held back behind later ones; a delay before each."""

    duplicate: Probability = 0.0
    drop: Probability = 0.0
    reorder: Probability = 0.0
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

    def delays_ms(self) -> list[int]:
        """An event's deliveries to each endpoint: milliseconds until each of them."""
        if happens(self.webhooks.drop):
            return []
        copies = 2 if happens(self.webhooks.duplicate) else 1
        return [self.webhooks.delay_ms + self.held_back_ms() for _ in range(copies)]

    def held_back_ms(self) -> int:
        return random.randint(*HELD_BACK_MS) if happens(self.webhooks.reorder) else 0


def happens(probability: float) -> bool:
    return random.random() < probability
