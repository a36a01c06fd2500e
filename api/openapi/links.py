"""Which operation follows on which: what its answer leads to, with the values to take along."""

from typing import Any

NUMBER, ID = "$response.body#/booking/booking_number", "$response.body#/booking/id"
INTENT, SENT_NUMBER = "$response.body#/payment/stripe_payment_intent_id", "$request.body#/booking_number"
BY_NUMBER, BY_ID = {"path.booking_number": NUMBER}, {"path.id": ID}
ETAG = {"header.If-Match": "$response.header.ETag"}
GIVEN_TOKEN = BY_NUMBER | {"header.X-Manage-Token": "$response.body#/manage_token"}
SENT_TOKEN = BY_NUMBER | {"header.X-Manage-Token": "$request.header.X-Manage-Token"}
PAY, PAY_INTENT = ({"payment_intent_id": INTENT, "booking_number": number} for number in (NUMBER, SENT_NUMBER))
PAID = {"payment_intent_id": "$request.body#/payment_intent_id", "booking_number": SENT_NUMBER}
GO, CHANGE = {"reason": "Plans have changed."}, {"special_instructions": "Ring twice"}
AGAIN = {"pickup_date": "2027-01-12", "pickup_time": "no_time_preference"}
Link = tuple[str, dict[str, str], Any]
PAYING: dict[str, Link] = {
    "status": ("get_public_booking_status_by_booking_number", BY_NUMBER, None),
    "payment": ("get_payments_status_by_booking_number", BY_NUMBER, None),
    "intent": ("post_payments_create_intent", {}, {"booking_number": NUMBER}),
    "confirm": ("post_payments_confirm", {}, PAY),
    "pay_in_sandbox": ("post_payments_mock_confirm", {}, PAY),
}
OWN: dict[str, Link] = {
    "booking": ("get_customer_bookings_by_id", BY_ID, None),
    "timeline": ("get_customer_bookings_by_id_timeline", BY_ID, None),
    "cancel": ("post_customer_bookings_by_id_cancel", BY_ID, GO),
    "rebook": ("post_customer_bookings_by_id_rebook", BY_ID, AGAIN),
}
LINKS: dict[str, dict[str, Link]] = {
    "POST /api/public/guest-booking/": {
        **PAYING,
        "booking": ("get_public_bookings_by_booking_number", GIVEN_TOKEN, None),
        "cancel": ("post_public_bookings_by_booking_number_cancel", GIVEN_TOKEN, GO),
    },
    "GET /api/public/bookings/{booking_number}/": {
        "change": ("patch_public_bookings_by_booking_number", SENT_TOKEN | ETAG, CHANGE),
        "cancel": ("post_public_bookings_by_booking_number_cancel", SENT_TOKEN | ETAG, GO),
    },
    "POST /api/customer/bookings/create/": PAYING | OWN,
    "POST /api/customer/bookings/{id}/rebook/": PAYING | OWN,
    "GET /api/customer/bookings/{id}/": {
        "change": ("patch_customer_bookings_by_id", BY_ID | ETAG, CHANGE),
        "cancel": ("post_customer_bookings_by_id_cancel", BY_ID | ETAG, GO),
    },
    "POST /api/payments/create-intent/": {
        "confirm": ("post_payments_confirm", {}, PAY_INTENT),
        "pay_in_sandbox": ("post_payments_mock_confirm", {}, PAY_INTENT),
    },
    "POST /api/payments/mock-confirm/": {
        "status": ("get_public_booking_status_by_booking_number", {"path.booking_number": SENT_NUMBER}, None),
        "confirm": ("post_payments_confirm", {}, PAID),
    },
    "POST /api/customer/addresses/": {
        "address": ("get_customer_addresses_by_id", {"path.id": "$response.body#/address/id"}, None),
        "remove": ("delete_customer_addresses_by_id", {"path.id": "$response.body#/address/id"}, None),
    },
    "GET /api/staff/bookings/{id}/": {
        "change": ("patch_staff_bookings_by_id", BY_ID | ETAG, {"notes": "Two floors, no lift."}),
        "cancel": ("post_staff_bookings_by_id_cancel", BY_ID | ETAG, GO),
        "put_away": ("delete_staff_bookings_by_id", BY_ID | ETAG, None),
        "events": ("get_staff_bookings_by_id_events", BY_ID, None),
    },
    "POST /api/staff/accounts/": {
        "account": ("get_staff_accounts_by_id", {"path.id": "$response.body#/account/id"}, None),
    },
}


def links(where: str, known: set[str]) -> dict[str, Any]:
    """Of an operation, to those of the `known` ones: the sandbox's are not in production."""
    found = {name: link for name, link in LINKS.get(where, {}).items() if link[0] in known}
    return {
        name: {"operationId": id} | ({"parameters": given} if given else {}) | ({"requestBody": body} if body else {})
        for name, (id, given, body) in found.items()
    }
