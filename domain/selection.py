"""What a customer selects of each service: a value for each, told apart by `service_type` when stored as JSON."""

from datetime import date, time, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import asdict, replace

from domain import Refused, Value


class ServiceType(StrEnum):
    MINI_MOVE = "mini_move"
    STANDARD_DELIVERY = "standard_delivery"
    SPECIALTY_ITEM = "specialty_item"
    BLADE_TRANSFER = "blade_transfer"


class Tier(StrEnum):
    """The Mini Move packages, and the organizing services that go with them."""

    PETITE = "petite"
    STANDARD = "standard"
    FULL = "full"


class PickupTime(StrEnum):
    MORNING = "morning"
    MORNING_SPECIFIC = "morning_specific"
    NO_TIME_PREFERENCE = "no_time_preference"


class MiniMove(Value, tag_field="service_type", tag="mini_move"):
    service_type: ClassVar[ServiceType] = ServiceType.MINI_MOVE
    mini_move_package: Tier
    include_packing: bool = False
    include_unpacking: bool = False


class StandardDelivery(Value, tag_field="service_type", tag="standard_delivery"):
    service_type: ClassVar[ServiceType] = ServiceType.STANDARD_DELIVERY
    standard_delivery_item_count: int
    is_same_day_delivery: bool = False


class ItemQuantity(Value):
    """`name` is what the catalogue called it when it was booked; empty before."""

    id: UUID
    quantity: int
    name: str = ""


class SpecialtyItems(Value, tag_field="service_type", tag="specialty_item"):
    service_type: ClassVar[ServiceType] = ServiceType.SPECIALTY_ITEM
    specialty_items: tuple[ItemQuantity, ...]
    is_same_day_delivery: bool = False


class BladeTransfer(Value, tag_field="service_type", tag="blade_transfer"):
    """Luggage to an airport: date and times are those of New York's clocks."""

    service_type: ClassVar[ServiceType] = ServiceType.BLADE_TRANSFER
    blade_airport: str
    blade_flight_date: date
    blade_flight_time: time
    blade_bag_count: int
    blade_ready_time: time


Selection = MiniMove | StandardDelivery | SpecialtyItems | BladeTransfer


def is_same_day(selection: Selection) -> bool:
    """Whether delivery on the day of the pickup was asked for; only two services have it."""
    return isinstance(selection, StandardDelivery | SpecialtyItems) and selection.is_same_day_delivery


class Extras(Value):
    """What of a selection goes with its day; None stays as it was agreed."""

    is_same_day_delivery: bool | None = None
    blade_flight_date: date | None = None
    blade_flight_time: time | None = None
    blade_ready_time: time | None = None


def moved(selection: Selection, by: timedelta, extras: Extras) -> Selection:
    """The selection on another day: a flight moves along unless another was told, same-day delivery is for its day.

    Refuses `unexpected_field` for what the service does not have.
    """
    told = {name: value for name, value in asdict(extras).items() if value is not None}
    if odd := sorted(told.keys() - set(selection.__struct_fields__)):
        raise Refused("unexpected_field", f"{odd[0]} does not belong to this service.", f"/{odd[0]}")
    if isinstance(selection, BladeTransfer):
        return replace(selection, **{"blade_flight_date": selection.blade_flight_date + by} | told)
    if by and is_same_day(selection):
        return replace(selection, **{"is_same_day_delivery": False} | told)
    return replace(selection, **told)


def named(selection: SpecialtyItems, names: dict[UUID, str]) -> SpecialtyItems:
    """The selection with the names of its items."""
    items = tuple(replace(item, name=names.get(item.id, item.name)) for item in selection.specialty_items)
    return replace(selection, specialty_items=items)


def fields(selection: Selection) -> dict[str, Any]:
    """Its fields as they are asked for and shown, beside the service: dates as 2027-01-12, wall times as 14:30."""
    plain = to_builtins(selection, builtin_types=(time,))
    return {
        name: value.isoformat("minutes") if isinstance(value, time) else value
        for name, value in plain.items()
        if name != "service_type"
    }
