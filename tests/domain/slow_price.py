"""The price as section 3 of the paper tells it: slowly, piece by piece, in fractions; nothing of it is the domain's."""

from fractions import Fraction
from math import floor
from typing import Any

from domain.catalog import Catalog
from domain.house import House
from domain.pricing import PriceRequest


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def slow(request: PriceRequest, catalog: Catalog, house: House) -> dict[str, int]:
    """Every amount of the breakdown by its name."""
    chosen = request.selection
    organizing = slow_organizing(chosen, catalog)
    parts = {
        "base_price_cents": slow_base(chosen, catalog),
        "surcharge_cents": slow_rules(request, catalog, "weekend") + slow_rules(request, catalog, "peak_date"),
        "same_day_surcharge_cents": 0,
        "coi_fee_cents": slow_certificate(request, catalog, house),
        "organizing_total_cents": organizing,
        "organizing_tax_cents": half_up(organizing * Fraction(house.organizing_tax_percentage) / 100),
        "geographic_surcharge_cents": slow_rules(request, catalog, "geographic"),
        "time_window_surcharge_cents": slow_rules(request, catalog, "time_window"),
    }
    if chosen.service_type in ("standard_delivery", "specialty_item") and chosen.is_same_day_delivery:
        parts["same_day_surcharge_cents"] = catalog.delivery.same_day_surcharge_cents
    return parts | {"total_price_cents": sum(parts.values())}


def slow_base(chosen: Any, catalog: Catalog) -> int:
    if chosen.service_type == "mini_move":
        return package(chosen, catalog).base_price_cents
    if chosen.service_type == "standard_delivery":
        every = sum(catalog.delivery.price_per_item_cents for _ in range(chosen.standard_delivery_item_count))
        return max(catalog.delivery.minimum_charge_cents, every)
    if chosen.service_type == "specialty_item":
        prices = {id: item.base_price_cents for id, item in catalog.specialty_items.items()}
        return sum(prices[line.id] for line in chosen.specialty_items for _ in range(line.quantity))
    airport = next(one for one in catalog.airports.values() if one.code == chosen.blade_airport)
    bags = chosen.blade_bag_count
    while bags < airport.minimum_bags:
        bags += 1
    return airport.price_per_bag_cents * bags


def package(chosen: Any, catalog: Catalog) -> Any:
    return next(one for one in catalog.mini_moves.values() if one.package_type == chosen.mini_move_package)


def slow_organizing(chosen: Any, catalog: Catalog) -> int:
    total = 0
    if chosen.service_type == "mini_move":
        for service in catalog.organizing.values():
            wanted = chosen.include_packing if service.is_packing_service else chosen.include_unpacking
            if wanted and service.mini_move_tier == chosen.mini_move_package:
                total += service.price_cents
    return total


def slow_certificate(request: PriceRequest, catalog: Catalog, house: House) -> int:
    if not request.coi_required:
        return 0
    if request.selection.service_type != "mini_move":
        return house.coi_fee_cents
    bought = package(request.selection, catalog)
    return 0 if bought.coi_included else bought.coi_fee_cents


def slow_rules(request: PriceRequest, catalog: Catalog, kind: str) -> int:
    total, base = 0, slow_base(request.selection, catalog)
    for rule in catalog.surcharges.values():
        covers = rule.applies_to_service_types
        if not rule.is_active or rule.surcharge_type != kind:
            continue
        if covers != "all" and request.selection.service_type not in covers:
            continue
        if is_its_time(rule, request, kind):
            exact = rule.fixed_amount_cents if rule.percentage is None else base * Fraction(rule.percentage) / 100
            total += half_up(Fraction(exact))
    return total


def is_its_time(rule: Any, request: PriceRequest, kind: str) -> bool:
    if kind == "weekend":
        name = request.pickup_date.strftime("%A")
        return (name == "Saturday" and rule.applies_saturday) or (name == "Sunday" and rule.applies_sunday)
    if kind == "peak_date":
        return rule.specific_date == request.pickup_date
    return request.is_outside_core_area if kind == "geographic" else request.pickup_time == "morning_specific"
