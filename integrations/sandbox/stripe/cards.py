"""Test cards: what each does when it is charged, and the PaymentMethods made of them.

Only the last four digits are kept, as at Stripe; they tell the test cards apart.
"""

from hashlib import sha256
from typing import Any

from domain import Value
from integrations.sandbox.stripe.bodies import PEOPLE
from integrations.sandbox.stripe.params import Call, Params, fields, text, whole
from integrations.sandbox.stripe.refusals import Refusal, invalid, missing, no_such
from integrations.sandbox.stripe.store import Object, Work, new_id


class Card(Value):
    """`code` and `decline_code` are Stripe's for a decline; `asks` means 3-D Secure.

    `later` is what becomes of its refunds: of "succeeded", a pending one; of "failed", one that seemed to succeed.
    """

    number: str
    tokens: tuple[str, ...] = ()
    code: str | None = None
    decline_code: str | None = None
    message: str = "Your card was declined."
    asks: bool = False
    is_disputed: bool = False
    later: str | None = None
    brand: str = "visa"


CARDS = (
    Card("4242424242424242", ("pm_card_visa",)),
    Card("5555555555554444", ("pm_card_mastercard",), brand="mastercard"),
    Card(
        "4000000000000002",
        ("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"),
        "card_declined",
        "generic_decline",
    ),
    Card(
        "4000000000009995",
        ("pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"),
        "card_declined",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
    Card(
        "4000000000000069",
        ("pm_card_chargeDeclinedExpiredCard",),
        "expired_card",
        "expired_card",
        "Your card has expired.",
    ),
    Card(
        "4000000000000127",
        ("pm_card_chargeDeclinedIncorrectCvc",),
        "incorrect_cvc",
        "incorrect_cvc",
        "Your card's security code is incorrect.",
    ),
    Card(
        "4000000000000119",
        ("pm_card_chargeDeclinedProcessingError",),
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    Card("4000002760003184", ("pm_card_authenticationRequiredOnSetup",), asks=True),
    Card("4000002500003155", ("pm_card_authenticationRequired",), asks=True),
    Card("4000000000003220", ("pm_card_threeDSecure2Required",), asks=True),
    Card("4000000000000259", ("pm_card_createDispute",), is_disputed=True),
    Card("4000000000007726", ("pm_card_pendingRefund",), later="succeeded"),
    Card("4000000000005126", ("pm_card_refundFail",), later="failed"),
)
UNASKED = Card(
    "",
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)
CREATE = frozenset({"type", "card", "billing_details", "metadata"})
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {token: card for card in CARDS for token in card.tokens}
BY_LAST_FOUR = {card.number[-4:]: card for card in CARDS}


def card_of(method: Object) -> Card:
    return BY_LAST_FOUR[method["card"]["last4"]]


async def create(work: Work, call: Call) -> Object:
    """POST /v1/payment_methods"""
    params = call.params
    if text(params, "type") != "card":
        raise invalid("type", "Only payment methods of type card are known here.")
    card = fields(params, "card")
    number = (text(card, "number") or "").replace(" ", "")
    if not number:
        raise missing("card[number]")
    month, year = whole(card, "exp_month"), whole(card, "exp_year")
    if not 1 <= month <= 12:
        raise declined("invalid_expiry_month", None, "Your card's expiration month is invalid.")
    method = made_of(known(number), (month, year), params, work.now())
    work.put(method)
    return method


async def find(work: Work, id: str) -> Object:
    """The PaymentMethod of an id, held; or a new one of a test token like `pm_card_visa`."""
    if id in BY_TOKEN:
        method = made_of(BY_TOKEN[id], (12, 2034), {}, work.now())
        work.put(method)
        return method
    method = await work.get(id, hold=True) if id.startswith("pm_") else None
    if not method:
        raise no_such("PaymentMethod", id, "payment_method")
    return method


def known(number: str) -> Card:
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19 and luhn(number)):
        raise declined("incorrect_number", None, "Your card number is incorrect.")
    if number not in BY_NUMBER:
        raise declined(
            "card_declined",
            "test_mode_live_card",
            "Your card was declined. Your request was in test mode, but used a non test (live) card.",
        )
    return BY_NUMBER[number]


def declined(code: str, decline_code: str | None, message: str) -> Refusal:
    return Refusal(402, {"type": "card_error", "code": code, "decline_code": decline_code, "message": message})


def luhn(number: str) -> bool:
    odd, even = number[-1::-2], number[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)) % 10 == 0


def made_of(card: Card, expiry: tuple[int, int], params: Params, at: int) -> Object:
    month, year = expiry
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "type": "card",
        "created": at,
        "livemode": False,
        "customer": None,
        "customer_account": None,
        "metadata": fields(params, "metadata"),
        "allow_redisplay": "unspecified",
        "billing_details": billing(fields(params, "billing_details")),
        "card": {
            "brand": card.brand,
            "last4": card.number[-4:],
            "exp_month": month,
            "exp_year": year,
            "country": "US",
            "funding": "credit",
            "fingerprint": sha256(card.number[-4:].encode()).hexdigest()[:16],
            "checks": None,
            "networks": None,
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
            "generated_from": None,
            "display_brand": card.brand,
            "regulated_status": "unregulated",
        },
    }


def billing(details: Params) -> dict[str, Any]:
    return {name: details.get(name) for name in PEOPLE}
