"""The settings of the house: what staff can turn without a price list. Nothing set means the defaults below."""

from decimal import Decimal
from typing import Any, get_args
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import asdict, replace

from domain import Refused, Value
from domain.pickup_day import MOST_PLACES
from domain.price_list import MOST_CENTS
from domain.selection import ServiceType

DEFAULT_DAILY_CAPACITY = 10
LIMITS = {
    "organizing_tax_percentage": (0, 100),
    "geographic_threshold_miles": (0, 1_000),
    "booking_window_days": (1, 730),
    "hold_minutes": (1, 1_440),
    "places": (0, MOST_PLACES),
    "payment_maximum_cents": (100, MOST_CENTS - 1),  # Stripe takes eight digits
    "coi_fee_cents": (0, 1_000_000),
    "maximum_delivery_miles": (1, 1_000),
}
MOST_ZIPS = 1_000


# Events: each sets the fields of the same names. Kept for ever, so fields are only ever added, with a default.


class OrganizingTaxSet(Value):
    organizing_tax_percentage: Decimal


class GeographicThresholdSet(Value):
    geographic_threshold_miles: int


class BookingWindowSet(Value):
    booking_window_days: int


class HoldTimeSet(Value):
    hold_minutes: int


class DailyCapacitySet(Value):
    """Places a day for one service, where the day itself has no limit of its own."""

    service_type: ServiceType
    places: int


class PaymentMaximumSet(Value):
    payment_maximum_cents: int


class HouseCoiFeeSet(Value):
    coi_fee_cents: int


class ZipPrefixesExcluded(Value):
    """All the prefixes that are not served from now on: an empty list serves everything again."""

    zip_prefixes_not_served: tuple[str, ...]


class InstructionZipsSet(Value):
    zips_needing_instructions: tuple[str, ...]


class DeliveryDistanceLimited(Value):
    """The farthest ZIP that is served, in miles from Manhattan; None lifts the limit."""

    maximum_delivery_miles: int | None


Event = (
    OrganizingTaxSet
    | GeographicThresholdSet
    | BookingWindowSet
    | HoldTimeSet
    | DailyCapacitySet
    | PaymentMaximumSet
    | HouseCoiFeeSet
    | ZipPrefixesExcluded
    | InstructionZipsSet
    | DeliveryDistanceLimited
)


# State


class House(Value):
    organizing_tax_percentage: Decimal = Decimal("8.875")
    geographic_threshold_miles: int = 30
    booking_window_days: int = 90
    hold_minutes: int = 30
    daily_capacity: dict[ServiceType, int] = {}
    payment_maximum_cents: int = 2_000_000
    coi_fee_cents: int = 5000
    zip_prefixes_not_served: tuple[str, ...] = ()
    zips_needing_instructions: tuple[str, ...] = ()
    maximum_delivery_miles: int | None = None

    def places(self, service_type: str) -> int:
        """How many bookings of the service a day takes unless the day says otherwise."""
        return self.daily_capacity.get(ServiceType(service_type), DEFAULT_DAILY_CAPACITY)


def stream() -> UUID:
    """The one stream of the settings."""
    return uuid5(NAMESPACE_OID, "totetaxi/house")


def evolve(house: House | None, event: Event) -> House:
    house = house or House()
    if isinstance(event, DailyCapacitySet):
        return replace(house, daily_capacity=house.daily_capacity | {event.service_type: event.places})
    assert isinstance(event, get_args(Event)), event
    return replace(house, **asdict(event))


SETTERS: dict[str, type] = {
    field: event for event in get_args(Event) if event is not DailyCapacitySet for field in event.__struct_fields__
}


def wishes(told: dict[str, Any]) -> list[Event]:
    """The settings by their names, as `House` has them, as events; of `daily_capacity` the services that are told."""
    capacity = [DailyCapacitySet(service, places) for service, places in told.get("daily_capacity", {}).items()]
    return [SETTERS[name](value) for name, value in told.items() if name != "daily_capacity"] + capacity


# Decisions


def change(house: House | None, wish: Event) -> list[Event]:
    """The wish as what happened, or nothing where the house has it so already. Raises Refused("invalid_value")."""
    for name, value in asdict(wish).items():
        where = f"daily_capacity/{wish.service_type}" if isinstance(wish, DailyCapacitySet) else name
        _check(name, value, f"/{where}")
    current = house or House()
    return [] if evolve(current, wish) == current else [wish]


def change_all(house: House | None, wishes: list[Event]) -> list[Event]:
    """All of the wishes, each about something else, or none."""
    return [event for wish in wishes for event in change(house, wish)]


def _check(name: str, value: Any, path: str) -> None:
    if isinstance(value, tuple):
        least = 1 if name == "zip_prefixes_not_served" else 5
        if len(value) > MOST_ZIPS or not all(_is_number(zip, least) for zip in value):
            raise Refused("invalid_value", f"{name} are at most {MOST_ZIPS}, of {least} to 5 digits.", path)
    elif name in LIMITS and value is not None:
        least, most = LIMITS[name]
        if not (isinstance(value, int) or value.is_finite()) or not least <= value <= most:
            raise Refused("invalid_value", f"{name} is from {least} to {most}.", path)
        if isinstance(value, Decimal) and value != round(value, 4):
            raise Refused("invalid_value", f"{name} has at most four decimals.", path)


def _is_number(zip: str, least: int) -> bool:
    return zip.isascii() and zip.isdigit() and least <= len(zip) <= 5
