"""What staff keep of the house: the catalogue, what the days can take, the settings."""

from datetime import date
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from api.answers import Position, Version
from domain.price_list import Airport, DeliveryRates, MiniMovePackage, OrganizingService, SpecialtyItem, SurchargeType
from domain.selection import ServiceType


class SurchargeEntry(TypedDict):
    """With the amount that `calculation_type` names: a percentage of the base price, or cents."""

    id: UUID
    surcharge_type: SurchargeType
    name: str
    description: str
    applies_to_service_types: list[ServiceType] | Literal["all"]
    calculation_type: Literal["percentage", "fixed_amount"]
    percentage: str | None
    fixed_amount_cents: int | None
    specific_date: date | None
    applies_saturday: bool
    applies_sunday: bool
    is_active: bool


class WholeCatalogue(TypedDict):
    """Everything, what is withdrawn too. Its version is that of each entry."""

    mini_moves: list[MiniMovePackage]
    organizing: list[OrganizingService]
    standard_delivery: list[DeliveryRates]
    specialty_items: list[SpecialtyItem]
    blade_airports: list[Airport]
    surcharges: list[SurchargeEntry]
    version: Version


ENTRIES = {
    "mini-moves": MiniMovePackage,
    "organizing": OrganizingService,
    "standard-delivery": DeliveryRates,
    "specialty-items": SpecialtyItem,
    "blade-airports": Airport,
    "surcharges": SurchargeEntry,
}


def _shapes(kind: str) -> tuple[type, type, type]:
    """Of one kind: all its entries, one of them, one that was written."""
    entry, name = ENTRIES[kind], kind.title().replace("-", "")
    version: dict[str, Any] = {"version": Version}
    one = version | {"entry": entry}
    all_of_it = TypedDict(f"All{name}", version | {"entries": list[entry]})
    return all_of_it, TypedDict(f"One{name}", one), TypedDict(f"Written{name}", one | {"position": Position})


SHAPES = {kind: _shapes(kind) for kind in ENTRIES}


class Places(TypedDict):
    """Of one service on one day; `is_own` says that the limit is the day's and not the house's."""

    limit: int
    is_own: bool
    used: int
    remaining: int
    overbooked: int


class CapacityDay(TypedDict):
    date: date
    is_blackout: bool
    reason: str | None
    active_bookings: int
    services: dict[str, Places]


class Capacity(TypedDict):
    days: list[CapacityDay]


class CapacityOfDay(TypedDict):
    day: CapacityDay
    version: Version


class CapacityWritten(TypedDict):
    """`version` is there where one day was written."""

    days: list[CapacityDay]
    version: NotRequired[Version]
    position: Position


class ClosedDay(TypedDict):
    date: date
    reason: str | None
    active_bookings: int


class ClosedDays(TypedDict):
    blackouts: list[ClosedDay]
    next_cursor: date | None


class Settings(TypedDict):
    organizing_tax_percentage: str
    geographic_threshold_miles: int
    booking_window_days: int
    hold_minutes: int
    daily_capacity: dict[str, int]
    payment_maximum_cents: int
    coi_fee_cents: int
    zip_prefixes_not_served: list[str]
    zips_needing_instructions: list[str]
    maximum_delivery_miles: int | None


class SettingsShown(TypedDict):
    settings: Settings
    version: Version


class SettingsWritten(SettingsShown):
    position: Position
