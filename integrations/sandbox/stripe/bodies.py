"""New objects as Stripe shows them, with every field that its schema requires."""

from integrations.sandbox.stripe.params import Params, fields, flag, text
from integrations.sandbox.stripe.store import Object, new_id

INTENT_ABSENT = (
    "application application_fee_amount canceled_at cancellation_reason customer customer_account "
    "excluded_payment_method_types last_payment_error latest_charge next_action on_behalf_of payment_method "
    "payment_method_configuration_details processing review setup_future_usage shipping statement_descriptor "
    "transfer_data transfer_group"
)
CHARGE_ABSENT = (
    "application application_fee application_fee_amount balance_transaction calculated_statement_descriptor "
    "failure_balance_transaction failure_code failure_message fraud_details on_behalf_of outcome "
    "payment_method_details receipt_number receipt_url review shipping source_transfer "
    "statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
)
PEOPLE = ("address", "email", "name", "phone", "tax_id")


def intent(amount_cents: int, params: Params, at: int) -> Object:
    id = new_id("pi")
    automatic = fields(params, "automatic_payment_methods")
    given = {name: text(params, name) for name in ("description", "receipt_email", "statement_descriptor_suffix")}
    money = {"amount": amount_cents, "amount_capturable": 0, "amount_received": 0, "currency": "usd"}
    methods = {
        "automatic_payment_methods": automatic | {"enabled": True} if flag(automatic, "enabled") else None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
    }
    return (
        dict.fromkeys(INTENT_ABSENT.split())
        | given
        | money
        | methods
        | {
            "id": id,
            "object": "payment_intent",
            "capture_method": "automatic_async",
            "client_secret": f"{id}_secret_{new_id('')[1:]}",
            "confirmation_method": "automatic",
            "created": at,
            "livemode": False,
            "metadata": fields(params, "metadata"),
            "status": "requires_payment_method",
        }
    )


def charge(intent: Object, at: int) -> Object:
    """A charge of an intent with the method it has, not yet decided."""
    same = {name: intent[name] for name in ("amount", "customer", "description", "metadata", "payment_method")}
    undone = {"amount_captured": 0, "amount_refunded": 0, "captured": False, "paid": False, "refunded": False}
    return (
        dict.fromkeys(CHARGE_ABSENT.split())
        | same
        | undone
        | {
            "id": new_id("ch"),
            "object": "charge",
            "billing_details": dict.fromkeys(PEOPLE),
            "created": at,
            "currency": "usd",
            "disputed": False,
            "livemode": False,
            "payment_intent": intent["id"],
            "receipt_email": intent["receipt_email"],
            "status": "pending",
        }
    )
