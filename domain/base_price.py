"""The base price of what is selected, and the refusal of what is not for sale."""

from typing import assert_never

from domain import Refused, Value
from domain.catalog import Catalog
from domain.price_list import Airport, SpecialtyItem
from domain.selection import BladeTransfer, MiniMove, Selection, SpecialtyItems, StandardDelivery

MOST_OF_ONE_ITEM = 10


class Base(Value):
    """`coi_fee_cents` is the package's (0 where it includes the certificate); None without a package."""

    cents: int
    coi_fee_cents: int | None = None


def base_of(selection: Selection, catalog: Catalog) -> Base:
    """Raises Refused: `not_offered`, `unknown_item`, `too_many_items`, `too_many_bags`, `invalid_value`."""
    match selection:
        case MiniMove():
            return _mini_move(selection, catalog)
        case StandardDelivery():
            return _delivery(selection, catalog)
        case SpecialtyItems():
            return _specialty(selection, catalog)
        case BladeTransfer():
            return _blade(selection, catalog)
        case _:
            assert_never(selection)


def _mini_move(selection: MiniMove, catalog: Catalog) -> Base:
    package = catalog.mini_moves.get(selection.mini_move_package)
    if package is None or not package.is_active:
        raise Refused("not_offered", "This package is not offered.", "/mini_move_package")
    return Base(package.base_price_cents, 0 if package.coi_included else package.coi_fee_cents)


def _delivery(selection: StandardDelivery, catalog: Catalog) -> Base:
    rates, items = catalog.delivery, selection.standard_delivery_item_count
    path = "/standard_delivery_item_count"
    if rates is None or not rates.is_active:
        raise Refused("not_offered", "Standard delivery is not offered.", "/service_type")
    if items < rates.minimum_items:
        raise Refused("invalid_value", f"At least {rates.minimum_items} items, please.", path)
    if items > rates.max_items:
        raise Refused("too_many_items", f"At most {rates.max_items} items in one delivery.", path)
    return Base(max(rates.minimum_charge_cents, items * rates.price_per_item_cents))


def _specialty(selection: SpecialtyItems, catalog: Catalog) -> Base:
    if not selection.specialty_items:
        raise Refused("invalid_value", "At least one item, please.", "/specialty_items")
    quantities: dict[SpecialtyItem, int] = {}
    for n, line in enumerate(selection.specialty_items):
        item = _for_sale(catalog.specialty_items.get(line.id), f"/specialty_items/{n}/id")
        quantities[item] = quantities.get(item, 0) + line.quantity
        path = f"/specialty_items/{n}/quantity"
        if line.quantity < 1:
            raise Refused("invalid_value", "At least one of each item, please.", path)
        if quantities[item] > MOST_OF_ONE_ITEM:
            raise Refused("too_many_items", f"At most {MOST_OF_ONE_ITEM} of one item.", path)
    return Base(sum(item.base_price_cents * quantity for item, quantity in quantities.items()))


def _for_sale(item: SpecialtyItem | None, path: str) -> SpecialtyItem:
    if item is None:
        raise Refused("unknown_item", "There is no such item in the catalogue.", path)
    if not item.is_active:
        raise Refused("not_offered", f"{item.name} is not offered.", path)
    return item


def airport_of(selection: Selection, catalog: Catalog) -> Airport | None:
    """Where a transfer goes, be it withdrawn since it was quoted; None for other services. Refuses `not_offered`."""
    if not isinstance(selection, BladeTransfer):
        return None
    airport = catalog.airports.get(selection.blade_airport)
    if airport is None:
        raise Refused("not_offered", "There is no transfer to this airport.", "/blade_airport")
    return airport


def _blade(selection: BladeTransfer, catalog: Catalog) -> Base:
    airport, bags = airport_of(selection, catalog), selection.blade_bag_count
    if airport is None or not airport.is_active:
        raise Refused("not_offered", "There is no transfer to this airport.", "/blade_airport")
    if bags < 1:
        raise Refused("invalid_value", "At least one bag, please.", "/blade_bag_count")
    if bags > airport.max_bags:
        raise Refused("too_many_bags", f"At most {airport.max_bags} bags in one transfer.", "/blade_bag_count")
    return Base(max(bags, airport.minimum_bags) * airport.price_per_bag_cents)
