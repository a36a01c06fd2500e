"""Anything that can be asked for, at any prices, under any rules and settings: strategies for hypothesis."""

from datetime import date, time
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as some
from msgspec.structs import replace

from domain.house import House
from domain.price_list import LEAST_CENTS, Airport, Entry, SurchargeRule, SurchargeType
from domain.pricing import PriceRequest
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
from tests.domain.price_lists import ENTRIES, ITEMS, PEAK_DAYS, TUESDAY, shelf

CLOCK_CHANGES = [date(2027, 3, 14), date(2027, 11, 7)]
BASES = ("base_price_cents", "minimum_charge_cents", "price_per_bag_cents")


def requests_for(selections: some.SearchStrategy) -> some.SearchStrategy[PriceRequest]:
    flags = {"coi_required": some.booleans(), "is_outside_core_area": some.booleans()}
    return some.builds(PriceRequest, selections, days, some.sampled_from(PickupTime), **flags)


days = some.one_of(some.dates(date(2027, 1, 1), date(2028, 12, 31)), some.sampled_from(PEAK_DAYS + CLOCK_CHANGES))
lines = some.dictionaries(some.sampled_from(sorted(ITEMS.values())), some.integers(1, 10), min_size=1).map(
    lambda chosen: tuple(ItemQuantity(item, quantity) for item, quantity in chosen.items())
)
moves = requests_for(some.builds(MiniMove, some.sampled_from(Tier), some.booleans(), some.booleans()))
deliveries = requests_for(some.builds(StandardDelivery, some.integers(1, 30), some.booleans()))
oddities = requests_for(some.builds(SpecialtyItems, lines, some.booleans()))
transfers = requests_for(
    some.tuples(some.sampled_from(["JFK", "EWR"]), some.integers(1, 20)).map(
        lambda chosen: BladeTransfer(chosen[0], TUESDAY, time(14), chosen[1], time(9))
    )
)
requests = some.one_of(moves, deliveries, oddities, transfers)
services = some.one_of(some.just("all"), some.lists(some.sampled_from(ServiceType), unique=True).map(tuple))


@some.composite
def rules(draw) -> SurchargeRule:
    is_share = draw(some.booleans())
    return SurchargeRule(
        id=UUID(int=draw(some.integers(0, 2**32))),
        surcharge_type=draw(some.sampled_from(SurchargeType)),
        name="Another rule",
        description="",
        applies_to_service_types=draw(services),
        percentage=Decimal(draw(some.integers(0, 10000))) / 100 if is_share else None,
        fixed_amount_cents=None if is_share else draw(some.integers(0, 50000)),
        specific_date=draw(days),
        applies_saturday=True,
        applies_sunday=draw(some.booleans()),
        is_active=draw(some.booleans()),
    )


@some.composite
def entries(draw) -> Entry:
    """One of the default entries, at other prices; a package with or without its certificate."""
    entry = draw(some.sampled_from([one for one in ENTRIES if not isinstance(one, SurchargeRule)]))
    cents = [name for name in entry.__struct_fields__ if name.endswith("_cents")]
    told = {name: draw(some.integers(LEAST_CENTS if name in BASES else 0, 300_000)) for name in cents}
    if isinstance(entry, Airport):
        told["minimum_bags"] = draw(some.integers(1, 5))
    if hasattr(entry, "coi_included"):
        told["coi_included"] = draw(some.booleans())
    return replace(entry, **told)


catalogs = some.lists(some.one_of(rules(), entries()), max_size=8).map(lambda further: shelf(*further))
houses = some.builds(
    House,
    organizing_tax_percentage=some.integers(0, 100000).map(lambda thousandths: Decimal(thousandths) / 1000),
    coi_fee_cents=some.integers(0, 20000),
    payment_maximum_cents=some.just(10**9),
)
