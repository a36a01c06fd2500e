"""What a booking costs: the selection and the day, with the catalogue and the house's settings, become a breakdown."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec.structs import replace

from domain import Refused, Value
from domain.base_price import Base, base_of
from domain.catalog import Catalog
from domain.house import House
from domain.price_list import OrganizingService, SurchargeRule, SurchargeType
from domain.selection import MiniMove, PickupTime, Selection, ServiceType, is_same_day

SATURDAY, SUNDAY = 5, 6


class PriceRequest(Value):
    """What a price depends on. Service and same-day delivery are part of the selection."""

    selection: Selection
    pickup_date: date
    pickup_time: PickupTime
    specific_pickup_hour: int | None = None
    coi_required: bool = False
    is_outside_core_area: bool = False

    @property
    def service_type(self) -> ServiceType:
        return self.selection.service_type

    @property
    def is_same_day_delivery(self) -> bool:
        return is_same_day(self.selection)


class OrganizingPrice(Value):
    service_type: str
    name: str
    price_cents: int


class AppliedRule(Value):
    name: str
    amount_cents: int


class Pricing(Value):
    """The breakdown; total_price_cents is the sum of the amounts above it."""

    base_price_cents: int
    surcharge_cents: int
    same_day_surcharge_cents: int
    coi_fee_cents: int
    organizing_total_cents: int
    organizing_tax_cents: int
    organizing_services: tuple[OrganizingPrice, ...]
    geographic_surcharge_cents: int
    time_window_surcharge_cents: int
    total_price_cents: int
    applied_rules: tuple[AppliedRule, ...]


PARTS = (
    "base_price_cents",
    "surcharge_cents",
    "same_day_surcharge_cents",
    "coi_fee_cents",
    "organizing_total_cents",
    "organizing_tax_cents",
    "geographic_surcharge_cents",
    "time_window_surcharge_cents",
)
NOTHING = Pricing(0, 0, 0, 0, 0, 0, (), 0, 0, 0, ())


class Bought(Value):
    """What a booking is for, and what it costs as it is."""

    selection: Selection
    pricing: Pricing


def price(request: PriceRequest, catalog: Catalog, house: House) -> Pricing:
    """The breakdown in cents.

    Raises Refused: `not_offered`, `unknown_item`, `too_many_items`, `too_many_bags`, `invalid_value` for what cannot
    be sold, `total_exceeds_maximum` for what cannot be paid.
    """
    base = base_of(request.selection, catalog)
    services = _organizing(request.selection, catalog)
    organizing = sum(service.price_cents for service in services)
    bought = replace(
        NOTHING,
        base_price_cents=base.cents,
        same_day_surcharge_cents=_same_day(request, catalog),
        coi_fee_cents=_coi_fee(request, base, house),
        organizing_total_cents=organizing,
        organizing_tax_cents=share(organizing, house.organizing_tax_percentage),
        organizing_services=tuple(OrganizingPrice(s.service_type, s.name, s.price_cents) for s in services),
    )
    return _with_rules(bought, request, catalog, house)


def reprice(was: Bought, request: PriceRequest, catalog: Catalog, house: House) -> Pricing:
    """What a booking costs on another day, at another time or place.

    What was bought keeps the price it was booked at; what depends on when and where it is follows the rules of now.
    Raises Refused: `not_offered` where same-day delivery is new and not offered, `total_exceeds_maximum`.
    """
    same_day = was.pricing.same_day_surcharge_cents
    if not (request.is_same_day_delivery and is_same_day(was.selection)):
        same_day = _same_day(request, catalog)
    return _with_rules(replace(was.pricing, same_day_surcharge_cents=same_day), request, catalog, house)


def _with_rules(bought: Pricing, request: PriceRequest, catalog: Catalog, house: House) -> Pricing:
    """What was bought, with the rules of now for when and where it is, and with its total."""
    rules = [(rule, _amount(rule, bought.base_price_cents)) for rule in _rules(request, catalog)]
    whole = replace(
        bought,
        surcharge_cents=_sum_of(rules, SurchargeType.WEEKEND, SurchargeType.PEAK_DATE),
        geographic_surcharge_cents=_sum_of(rules, SurchargeType.GEOGRAPHIC),
        time_window_surcharge_cents=_sum_of(rules, SurchargeType.TIME_WINDOW),
        applied_rules=tuple(AppliedRule(rule.name, amount) for rule, amount in rules),
    )
    return replace(whole, total_price_cents=_payable(sum(getattr(whole, part) for part in PARTS), house))


def surcharges_on(day: date, catalog: Catalog) -> list[dict[str, Any]]:
    """The weekend and peak rules of a day as the calendar shows them: `{"name", "calculation_type",
    "percentage": "20.00" or "fixed_amount_cents": 5000, "applies_to_service_types": "all" or a list}`.
    """
    return [_notice(rule) for rule in catalog.surcharges.values() if rule.is_active and _falls_on(rule, day)]


def share(cents: int, percentage: Decimal) -> int:
    """A percentage of an amount, rounded half up to the cent."""
    return int((cents * percentage / 100).quantize(Decimal(1), ROUND_HALF_UP))


def _notice(rule: SurchargeRule) -> dict[str, Any]:
    amount: dict[str, Any] = {"fixed_amount_cents": rule.fixed_amount_cents}
    if rule.percentage is not None:
        amount = {"percentage": f"{rule.percentage:.2f}"}
    services = rule.applies_to_service_types
    return {
        "name": rule.name,
        "calculation_type": rule.calculation_type,
        **amount,
        "applies_to_service_types": services if services == "all" else [str(service) for service in services],
    }


def _rules(request: PriceRequest, catalog: Catalog) -> list[SurchargeRule]:
    return [
        rule
        for rule in catalog.surcharges.values()
        if rule.is_active
        and (rule.applies_to_service_types == "all" or request.service_type in rule.applies_to_service_types)
        and _matches(rule, request)
    ]


def _matches(rule: SurchargeRule, request: PriceRequest) -> bool:
    match rule.surcharge_type:
        case SurchargeType.GEOGRAPHIC:
            return request.is_outside_core_area
        case SurchargeType.TIME_WINDOW:
            return request.pickup_time == PickupTime.MORNING_SPECIFIC
        case _:
            return _falls_on(rule, request.pickup_date)


def _falls_on(rule: SurchargeRule, day: date) -> bool:
    if rule.surcharge_type == SurchargeType.PEAK_DATE:
        return rule.specific_date == day
    if rule.surcharge_type == SurchargeType.WEEKEND:
        return {SATURDAY: rule.applies_saturday, SUNDAY: rule.applies_sunday}.get(day.weekday(), False)
    return False


def _amount(rule: SurchargeRule, base_cents: int) -> int:
    """On the base alone: rules add up, they do not compound."""
    if rule.percentage is not None:
        return share(base_cents, rule.percentage)
    assert rule.fixed_amount_cents is not None, "a rule has either a percentage or a fixed amount"
    return rule.fixed_amount_cents


def _sum_of(rules: list[tuple[SurchargeRule, int]], *types: SurchargeType) -> int:
    return sum(amount for rule, amount in rules if rule.surcharge_type in types)


def _same_day(request: PriceRequest, catalog: Catalog) -> int:
    if not request.is_same_day_delivery:
        return 0
    if catalog.delivery is None:
        raise Refused("not_offered", "Same-day delivery is not offered.", "/is_same_day_delivery")
    return catalog.delivery.same_day_surcharge_cents


def _coi_fee(request: PriceRequest, base: Base, house: House) -> int:
    if not request.coi_required:
        return 0
    return house.coi_fee_cents if base.coi_fee_cents is None else base.coi_fee_cents


def _organizing(selection: Selection, catalog: Catalog) -> list[OrganizingService]:
    if not isinstance(selection, MiniMove):
        return []
    wanted = [name for name in ("packing", "unpacking") if getattr(selection, f"include_{name}")]
    return [_service(f"{selection.mini_move_package}_{name}", f"/include_{name}", catalog) for name in wanted]


def _service(service_type: str, path: str, catalog: Catalog) -> OrganizingService:
    service = catalog.organizing.get(service_type)
    if service is None or not service.is_active:
        raise Refused("not_offered", "This organizing service is not offered.", path)
    return service


def _payable(total_cents: int, house: House) -> int:
    if total_cents > house.payment_maximum_cents:
        raise Refused("total_exceeds_maximum", "The total is more than can be paid at once. Please call us.")
    return total_cents
