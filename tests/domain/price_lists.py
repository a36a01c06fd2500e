"""The price list of the tests, and selections written as short lines: `mini_move petite packing`."""

from datetime import date, time
from decimal import Decimal
from functools import reduce

from msgspec.structs import replace

from domain import catalog
from domain.default_catalog import default_entries
from domain.house import House
from domain.price_list import Entry
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


SETTINGS = {
    "coi": "coi_fee_cents",
    "maximum": "payment_maximum_cents",
    "tax": "organizing_tax_percentage",
    "threshold": "geographic_threshold_miles",
}


def changed(line: str) -> tuple[catalog.Catalog, House]:
    """Both with other prices and settings, written as `petite=99502 tax=10`; with none as they are by default."""
    told = dict(word.split("=") for word in line.split())
    entries = {name: entry for entry in ENTRIES for name in names(entry) if name in told}
    assert told.keys() == entries.keys() | (told.keys() & SETTINGS.keys())
    further = [at_price(entry, int(told[name])) for name, entry in entries.items()]
    settings = {SETTINGS[name]: Decimal(told[name]) if name == "tax" else int(told[name])
                for name in told if name in SETTINGS}  # fmt: skip
    return shelf(*further), House(**settings)


def names(entry: Entry) -> list[str]:
    """What an entry is called: a package by its tier, a service by its type, an item by its name."""
    return [getattr(entry, name) for name in ("package_type", "service_type", "name") if hasattr(entry, name)]


def at_price(entry: Entry, cents: int) -> Entry:
    field = "price_cents" if hasattr(entry, "price_cents") else "base_price_cents"
    return replace(entry, **{field: cents})


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
