"""Any price at any prices, against a slow calculation; and that any change can be taken back."""

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import asdict, replace

from domain.house import House
from domain.pricing import Bought, Pricing, price, reprice
from domain.selection import SpecialtyItems, StandardDelivery, is_same_day
from tests.domain.any_request import catalogs, days, deliveries, houses, oddities, requests, transfers
from tests.domain.price_lists import DEFAULT
from tests.domain.slow_price import slow

BIG = House(payment_maximum_cents=10**9)


def amounts(breakdown: Pricing) -> dict[str, int]:
    return {name: amount for name, amount in asdict(breakdown).items() if isinstance(amount, int)}


def total(request, catalog) -> int:
    return price(request, catalog, BIG).total_price_cents


@given(requests, catalogs, houses)
def test_any_price_is_what_the_paper_says(request, catalog, house):
    assert amounts(price(request, catalog, house)) == slow(request, catalog, house)


@given(requests, catalogs, houses)
def test_a_total_is_the_sum_of_its_parts_and_no_part_is_negative(request, catalog, house):
    breakdown = amounts(price(request, catalog, house))
    assert min(breakdown.values()) >= 0
    assert breakdown.pop("total_price_cents") == sum(breakdown.values())


@given(requests, catalogs, houses)
def test_the_listed_rules_and_services_explain_what_they_cost(request, catalog, house):
    breakdown = price(request, catalog, house)
    explained = breakdown.surcharge_cents + breakdown.geographic_surcharge_cents + breakdown.time_window_surcharge_cents
    assert sum(rule.amount_cents for rule in breakdown.applied_rules) == explained
    assert sum(service.price_cents for service in breakdown.organizing_services) == breakdown.organizing_total_cents


@given(deliveries, catalogs, some.integers(1, 29))
def test_one_more_item_never_costs_less(request, catalog, count):
    fewer, more = (replace(request, selection=StandardDelivery(items)) for items in (count, count + 1))
    assert total(fewer, catalog) <= total(more, catalog)


@given(oddities, catalogs, some.integers(1, 9), some.data())
def test_one_more_odd_thing_never_costs_less(request, catalog, count, data):
    lines = request.selection.specialty_items
    n = data.draw(some.integers(0, len(lines) - 1))
    fewer, more = (
        replace(request, selection=SpecialtyItems((*lines[:n], replace(lines[n], quantity=q), *lines[n + 1 :])))
        for q in (count, count + 1)
    )
    assert total(fewer, catalog) <= total(more, catalog)


@given(transfers, catalogs, some.integers(1, 19))
def test_one_more_bag_never_costs_less(request, catalog, count):
    fewer, more = (
        replace(request, selection=replace(request.selection, blade_bag_count=n)) for n in (count, count + 1)
    )
    assert total(fewer, catalog) <= total(more, catalog)


def elsewhen(request, data):
    """The same thing on any other day, at any other time and place; same-day delivery may come or go with it."""
    other = data.draw(requests)
    chosen = request.selection
    if hasattr(chosen, "is_same_day_delivery"):
        chosen = replace(chosen, is_same_day_delivery=data.draw(some.booleans()))
    return replace(other, selection=chosen, coi_required=request.coi_required, pickup_date=data.draw(days))


@given(requests, catalogs, houses)
def test_with_nothing_changed_the_price_stays(request, catalog, house):
    booked = price(request, catalog, house)
    assert reprice(Bought(request.selection, booked), request, catalog, house) == booked


@given(requests, catalogs, houses, some.data())
def test_at_the_prices_of_now_a_change_costs_what_booking_it_would(request, catalog, house, data):
    other = elsewhen(request, data)
    moved = reprice(Bought(request.selection, price(request, catalog, house)), other, catalog, house)
    assert moved == price(other, catalog, house)
    assert reprice(Bought(other.selection, moved), request, catalog, house) == price(request, catalog, house)


@given(requests, catalogs, houses, some.data())
def test_what_was_bought_keeps_its_price_through_any_changes_of_the_catalogue(request, catalog, house, data):
    was = price(request, DEFAULT, BIG)
    other = elsewhen(request, data)
    moved = reprice(Bought(request.selection, was), other, catalog, house)
    kept = ("base_price_cents", "coi_fee_cents", "organizing_total_cents", "organizing_tax_cents")
    assert [getattr(moved, name) for name in kept] == [getattr(was, name) for name in kept]
    back = reprice(Bought(other.selection, moved), request, DEFAULT, BIG)
    assert back == was
    if is_same_day(request.selection) and is_same_day(other.selection):
        assert moved.same_day_surcharge_cents == was.same_day_surcharge_cents
