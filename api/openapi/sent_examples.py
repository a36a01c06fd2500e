"""Examples of bodies, where needed fields alone are not enough of one: by method and path, each with its name."""

from typing import Any

from api.openapi.example_values import ADA, FROM, ID, REST, SELECTED, TO, WHEN
from domain.default_catalog import default_entries
from domain.price_list import SpecialtyItem

# A person has one booking in a slot: each example has one of its own, so that all of them can be tried in turn.
DAY = {"pickup_date": "2027-01-12", "pickup_time": "morning"}
NO_TIME = {"pickup_date": "2027-01-12", "pickup_time": "no_time_preference"}
NEXT_DAY, DAY_AFTER, ANOTHER_DAY, AGAIN = (DAY | {"pickup_date": f"2027-01-{day}"} for day in (13, 14, 19, 20))
ITEM = str(next(entry.id for entry in default_entries([]) if isinstance(entry, SpecialtyItem)))
FLIGHT = {"blade_airport": "JFK", "blade_flight_date": "2027-01-13", "blade_flight_time": "14:30",
          "blade_bag_count": 3, "blade_ready_time": "09:00"}  # fmt: skip
MOVE = {"service_type": "mini_move"} | SELECTED
SERVICES: dict[str, dict[str, Any]] = {
    "mini_move": MOVE | WHEN | {"special_instructions": "Ring twice", "coi_required": False, "quote": None},
    "standard_delivery": {"service_type": "standard_delivery", "standard_delivery_item_count": 4,
                          "is_same_day_delivery": False} | DAY,
    "specialty_item": {"service_type": "specialty_item", "specialty_items": [{"id": ITEM, "quantity": 1}],
                       "is_same_day_delivery": False} | NO_TIME,
    "blade_transfer": {"service_type": "blade_transfer"} | FLIGHT | NEXT_DAY,
}  # fmt: skip


def _each(pickup: Any, delivery: Any, more: dict[str, Any]) -> dict[str, Any]:
    """Of every service; a transfer goes to its airport."""
    there = {"delivery_address": delivery}
    return {
        service: more | asked | {"pickup_address": pickup} | (there if service != "blade_transfer" else {})
        for service, asked in SERVICES.items()
    }


ACCOUNTS = _each(FROM, TO, {})
CHANGES: dict[str, dict[str, Any]] = {
    "time": ANOTHER_DAY,
    "delivery_address": {"delivery_address": TO},
    "instructions": {"special_instructions": "Ring twice"},
}
SAVED = {"pickup_address_id": ID, "delivery_address": TO}
SENT: dict[str, dict[str, Any]] = {
    "POST /api/public/guest-booking/": _each(FROM | REST, TO, {"customer_info": ADA}),
    "POST /api/public/pricing-preview/": _each({"zip_code": "10013"}, {"zip_code": "11968"}, {}),
    "POST /api/customer/bookings/create/": ACCOUNTS | {"saved_address": MOVE | DAY_AFTER | SAVED},
    "PATCH /api/public/bookings/{booking_number}/": CHANGES,
    "PATCH /api/customer/bookings/{id}/": CHANGES | {"saved_address": {"delivery_address_id": ID}},
    "POST /api/customer/bookings/{id}/rebook/": {"day": AGAIN},
    "PATCH /api/staff/catalog/mini-moves/{id}/": {"price": {"base_price_cents": 180000}},
    "PATCH /api/staff/catalog/organizing/{id}/": {"price": {"price_cents": 260000}},
    "PATCH /api/staff/catalog/standard-delivery/{id}/": {"price": {"price_per_item_cents": 9900}},
    "PATCH /api/staff/catalog/specialty-items/{id}/": {"withdrawn": {"is_active": False}},
    "PATCH /api/staff/catalog/blade-airports/{id}/": {"price": {"price_per_bag_cents": 8000}},
    "PATCH /api/staff/catalog/surcharges/{id}/": {"name": {"name": "Busy day"}},
    "POST /api/staff/catalog/blade-airports/": {
        "laguardia": {"code": "LGA", "name": "LaGuardia", "city": "Queens", "state": "NY", "zip_code": "11371",
                   "price_per_bag_cents": 7500, "minimum_bags": 2, "max_bags": 20},
    },
    "POST /api/staff/catalog/specialty-items/": {
        "canoe": {"name": "Canoe", "description": "One canoe, on the roof.", "base_price_cents": 60000,
                  "requires_disassembly": False, "max_weight_lbs": 90},
    },
    "POST /api/staff/catalog/surcharges/": {
        "peak": {"surcharge_type": "peak_date", "name": "Marathon", "description": "Streets are closed.",
                 "applies_to_service_types": "all", "calculation_type": "percentage", "percentage": "25.00",
                 "specific_date": "2027-01-12"},
        "weekend": {"surcharge_type": "weekend", "name": "Sunday", "description": "Pickup on a Sunday.",
                    "applies_to_service_types": ["mini_move"], "calculation_type": "fixed_amount",
                    "fixed_amount_cents": 5000, "applies_sunday": True},
    },
    "PATCH /api/staff/capacity/{date}/": {
        "fewer": {"limits": {"mini_move": 5}},
        "as_the_house": {"limits": {"mini_move": None}},
    },
    "POST /api/staff/capacity/limits/": {"one_day": {"start_date": "2027-01-12", "limits": {"blade_transfer": 4}}},
    "POST /api/staff/capacity/blackouts/": {"one_day": {"start_date": "2027-01-12", "reason": "Inventory"}},
    "PATCH /api/staff/settings/": {
        "window": {"booking_window_days": 120},
        "capacity": {"daily_capacity": {"mini_move": 12}},
    },
    "PATCH /api/customer/profile/": {
        "name": {"first_name": "Ada", "last_name": "Lovelace"},
        "new_address": {"email": "lovelace@example.com"},
    },
    "PATCH /api/customer/preferences/": {"messages": {"sms_notifications": True, "marketing_consent": False}},
    "POST /api/customer/auth/resend-verification/": {"logged_in": {}, "by_address": {"email": "ada@example.com"}},
    "PATCH /api/staff/customers/{id}/notes/": {"vip": {"notes": "Prefers mornings.", "is_vip": True}},
    "PATCH /api/staff/bookings/{id}/": {
        "status": {"status": "confirmed"},
        "plan": {"estimated_pickup_time": "2027-01-12T14:30:00Z", "estimated_delivery_time": None},
        "area": {"is_outside_core_area": False, "reason": "The ferry does not run."},
    },
    "POST /api/staff/bookings/{id}/reschedule/": {
        "another_day": {"pickup_date": "2027-01-13", "reason": "The van is in repair."},
    },
    "POST /api/staff/bookings/{id}/cancel/": {
        "all_goes_back": {"reason": "The house has burnt down."},
        "a_part_goes_back": {"reason": "Cancelled on the day.", "refund_cents": 50000},
    },
    "POST /api/payments/refunds/create/": {
        "a_part": {"payment_id": ID, "amount_cents": 5000, "reason": "A tote was scratched."},
    },
    "POST /api/payments/refunds/process/": {
        "approve": {"refund_id": ID, "action": "approve"},
        "deny": {"refund_id": ID, "action": "deny", "reason": "It was scratched before."},
        "retry": {"refund_id": ID, "action": "retry"},
    },
    "POST /api/staff/accounts/": {
        "operator": {"name": "Grace Hopper", "email": "grace@example.com", "password": "correct horse battery",
                     "role": "operator"},
    },
    "PATCH /api/staff/accounts/{id}/": {
        "manager": {"role": "manager", "can_approve_refunds": True},
        "gone": {"is_active": False},
        "lost_device": {"second_factor": False},
    },
}  # fmt: skip
