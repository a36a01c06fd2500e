"""The refusals of the business that several operations share, by what they are about."""

WHEN = (
    "pickup_in_past", "outside_booking_window", "same_day_not_today", "same_day_required", "same_day_too_late",
    "pickup_hour_required", "pickup_hour_not_allowed", "blade_times", "blackout_day",
)  # fmt: skip
WHERE = ("zip_unknown", "zip_not_served", "zip_state_mismatch")
WHAT = (
    "not_offered", "unknown_item", "too_many_items", "too_many_bags", "total_exceeds_maximum",
)  # fmt: skip
PRICING = (*WHEN, *WHERE, *WHAT, "invalid_value")
PLACES = ("no_capacity", "slot_taken")
ENDS = ("same_address", "instructions_required", *WHERE)
QUOTED = ("quote_expired", "quote_mismatch")
WHO = ("invalid_email", "invalid_phone")
PLACING = (*PRICING, *PLACES, *ENDS, *QUOTED)
CHANGING = (*PRICING, *PLACES, *ENDS, "invalid_transition", "not_allowed", "unexpected_field", "missing_field")
