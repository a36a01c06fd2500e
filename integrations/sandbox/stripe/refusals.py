"""Stripe's error answers: `{"error": {"type", "code", "param", "message"}}` with a status."""

from typing import Any


class Refusal(Exception):
    """An error answer. `kept`: the request was carried out and failed, so its key replays this very answer."""

    def __init__(self, status: int, error: dict[str, Any], kept: bool = False):
        super().__init__(error["message"])
        self.status = status
        self.error = error
        self.kept = kept


def invalid(param: str, message: str, code: str = "parameter_invalid") -> Refusal:
    return Refusal(400, {"type": "invalid_request_error", "code": code, "param": param, "message": message})


def missing(param: str) -> Refusal:
    return invalid(param, f"Missing required param: {param}.", "parameter_missing")


def no_such(what: str, id: str, param: str = "id") -> Refusal:
    """404 for what the address names, 400 for what a parameter names."""
    error = {
        "type": "invalid_request_error",
        "code": "resource_missing",
        "param": param,
        "message": f"No such {what}: '{id}'",
    }
    return Refusal(404 if param == "id" else 400, error)


def unexpected_state(verb: str, intent: dict[str, Any]) -> Refusal:
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_unexpected_state",
        "payment_intent": intent,
        "message": f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
    }
    return Refusal(400, error, kept=True)


def key_used_otherwise(key: str) -> Refusal:
    return Refusal(
        400,
        {
            "type": "idempotency_error",
            "message": "Keys for idempotent requests can only be used with "
            f"the same parameters they were first used with. Try using a key other than '{key}'.",
        },
    )


def key_in_use() -> Refusal:
    return Refusal(
        409,
        {
            "type": "invalid_request_error",
            "code": "idempotency_key_in_use",
            "message": "There is currently another in-progress request using this idempotency key.",
        },
    )


def unauthorized(message: str) -> Refusal:
    return Refusal(401, {"type": "invalid_request_error", "message": message})


def broken(message: str) -> Refusal:
    return Refusal(500, {"type": "api_error", "message": message})
