"""PaymentIntents.

requires_payment_method <--- declined, 3-D Secure failed ---+
    |                                                       |
    +-- method --> requires_confirmation -- confirm --+-----+--> succeeded
    |                                                 |     |
    +---- cancel ----> canceled        3-D Secure     +--> requires_action
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.sandbox.stripe import bodies, cards, disputes, methods
from integrations.sandbox.stripe.balance import entry
from integrations.sandbox.stripe.params import Call, Params, flag, text, whole
from integrations.sandbox.stripe.refusals import Refusal, invalid, missing, no_such, unexpected_state
from integrations.sandbox.stripe.store import Object, Work

CREATE = frozenset(
    {"amount", "currency", "automatic_payment_methods", "payment_method_types", "metadata", "description"}
    | {"payment_method", "confirm", "return_url", "receipt_email", "statement_descriptor_suffix"}
    | {"customer", "setup_future_usage", "off_session"}
)
CONFIRM = frozenset({"payment_method", "return_url", "client_secret", "setup_future_usage", "off_session"})
CANCEL = frozenset({"cancellation_reason"})
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
USAGES = ("on_session", "off_session")
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
AMOUNT_CENTS = range(50, 99_999_999 + 1)


async def create(work: Work, call: Call) -> Object:
    """POST /v1/payment_intents"""
    params = call.params
    amount_cents = charged_cents(params)
    if flag(params, "off_session") and not flag(params, "confirm"):
        raise invalid("off_session", "off_session can only be used when confirm=true.")
    intent = bodies.intent(amount_cents, params, work.now()) | {"setup_future_usage": usage(params)}
    if customer := text(params, "customer"):
        intent["customer"] = (await methods.owner(work, customer, "customer"))["id"]
    if named := text(params, "payment_method"):
        method = await methods.usable(work, intent, named)
        intent |= {"status": "requires_confirmation", "payment_method": method["id"]}
    work.put(intent)
    work.emit("payment_intent.created", intent)
    return await attempt(work, intent, call) if flag(params, "confirm") else intent


def charged_cents(params: Params) -> int:
    amount_cents = whole(params, "amount")
    if amount_cents not in AMOUNT_CENTS:
        small = amount_cents < AMOUNT_CENTS.start
        raise invalid(
            "amount",
            f"Amount must be {'at least $0.50 usd' if small else 'no more than $999,999.99'}",
            "amount_too_small" if small else "amount_too_large",
        )
    currency = (text(params, "currency") or "").lower()
    if not currency:
        raise missing("currency")
    if currency != "usd":
        raise invalid("currency", f"Invalid currency: {currency}. This sandbox takes usd.")
    return amount_cents


def usage(params: Params) -> str | None:
    wanted = text(params, "setup_future_usage")
    if wanted and wanted not in USAGES:
        raise invalid("setup_future_usage", f"Invalid setup_future_usage: must be one of {', '.join(USAGES)}")
    return wanted


async def retrieve(work: Work, call: Call) -> Object:
    """GET /v1/payment_intents/{id}"""
    return await existing(work, call.id)


async def confirm(work: Work, call: Call) -> Object:
    """POST /v1/payment_intents/{id}/confirm"""
    return await attempt(work, await existing(work, call.id, hold=True), call)


async def cancel(work: Work, call: Call) -> Object:
    """POST /v1/payment_intents/{id}/cancel"""
    reason = text(call.params, "cancellation_reason")
    if reason and reason not in REASONS:
        raise invalid("cancellation_reason", f"Invalid cancellation_reason: must be one of {', '.join(REASONS)}")
    intent = await existing(work, call.id, hold=True)
    if intent["status"] not in OPEN:
        raise unexpected_state("cancel", intent)
    intent |= {"status": "canceled", "canceled_at": work.now(), "cancellation_reason": reason, "next_action": None}
    work.put(intent)
    work.emit("payment_intent.canceled", intent)
    return intent


async def authenticate(work: Work, id: str, passed: bool) -> tuple[Object, str]:
    """The payer comes from the 3-D Secure page: the intent after it, and where the payer goes next (maybe nowhere).

    A page that is sent twice changes nothing the second time.
    """
    intent = await existing(work, id, hold=True)
    if intent["status"] != "requires_action":
        return intent, ""
    back = (intent["next_action"].get("redirect_to_url") or {}).get("return_url") or ""
    if passed:
        await charge(work, intent)
    else:
        fail(
            work,
            intent,
            {
                "code": "payment_intent_authentication_failure",
                "type": "invalid_request_error",
                "message": "The provided PaymentMethod has failed authentication. You can provide payment_method_data "
                "or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
            },
        )
    return intent, back and returning(back, intent)


def returning(back: str, intent: Object) -> str:
    address = urlsplit(back)
    outcome = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
    }
    return address._replace(query=urlencode(parse_qsl(address.query) + list(outcome.items()))).geturl()


async def existing(work: Work, id: str, hold: bool = False) -> Object:
    intent = await work.get(id, hold) if id.startswith("pi_") else None
    if not intent:
        raise no_such("payment_intent", id)
    return intent


async def attempt(work: Work, intent: Object, call: Call) -> Object:
    """Try to pay with the method given now, or else the one the intent has."""
    if intent["status"] not in OPEN:
        raise unexpected_state("confirm", intent)
    named = text(call.params, "payment_method") or intent["payment_method"]
    if not named:
        raise invalid(
            "payment_method",
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            "payment_intent_unexpected_state",
        )
    back = text(call.params, "return_url")
    is_off_session = flag(call.params, "off_session")
    if intent["automatic_payment_methods"] and not back and not is_off_session and redirects(intent):
        raise invalid(
            "return_url",
            "You must provide a `return_url`: this PaymentIntent may redirect your customer.",
            "parameter_missing",
        )
    method = await methods.usable(work, intent, named, is_off_session)
    intent |= {"payment_method": method["id"], "setup_future_usage": usage(call.params) or intent["setup_future_usage"]}
    work.put(intent)
    card = cards.card_of(method)
    if card.asks and not is_off_session:
        ask(work, intent, back, call.address)
    elif card.asks or card.code:
        decline(work, intent, cards.UNASKED if card.asks else card, method)
    else:
        await charge(work, intent)
    return intent


def redirects(intent: Object) -> bool:
    return intent["automatic_payment_methods"].get("allow_redirects") != "never"


def ask(work: Work, intent: Object, back: str | None, address: str) -> None:
    page = {"url": f"{address}/sandbox/3ds/{intent['id']}", "return_url": back}
    intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": page}}
    work.put(intent)
    work.emit("payment_intent.requires_action", intent)


async def charge(work: Work, intent: Object) -> None:
    cents = intent["amount"]
    done = {"status": "succeeded", "paid": True, "captured": True, "amount_captured": cents}
    made = bodies.charge(intent, work.now()) | done
    taken = entry(made, "charge", cents, work.now())
    made["balance_transaction"] = taken["id"]
    paid = {"status": "succeeded", "amount_received": cents, "latest_charge": made["id"]}
    intent |= paid | {"last_payment_error": None, "next_action": None}
    work.put(made, taken, intent)
    work.emit("charge.succeeded", made)
    work.emit("payment_intent.succeeded", intent)
    await methods.used(work, intent)
    if cards.card_of(await work.get(intent["payment_method"])).is_disputed:
        await disputes.open_one(work, made, "fraudulent")


def decline(work: Work, intent: Object, card: cards.Card, method: Object) -> None:
    made = bodies.charge(intent, work.now()) | {
        "status": "failed",
        "failure_code": card.code,
        "failure_message": card.message,
    }
    error = {
        "type": "card_error",
        "code": card.code,
        "decline_code": card.decline_code,
        "charge": made["id"],
        "message": card.message,
        "payment_method": method,
    }
    intent["latest_charge"] = made["id"]
    work.put(made)
    work.emit("charge.failed", made)
    fail(work, intent, error)
    raise Refusal(402, error | {"payment_intent": intent}, kept=True)


def fail(work: Work, intent: Object, error: Params) -> None:
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": error,
        "payment_method": None,
        "next_action": None,
    }
    work.put(intent)
    work.emit("payment_intent.payment_failed", intent)
