"""A line on each field that bodies have: by its name, or by body and name where one name means several things."""

from collections.abc import Iterable
from typing import Any

from api.openapi.examples import PREFIX

OF_BODY = {
    "Blackout.reason": "Why nothing is fetched on these days.",
    "ChoosePaymentMethod.is_default": "True: from now on it is the default, and the one before is not.",
    "CorrectedAccount.is_active": "False: they are logged out, and cannot log in.",
    "CorrectedAccount.password": "A new password.",
    "CorrectedBooking.reason": "Why it is otherwise than the distance says; with `is_outside_core_area` alone.",
    "DecidedRefund.reason": "What is told of the decision.",
    "Item.id": "The id of a specialty item of the catalogue.",
    "NewAirport.code": "Its three letters.",
    "NewOrganizing.service_type": "For which package, and whether it is packed or unpacked.",
    "NewRefund.amount_cents": "How much goes back; no more than is left of the payment.",
    "NewRefund.reason": "Why, for whoever decides.",
    "SavedDoor.is_default": "Whether it becomes the default.",
    "SavePaymentMethod.is_default": "Whether it becomes the default; the first one is anyway.",
    "StaffLogIn.code": "The six digits of the second factor, where there is one.",
    "StripeEvent.id": "Stripe's id of the event: however often it comes, it acts once.",
}
WORDS = {
    "action": "What is decided; `retry` is for a refund that has failed.",
    "address_line_1": "Street and number.",
    "address_line_2": "Apartment, floor and the like.",
    "applies_saturday": "Whether it is asked on Saturdays.",
    "applies_sunday": "Whether it is asked on Sundays.",
    "applies_to_service_types": "The services that it is asked of, or `all`.",
    "base_price_cents": "The price of it.",
    "blade_airport": "The code of an airport of the catalogue: where it goes.",
    "blade_bag_count": "How many bags.",
    "blade_flight_date": "The day of the flight, in New York.",
    "blade_flight_time": "When the flight leaves, in New York.",
    "blade_ready_time": "When the bags are ready, in New York.",
    "blade_transfer": "Places a day for transfers.",
    "booking_number": "The number of the booking: TT and eight characters.",
    "booking_window_days": "How many days ahead can be booked.",
    "calculation_type": "Whether it is a part of the base price, or an amount.",
    "can_approve_refunds": "The flag that adds approving refunds to a role.",
    "can_modify_bookings": "The flag that, false, takes changing bookings from a role.",
    "can_view_financials": "The flag that adds seeing money to a role.",
    "card": "The number of one of Stripe's test cards.",
    "city": "The city.",
    "code": "The six digits of the second factor.",
    "coi_fee_cents": "What a certificate of insurance costs.",
    "coi_included": "Whether a certificate of insurance is part of the price.",
    "coi_required": "Whether the building asks for a certificate of insurance.",
    "customer_info": "Who books.",
    "daily_capacity": "Places a day by service, where a day has no limit of its own.",
    "data": "What it is about, in `object`: how it stands now is asked of Stripe.",
    "delivery_address": "Where it goes.",
    "delivery_address_id": "The id of a saved address, in place of one that is written out.",
    "delivery_instructions": "How to get in.",
    "department": "Where in the house they work.",
    "description": "What customers read of it.",
    "duration_hours": "How long it takes.",
    "email": "The mail address.",
    "email_notifications": "Whether mail may be sent that is not about a booking or the account itself.",
    "emergency_contact": "Whom to call for them.",
    "employee_id": "Their number in the house.",
    "end_date": "The last day, included; without it the first is the only one.",
    "estimated_delivery_time": "When staff expect the van there; null takes the plan back.",
    "estimated_pickup_time": "When staff expect the van at the pickup; null takes the plan back.",
    "first_name": "The first name.",
    "fixed_amount_cents": "How much, where it is an amount.",
    "geographic_threshold_miles": "How far from Manhattan the core area ends.",
    "hire_date": "Since when they work here.",
    "hold_minutes": "How long an unpaid booking keeps its place.",
    "include_packing": "Whether it is packed for the customer.",
    "include_unpacking": "Whether it is unpacked for the customer.",
    "is_active": "False keeps it in the catalogue and does not sell it.",
    "is_most_popular": "Whether customers are shown it as the favourite.",
    "is_outside_core_area": "What staff know better than the distance.",
    "is_same_day_delivery": "Whether it is delivered on the day of the pickup.",
    "is_vip": "Whether staff favour them.",
    "last_name": "The last name.",
    "limits": "Places of a day by service.",
    "livemode": "Whether the money is real: it has to be of the same mode as our key.",
    "marketing_consent": "Whether offers may be sent.",
    "max_bags": "The most bags of a transfer.",
    "max_items": "The most items.",
    "max_weight_lbs": "The most that it may weigh, in pounds.",
    "max_weight_per_item_lbs": "The most that one item may weigh, in pounds.",
    "maximum_delivery_miles": "How far is driven at most; null for any distance.",
    "mini_move": "Places a day for Mini Moves.",
    "mini_move_package": "The package.",
    "minimum_bags": "The fewest bags that are charged.",
    "minimum_charge_cents": "The least that a delivery costs.",
    "minimum_items": "The fewest items.",
    "name": "What it, or who, is called.",
    "nickname": "What the customer calls the address; no two have the same.",
    "notes": "What staff note; no customer sees it.",
    "organizer_count": "How many people come.",
    "organizing_tax_percentage": "The tax on organizing, with up to four decimals.",
    "package_type": "Which of the packages it is.",
    "password": "The password, as it is typed.",
    "payment_id": "The payment that is given back.",
    "payment_intent_id": "Stripe's id of the payment: `stripe_payment_intent_id`.",
    "payment_maximum_cents": "The most that a booking may cost.",
    "payment_method": "A payment method of Stripe's, saved or new, in place of a card: begins with pm_.",
    "payment_method_id": "Stripe's id of the card, made by its script in the payer's browser: begins with pm_.",
    "percentage": "The part of the base price, with up to two decimals.",
    "phone": "The phone number.",
    "pickup_address": "Where it is fetched.",
    "pickup_address_id": "The id of a saved address, in place of one that is written out.",
    "pickup_date": "The day of the pickup, in New York.",
    "pickup_time": "When on that day.",
    "preferred_pickup_time": "The pickup time that is proposed for a new booking.",
    "price_cents": "The price of it.",
    "price_per_bag_cents": "The price of one bag.",
    "price_per_item_cents": "The price of one item.",
    "priority_scheduling": "Whether it is planned before others.",
    "protective_wrapping": "Whether things are wrapped.",
    "quantity": "How many of it.",
    "quote": "The quote of a price preview, whose price then holds.",
    "reason": "Why; kept with the booking.",
    "refund_cents": "How much of what was paid goes back; without it all, 0 for nothing.",
    "refund_id": "The refund that is decided on.",
    "requires_disassembly": "Whether it has to be taken apart.",
    "role": "What they may do: flags add to it or take away.",
    "same_day_surcharge_cents": "What delivery on the day of the pickup costs beside.",
    "second_factor": "False removes it, where the device is lost.",
    "service_type": "The service: the other fields follow from it.",
    "sms_notifications": "Whether text messages may be sent.",
    "special_instructions": "What the driver should know.",
    "specialty_item": "Places a day for specialty items.",
    "specialty_items": "Which of the catalogue, and how many.",
    "specific_date": "The one day on which it is asked.",
    "specific_pickup_hour": "8, 9 or 10: the hour, which goes with `morning_specific`.",
    "standard_delivery": "Places a day for standard deliveries.",
    "standard_delivery_item_count": "How many items.",
    "start_date": "The first day.",
    "state": "The state, as NY.",
    "status": "The status that follows.",
    "supplies_allowance_cents": "What of the price is for boxes and paper.",
    "surcharge_type": "What it is asked for.",
    "token": "The token of the letter.",
    "type": "What has happened, in Stripe's words.",
    "zip_code": "The ZIP code.",
    "zip_prefixes_not_served": "Where nobody is fetched or brought: beginnings of ZIP codes.",
    "zips_needing_instructions": "Where the driver has to be told how to get there.",
}


def explain(bodies: Iterable[Any], components: dict[str, Any]) -> None:
    """Each field of the bodies, and of what is in them, gets its line."""
    seen: set[str] = set()
    for body in bodies:
        _explain(body, components, seen)


def _explain(schema: Any, components: dict[str, Any], seen: set[str], name: str = "") -> None:
    if isinstance(schema, list):
        for one in schema:
            _explain(one, components, seen)
    elif isinstance(schema, dict):
        named = schema.get("$ref", "").removeprefix(PREFIX)
        if named and named not in seen:
            seen.add(named)
            _explain(components[named], components, seen, named)
        for field, one in schema.get("properties", {}).items():
            if words := OF_BODY.get(f"{name}.{field}") or WORDS.get(field):
                one["description"] = f"{words} US cents." if field.endswith("_cents") else words
        for key in schema.keys() - {"properties", "example", "enum", "default"}:
            _explain(schema[key], components, seen)
        for one in schema.get("properties", {}).values():
            _explain(one, components, seen)
