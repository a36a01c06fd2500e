"""Any price, against a slow calculation written from section 3 of the paper, with fractions."""

from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from math import floor
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from domain.catalog import Catalog
from domain.house import House
from domain.price_list import SurchargeRule, SurchargeType
from domain.pricing import PriceRequest, Pricing, price
from domain.selection import (
    BladeTransfer,
    ItemQuantity,
    MiniMove,
    PickupTime,
    ServiceType,
    SpecialtyItems,
    StandardDelivery,
    Tier,
)
from tests.domain.price_lists import ITEMS, PEAK_DAYS, TUESDAY, shelf


def requests_for(selections: st.SearchStrategy) -> st.SearchStrategy[PriceRequest]:
    flags = {"coi_required": st.booleans(), "is_outside_core_area": st.booleans()}
    return st.builds(PriceRequest, selections, days, st.sampled_from(PickupTime), **flags)


days = st.one_of(st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.sampled_from(PEAK_DAYS))
lines = st.dictionaries(st.sampled_from(sorted(ITEMS.values())), st.integers(1, 10), min_size=1).map(
    lambda chosen: tuple(ItemQuantity(item, quantity) for item, quantity in chosen.items())
)
moves = requests_for(st.builds(MiniMove, st.sampled_from(Tier), st.booleans(), st.booleans()))
deliveries = requests_for(st.builds(StandardDelivery, st.integers(1, 30), st.booleans()))
oddities = requests_for(st.builds(SpecialtyItems, lines, st.booleans()))
bags = requests_for(
    st.tuples(st.sampled_from(["JFK", "EWR"]), st.integers(1, 20)).map(
        lambda chosen: BladeTransfer(chosen[0], TUESDAY, time(14), chosen[1], time(9))
    )
)
requests = st.one_of(moves, deliveries, oddities, bags)
services = st.one_of(st.just("all"), st.lists(st.sampled_from(ServiceType), unique=True).map(tuple))


@st.composite
def rules(draw) -> SurchargeRule:
    is_share = draw(st.booleans())
    return SurchargeRule(
        id=UUID(int=draw(st.integers(0, 2**32))),
        surcharge_type=draw(st.sampled_from(SurchargeType)),
        name="Another rule",
        description="",
        applies_to_service_types=draw(services),
        percentage=Decimal(draw(st.integers(0, 10000))) / 100 if is_share else None,
        fixed_amount_cents=None if is_share else draw(st.integers(0, 50000)),
        specific_date=draw(days),
        applies_saturday=True,
        applies_sunday=draw(st.booleans()),
        is_active=draw(st.booleans()),
    )


catalogs = st.lists(rules(), max_size=4).map(lambda further: shelf(*further))
houses = st.builds(
    House,
    organizing_tax_percentage=st.integers(0, 100000).map(lambda thousandths: Decimal(thousandths) / 1000),
    coi_fee_cents=st.integers(0, 20000),
    payment_maximum_cents=st.just(10**9),
)

BASES = {"petite": 99500, "standard": 172500, "full": 249000}
PACKING = {"petite": 140000, "standard": 253500, "full": 440000}
UNPACKING = {"petite": 113000, "standard": 113000, "full": 180000}
SPECIALTIES = {
    "Peloton": 50000,
    "Surfboard": 35000,
    "Artwork": 45000,
    "Upright piano": 95000,
    "Bicycle": 25000,
    "Crib": 35000,
    "Wardrobe box": 27500,
}


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def slow_base(chosen) -> int:
    if chosen.service_type == "mini_move":
        return BASES[chosen.mini_move_package]
    if chosen.service_type == "standard_delivery":
        return max(28500, 9500 * chosen.standard_delivery_item_count)
    if chosen.service_type == "specialty_item":
        names = {id: name for name, id in ITEMS.items()}
        return sum(SPECIALTIES[names[line.id]] for line in chosen.specialty_items for _ in range(line.quantity))
    return 7500 * max(2, chosen.blade_bag_count)


def slow_rules(request: PriceRequest, catalog: Catalog, kind: str) -> int:
    total, base = 0, slow_base(request.selection)
    for rule in catalog.surcharges.values():
        covers = rule.applies_to_service_types
        when = {
            "weekend": (request.pickup_date.isoweekday() == 6 and rule.applies_saturday)
            or (request.pickup_date.isoweekday() == 7 and rule.applies_sunday),
            "peak_date": rule.specific_date == request.pickup_date,
            "geographic": request.is_outside_core_area,
            "time_window": request.pickup_time == "morning_specific",
        }[kind]
        if (
            rule.is_active
            and rule.surcharge_type == kind
            and when
            and (covers == "all" or request.service_type in covers)
        ):
            exact = rule.fixed_amount_cents if rule.percentage is None else base * Fraction(rule.percentage) / 100
            total += half_up(Fraction(exact))
    return total


def slow(request: PriceRequest, catalog: Catalog, house: House) -> dict[str, int]:
    chosen = request.selection
    is_move = chosen.service_type == "mini_move"
    organizing = PACKING[chosen.mini_move_package] if is_move and chosen.include_packing else 0
    organizing += UNPACKING[chosen.mini_move_package] if is_move and chosen.include_unpacking else 0
    coi = {"petite": 5000, "standard": 0, "full": 0}[chosen.mini_move_package] if is_move else house.coi_fee_cents
    parts = {
        "base_price_cents": slow_base(chosen),
        "surcharge_cents": sum(slow_rules(request, catalog, kind) for kind in ("weekend", "peak_date")),
        "same_day_surcharge_cents": 36000 if getattr(chosen, "is_same_day_delivery", False) else 0,
        "coi_fee_cents": coi if request.coi_required else 0,
        "organizing_total_cents": organizing,
        "organizing_tax_cents": half_up(organizing * Fraction(house.organizing_tax_percentage) / 100),
        "geographic_surcharge_cents": slow_rules(request, catalog, "geographic"),
        "time_window_surcharge_cents": slow_rules(request, catalog, "time_window"),
    }
    return parts | {"total_price_cents": sum(parts.values())}


def amounts(breakdown: Pricing) -> dict[str, int]:
    return {name: amount for name, amount in asdict(breakdown).items() if isinstance(amount, int)}


@given(requests, catalogs, houses)
def test_any_price_is_what_the_paper_says(request, catalog, house):
    assert amounts(price(request, catalog, house)) == slow(request, catalog, house)


@given(requests, catalogs, houses)
def test_a_total_is_the_sum_of_its_parts_and_no_part_is_negative(request, catalog, house):
    breakdown = amounts(price(request, catalog, house))
    assert min(breakdown.values()) >= 0
    assert breakdown.pop("total_price_cents") == sum(breakdown.values())


@given(requests, catalogs, houses)
def test_the_listed_rules_explain_all_surcharges(request, catalog, house):
    breakdown = price(request, catalog, house)
    explained = breakdown.surcharge_cents + breakdown.geographic_surcharge_cents + breakdown.time_window_surcharge_cents
    assert sum(rule.amount_cents for rule in breakdown.applied_rules) == explained


@given(deliveries, catalogs, st.integers(1, 29))
def test_one_more_item_never_costs_less(request, catalog, count):
    fewer, more = (replace(request, selection=StandardDelivery(items)) for items in (count, count + 1))
    assert price(fewer, catalog, House()).total_price_cents <= price(more, catalog, House()).total_price_cents


@given(bags, catalogs, st.integers(1, 19))
def test_one_more_bag_never_costs_less(request, catalog, count):
    fewer, more = (
        replace(request, selection=replace(request.selection, blade_bag_count=n)) for n in (count, count + 1)
    )
    assert price(fewer, catalog, House()).total_price_cents <= price(more, catalog, House()).total_price_cents
