"""A sandbox that speaks enough of Stripe's API for the unmodified stripe package, with its state in Postgres."""

from integrations.sandbox.stripe.app import create_app

__all__ = ["create_app"]
