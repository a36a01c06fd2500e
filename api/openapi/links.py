"""Which operation follows on which: what its answer leads to, with the values to take along."""

from typing import Any

NUMBER, INTENT = "$response.body#/booking/booking_number", "$response.body#/payment/stripe_payment_intent_id"
SENT_NUMBER = "$request.body#/booking_number"
TOKEN = {"header.X-Manage-Token": "$response.body#/manage_token"}
PAY = {"payment_intent_id": INTENT, "booking_number": NUMBER}
CREATE = {
    "status": ("get_public_booking_status_by_booking_number", {"path.booking_number": NUMBER}, None),
    "payment": ("get_payments_status_by_booking_number", {"path.booking_number": NUMBER}, None),
    "intent": ("post_payments_create_intent", {}, {"booking_number": NUMBER}),
    "confirm": ("post_payments_confirm", {}, PAY),
    "pay_in_sandbox": ("post_payments_mock_confirm", {}, PAY),
}
BY_NUMBER = {"path.booking_number": NUMBER}
OF_INTENT = {"payment_intent_id": INTENT, "booking_number": SENT_NUMBER}
LINKS: dict[str, dict[str, tuple[str, dict[str, str], Any]]] = {
    "POST /api/public/guest-booking/": CREATE
    | {
        "whole": ("get_public_booking_status_by_booking_number", BY_NUMBER | TOKEN, None),
        "cancel": ("post_public_bookings_by_booking_number_cancel", BY_NUMBER | TOKEN, {"reason": "Plans changed."}),
    },
    "POST /api/customer/bookings/create/": CREATE
    | {
        "shown": ("get_customer_bookings_by_id", {"path.id": "$response.body#/booking/id"}, None),
        "cancel": (
            "post_customer_bookings_by_id_cancel",
            {"path.id": "$response.body#/booking/id"},
            {"reason": "Plans changed."},
        ),
    },
    "POST /api/payments/create-intent/": {
        "confirm": ("post_payments_confirm", {}, OF_INTENT),
        "pay_in_sandbox": ("post_payments_mock_confirm", {}, OF_INTENT),
    },
    "POST /api/payments/mock-confirm/": {
        "status": ("get_public_booking_status_by_booking_number", {"path.booking_number": SENT_NUMBER}, None),
        "confirm": (
            "post_payments_confirm",
            {},
            {"payment_intent_id": "$request.body#/payment_intent_id", "booking_number": SENT_NUMBER},
        ),
    },
    "POST /api/customer/addresses/": {
        "shown": ("get_customer_addresses_by_id", {"path.id": "$response.body#/address/id"}, None),
        "remove": ("delete_customer_addresses_by_id", {"path.id": "$response.body#/address/id"}, None),
    },
    "POST /api/staff/accounts/": {
        "shown": ("get_staff_accounts_by_id", {"path.id": "$response.body#/account/id"}, None),
    },
}


def links(where: str, known: set[str]) -> dict[str, Any]:
    """Of an operation, to those of the `known` ones: the sandbox's are not in production."""
    found = {name: link for name, link in LINKS.get(where, {}).items() if link[0] in known}
    return {
        name: {"operationId": id} | ({"parameters": given} if given else {}) | ({"requestBody": body} if body else {})
        for name, (id, given, body) in found.items()
    }
