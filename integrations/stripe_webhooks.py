"""Stripe's webhooks: believed only when signed with our secret, in the last five minutes, in the mode of our key."""

import time
from typing import Literal

import stripe
from msgspec import DecodeError

from integrations.stripe_objects import StripeEvent

TOLERANCE_SECONDS = 300
LIVE_KEYS = ("sk_live_", "rk_live_")
Reason = Literal["forged", "no_event", "stale", "wrong_mode"]


class ForgedWebhook(Exception):
    """Not to be believed. `reason` is `forged`: nobody with our secret signed this; `no_event`: signed, but no event;
    `stale`: signed more than five minutes ago, or ahead; `wrong_mode`: played with test cards where ours are real, or
    the other way round."""

    def __init__(self, reason: Reason, message: str):
        super().__init__(message)
        self.reason: Reason = reason


def is_live(key: str) -> bool:
    """Whether money that moves under this key is real."""
    return key.startswith(LIVE_KEYS)


def verified(payload: bytes, signature: str, secrets: str, live: bool) -> StripeEvent:
    """The event in a webhook's raw body. Raises `ForgedWebhook`.

    While a secret is replaced Stripe signs with both, so there may be two `secrets`, with a comma between them. The
    time is looked at after the signature: then it is Stripe's, and one in the future is refused too.
    """
    if not any(_is_signed(payload, signature, secret) for secret in secrets.split(",")):
        raise ForgedWebhook("forged", "nobody with our secret signed this")
    if abs(time.time() - _signed_at(signature)) > TOLERANCE_SECONDS:
        raise ForgedWebhook("stale", "signed more than five minutes from now")
    try:
        event = StripeEvent.of(payload)
    except (DecodeError, RecursionError) as error:
        raise ForgedWebhook("no_event", f"signed, but no event: {error!r}") from error
    if event.livemode is not live:
        raise ForgedWebhook("wrong_mode", f"livemode is {event.livemode}")
    return event


def _signed_at(signature: str) -> int:
    """The time that was signed with the body, read as the package reads it."""
    parts = [part.split("=", 2) for part in signature.split(",")]
    return next(int(part[1]) for part in parts if part[0] == "t")


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    try:
        return stripe.WebhookSignature.verify_header(payload, signature, secret.strip())
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):  # TypeError: a signature not in ASCII
        return False
