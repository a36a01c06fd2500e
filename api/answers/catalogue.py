"""What the house offers, as it is shown."""

from datetime import date
from typing import Literal, NotRequired, TypedDict

from domain.price_list import Airport, DeliveryRates, MiniMovePackage, OrganizingService, SpecialtyItem
from domain.selection import ServiceType, Tier


class Services(TypedDict):
    mini_move_packages: list[MiniMovePackage]
    organizing_services: list[OrganizingService]
    standard_delivery: DeliveryRates | None
    specialty_items: list[SpecialtyItem]
    blade_airports: list[Airport]


class Organizing(TypedDict):
    """Null where it is not offered."""

    packing: OrganizingService | None
    unpacking: OrganizingService | None


class PackageWithOrganizing(TypedDict):
    id: str
    package_type: Tier
    name: str
    description: str
    base_price_cents: int
    max_items: int | None
    coi_included: bool
    max_weight_per_item_lbs: int
    coi_fee_cents: int
    priority_scheduling: bool
    protective_wrapping: bool
    is_most_popular: bool
    is_active: bool
    organizing: Organizing


class Packages(TypedDict):
    packages: list[PackageWithOrganizing]


class Tiers(TypedDict):
    tiers: dict[str, Organizing]


class Surcharge(TypedDict):
    """Of a day; with `percentage` (of the base price) or `fixed_amount_cents`."""

    name: str
    calculation_type: Literal["percentage", "fixed_amount"]
    percentage: NotRequired[str]
    fixed_amount_cents: NotRequired[int]
    applies_to_service_types: list[ServiceType] | Literal["all"]


class Day(TypedDict):
    """`remaining` are the places left by service."""

    date: date
    is_weekend: bool
    is_blackout: bool
    is_bookable: bool
    remaining: dict[str, int]
    surcharges: list[Surcharge]


class Calendar(TypedDict):
    days: list[Day]


class Place(TypedDict):
    """Whether the house drives to a ZIP code; `distance_miles` are those to Manhattan."""

    is_served: bool
    state: str
    is_outside_core_area: bool
    distance_miles: float
