"""Who may call, in the words of OpenAPI: the schemes, and what each policy asks for."""

from typing import Any

from api.openapi.told import TOKEN, Told, needs_token
from api.policies import Policy, Who
from api.sessions import cookie_name
from commands.accounts import Kind

COOKIES = {Who.CUSTOMER: "customerCookie", Who.PAYER: "customerCookie", Who.STAFF: "staffCookie"}


def schemes(is_production: bool) -> dict[str, Any]:
    return {
        "sessionId": _key("header", "X-Session-Id", "The `session_id` that a login answers."),
        "customerCookie": _key("cookie", cookie_name(Kind.CUSTOMER, is_production), "A customer's session."),
        "staffCookie": _key("cookie", cookie_name(Kind.STAFF, is_production), "A session of staff."),
        "csrfToken": _key("header", "X-CSRF-Token", "The session's token: writes by cookie need it."),
        "manageToken": _key("header", TOKEN, "What a guest has got with the booking, and in the link of its letters."),
        "stripeSignature": _key("header", "Stripe-Signature", "Stripe's signature over the raw body."),
    }


def security(policy: Policy, told: Told) -> list[dict[str, list[str]]]:
    """Any one of these is enough; an empty one: nothing is needed."""
    if policy.who is Who.STRIPE:
        return [{"stripeSignature": []}]
    found: list[dict[str, list[str]]] = []
    if policy.who in COOKIES:
        cookie = {COOKIES[policy.who]: []} | ({"csrfToken": []} if policy.is_write else {})
        found += [{"sessionId": []}, cookie]
    if TOKEN in told.takes:
        found.append({"manageToken": []})
    if policy.who is Who.PAYER or (found and policy.who is Who.ANYONE and not needs_token(told)):
        found.insert(0, {})
    return found


def _key(where: str, name: str, description: str) -> dict[str, str]:
    return {"type": "apiKey", "in": where, "name": name, "description": description}
