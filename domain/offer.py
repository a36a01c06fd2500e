"""What can be booked at all: the rules of days, hours and addresses, before capacity is asked."""

from datetime import date, datetime, time, timedelta

from domain import Refused
from domain.address import Area, Street
from domain.house import House
from domain.pricing import PriceRequest
from domain.selection import BladeTransfer, PickupTime

SAME_DAY_UNTIL = time(10)
SPECIFIC_HOURS = (8, 9, 10)


def check_day(asked: PriceRequest, wall_clock: datetime, house: House) -> None:
    """`wall_clock` is New York's. Refuses `pickup_in_past`, `outside_booking_window`, `same_day_…`."""
    today, day = wall_clock.date(), asked.pickup_date
    if day < today:
        raise Refused("pickup_in_past", "The pickup day is over.", "/pickup_date")
    if day > last_day(today, house):
        raise Refused(
            "outside_booking_window", f"We take bookings for the next {house.booking_window_days} days.", "/pickup_date"
        )
    if asked.is_same_day_delivery and day != today:
        raise Refused("same_day_not_today", "Same-day delivery is for a pickup today.", "/is_same_day_delivery")
    if day == today and not asked.is_same_day_delivery:
        raise Refused("same_day_required", "A pickup today is only possible as same-day delivery.", "/pickup_date")
    if day == today and wall_clock.time() >= SAME_DAY_UNTIL:
        raise Refused("same_day_too_late", "Same-day delivery is ordered before 10:00.", "/pickup_date")


def last_day(today: date, house: House) -> date:
    return today + timedelta(days=house.booking_window_days)


def check_hour(asked: PriceRequest) -> None:
    """Refuses `pickup_hour_required`, `pickup_hour_not_allowed`, `invalid_value`."""
    hour = asked.specific_pickup_hour
    if asked.pickup_time == PickupTime.MORNING_SPECIFIC:
        if hour is None:
            raise Refused("pickup_hour_required", "Which hour: 8, 9 or 10?", "/specific_pickup_hour")
        if hour not in SPECIFIC_HOURS:
            raise Refused("invalid_value", "The hour is 8, 9 or 10.", "/specific_pickup_hour")
    elif hour is not None:
        raise Refused("pickup_hour_not_allowed", "An hour goes with morning_specific only.", "/specific_pickup_hour")


def check_flight(asked: PriceRequest) -> None:
    """Of a transfer: bags are ready on the pickup day, the flight leaves later that day or on the next.

    Refuses `blade_times`.
    """
    chosen, day = asked.selection, asked.pickup_date
    if not isinstance(chosen, BladeTransfer):
        return
    if chosen.blade_flight_date not in (day, day + timedelta(days=1)):
        raise Refused("blade_times", "The flight is on the pickup day or the day after.", "/blade_flight_date")
    if chosen.blade_flight_date == day and chosen.blade_ready_time >= chosen.blade_flight_time:
        raise Refused("blade_times", "The bags are ready before the flight leaves.", "/blade_ready_time")


def check_addresses(
    pickup: tuple[Area, Street], delivery: tuple[Area, Street], where: str = "/delivery_address"
) -> None:
    """`where` is the field that says where it goes. Refuses `same_address`."""
    if _door(*pickup) == _door(*delivery):
        raise Refused("same_address", "Pickup and delivery are the same place.", where)


def _door(area: Area, street: Street) -> tuple[str, ...]:
    lines = (street.address_line_1, street.address_line_2, area.zip_code[:5])
    return tuple(" ".join(line.lower().split()) for line in lines)
