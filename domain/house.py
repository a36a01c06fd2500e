"""The settings of the house: what staff can turn without a price list. Nothing set means the defaults below."""

from decimal import Decimal
from typing import get_args
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import asdict, replace

from domain import Refused, Value
from domain.selection import ServiceType

DEFAULT_DAILY_CAPACITY = 10


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


# Decisions


def change(house: House | None, wish: Event) -> list[Event]:
    """The wish as what happened, or nothing where the house has it so already. Raises Refused("invalid_value")."""
    for name, value in asdict(wish).items():
        _check(name, value)
    current = house or House()
    return [] if evolve(current, wish) == current else [wish]


def _check(name: str, value: object) -> None:
    match value:
        case Decimal():
            right = value.is_finite() and 0 <= value <= 100
        case int():
            right = value >= (1 if name == "hold_minutes" else 0)
        case tuple():
            most = 5 if name == "zip_prefixes_not_served" else None
            right = all(z.isascii() and z.isdigit() and (len(z) <= most if most else len(z) == 5) for z in value)
        case _:
            right = True
    if not right:
        raise Refused("invalid_value", f"{name} cannot be {value}.")
