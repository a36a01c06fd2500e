"""The entries of the price list, and what makes each of them right. Money in cents, weights in pounds."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from msgspec.structs import asdict

from domain import Refused, Value
from domain.selection import ServiceType, Tier

LEAST_CENTS, MOST_CENTS, MOST = 50, 100_000_000, 10_000  # Stripe takes no payment of less than 50 cents


class MiniMovePackage(Value):
    id: UUID
    package_type: Tier
    name: str
    description: str
    base_price_cents: int
    max_items: int | None
    coi_included: bool
    max_weight_per_item_lbs: int = 50
    coi_fee_cents: int = 5000
    priority_scheduling: bool = False
    protective_wrapping: bool = False
    is_most_popular: bool = False
    is_active: bool = True


class OrganizingService(Value):
    """Packing or unpacking for the Mini Move of one tier; service_type is `petite_packing` … `full_unpacking`."""

    id: UUID
    service_type: str
    name: str
    description: str
    mini_move_tier: Tier
    is_packing_service: bool
    price_cents: int
    duration_hours: int
    organizer_count: int
    supplies_allowance_cents: int = 0
    is_active: bool = True


class DeliveryRates(Value):
    """Standard delivery; the same-day surcharge holds for specialty items too."""

    price_per_item_cents: int
    minimum_charge_cents: int
    minimum_items: int
    max_items: int
    max_weight_per_item_lbs: int
    same_day_surcharge_cents: int
    is_active: bool = True


class SpecialtyItem(Value):
    id: UUID
    name: str
    description: str
    base_price_cents: int
    max_weight_lbs: int
    requires_disassembly: bool = False
    is_active: bool = True


class Airport(Value):
    """An airport of the BLADE transfer. Fewer bags than minimum_bags are charged as so many."""

    code: str
    name: str
    city: str
    state: str
    zip_code: str
    price_per_bag_cents: int
    minimum_bags: int
    max_bags: int
    is_active: bool = True


class SurchargeType(StrEnum):
    WEEKEND = "weekend"
    PEAK_DATE = "peak_date"
    GEOGRAPHIC = "geographic"
    TIME_WINDOW = "time_window"


class SurchargeRule(Value):
    """A percentage of the base price or a fixed amount: exactly one of the two is there."""

    id: UUID
    surcharge_type: SurchargeType
    name: str
    description: str
    applies_to_service_types: tuple[ServiceType, ...] | Literal["all"]
    percentage: Decimal | None = None
    fixed_amount_cents: int | None = None
    specific_date: date | None = None
    applies_saturday: bool = False
    applies_sunday: bool = False
    is_active: bool = True

    @property
    def calculation_type(self) -> Literal["percentage", "fixed_amount"]:
        return "fixed_amount" if self.percentage is None else "percentage"


Entry = MiniMovePackage | OrganizingService | DeliveryRates | SpecialtyItem | Airport | SurchargeRule


def check(entry: Entry) -> None:
    """Raises Refused: `invalid_value`, `missing_field`, `organizing_tier_mismatch`."""
    for name, value in asdict(entry).items():
        most = MOST_CENTS if name.endswith("_cents") else MOST
        if isinstance(value, int) and not 0 <= value <= most:
            raise Refused("invalid_value", f"{name} is from 0 to {most}.", f"/{name}")
    match entry:
        case MiniMovePackage() | SpecialtyItem():
            _check_payable(entry.base_price_cents, "base_price_cents")
        case OrganizingService():
            _check_tier(entry)
        case DeliveryRates():
            _check_range(entry.minimum_items, entry.max_items, "items")
            items_cents = entry.minimum_items * entry.price_per_item_cents
            _check_payable(max(entry.minimum_charge_cents, items_cents), "minimum_charge_cents")
        case Airport():
            _check_range(entry.minimum_bags, entry.max_bags, "bags")
            _check_payable(entry.minimum_bags * entry.price_per_bag_cents, "price_per_bag_cents")
        case SurchargeRule():
            _check_rule(entry)


def _check_payable(least_cents: int, name: str) -> None:
    """`least_cents` is what the least that can be booked of it costs."""
    if least_cents < LEAST_CENTS:
        raise Refused("invalid_value", f"What costs less than {LEAST_CENTS} cents cannot be paid.", f"/{name}")


def _check_tier(service: OrganizingService) -> None:
    if service.service_type != f"{service.mini_move_tier}_{'packing' if service.is_packing_service else 'unpacking'}":
        raise Refused("organizing_tier_mismatch", "The service is named after its tier and direction.", "/service_type")


def _check_range(least: int, most: int, what: str) -> None:
    if not 1 <= least <= most:
        raise Refused("invalid_value", f"The least {what} are one or more, and no more than the most.", f"/max_{what}")


def _check_rule(rule: SurchargeRule) -> None:
    if (rule.percentage is None) == (rule.fixed_amount_cents is None):
        raise Refused("invalid_value", "A rule has either a percentage or a fixed amount.", "/calculation_type")
    share = rule.percentage
    if share is not None and not (share.is_finite() and 0 <= share <= 100 and share == round(share, 2)):
        raise Refused("invalid_value", "A percentage is between 0 and 100 with two decimals.", "/percentage")
    if rule.surcharge_type is SurchargeType.PEAK_DATE and rule.specific_date is None:
        raise Refused("missing_field", "A peak date needs its date.", "/specific_date")
    if rule.surcharge_type is SurchargeType.WEEKEND and not (rule.applies_saturday or rule.applies_sunday):
        raise Refused("missing_field", "A weekend rule needs Saturday or Sunday.", "/applies_saturday")
