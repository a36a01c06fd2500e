"""The price list of the tests, and selections written as short lines: `mini_move petite packing`."""

from datetime import date, time
from functools import reduce

from domain import catalog
from domain.default_catalog import default_entries
from domain.selection import (
    BladeTransfer,
    ItemQuantity,
    MiniMove,
    Selection,
    SpecialtyItems,
    StandardDelivery,
    Tier,
)

PEAK_DAYS = [date(2027, 5, 28), date(2027, 7, 3), date(2027, 9, 3)]
ENTRIES = default_entries(PEAK_DAYS)
TUESDAY = date(2027, 1, 12)


def shelf(*further) -> catalog.Catalog:
    """The default catalogue, and what is offered after it."""
    events = catalog.stock(None, ENTRIES) + [event for entry in further for event in catalog.offer(None, entry)]
    return reduce(catalog.evolve, events, None)


DEFAULT = shelf()
ITEMS = {item.name: item.id for item in DEFAULT.specialty_items.values()}


def selection(line: str) -> Selection:
    service, *words = line.split()
    match service:
        case "mini_move":
            return MiniMove(Tier(words[0]), "packing" in words, "unpacking" in words)
        case "standard_delivery":
            return StandardDelivery(int(words[0]), "same_day" in words)
        case "specialty_item":
            lines = [word.replace("_", " ").split("=") for word in words if "=" in word]
            return SpecialtyItems(tuple(ItemQuantity(ITEMS[name], int(n)) for name, n in lines), "same_day" in words)
    return BladeTransfer(words[0], TUESDAY, time(14, 30), int(words[1]), time(9))
