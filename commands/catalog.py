"""What may be asked of the catalogue: to be filled with what the house offers, and to be changed entry by entry."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import reduce
from typing import Any, NamedTuple

import holidays
from msgspec import to_builtins
from msgspec.structs import replace

from commands import Context
from commands.service_area import served_place
from domain import Refused, catalog
from domain.catalog import Catalog
from domain.default_catalog import default_entries
from domain.house import House
from domain.price_list import (
    Airport,
    DeliveryRates,
    Entry,
    MiniMovePackage,
    OrganizingService,
    SpecialtyItem,
    SurchargeRule,
)
from eventlog.envelope import Recorded
from eventlog.ids import new_id
from eventlog.store import Appended, Ref

FRIDAY_BEFORE = timedelta(days=3)
STANDARD_DELIVERY = "standard-delivery"


class Told(NamedTuple):
    """What is told of an entry, by the names of its fields; `id` is any of its names, nothing of a new one."""

    kind: "Kind"
    fields: dict[str, Any]
    id: str = ""


class Kind(NamedTuple):
    """One shelf of the catalogue: its entries are of this type, and known by any of the fields that name them."""

    entry: type[Any]
    on: Callable[[Catalog], Collection[Entry]]
    named_by: tuple[str, ...]

    def names(self, entry: Entry) -> set[str]:
        return {str(getattr(entry, field)) for field in self.named_by} or {STANDARD_DELIVERY}


KINDS = {
    "mini-moves": Kind(MiniMovePackage, lambda shelf: shelf.mini_moves.values(), ("package_type", "id")),
    "organizing": Kind(OrganizingService, lambda shelf: shelf.organizing.values(), ("service_type", "id")),
    STANDARD_DELIVERY: Kind(DeliveryRates, lambda shelf: [shelf.delivery] if shelf.delivery else [], ()),
    "specialty-items": Kind(SpecialtyItem, lambda shelf: shelf.specialty_items.values(), ("id",)),
    "blade-airports": Kind(Airport, lambda shelf: shelf.airports.values(), ("code",)),
    "surcharges": Kind(SurchargeRule, lambda shelf: shelf.surcharges.values(), ("id",)),
}


def catalog_ref(version: int | None = None) -> Ref:
    """`version` is the one that was read, where that matters."""
    return Ref(catalog, catalog.stream(), version=version)


def seed(ctx: Context) -> int:
    """The default catalogue, with the peak days of this year and the next; what was offered before is left alone.

    Answers how many entries are new: none, the second time.
    """
    days = [day for year in (ctx.today.year, ctx.today.year + 1) for day in peak_days(year)]
    appended = ctx.append([catalog_ref()], lambda state: [catalog.stock(state, default_entries(days))])
    return len(appended.events)


def peak_days(year: int) -> list[date]:
    """The Fridays before Memorial Day and Labor Day, and July 3."""
    found = {name: day for day, name in holidays.country_holidays("US", years=year).items()}
    return [found["Memorial Day"] - FRIDAY_BEFORE, date(year, 7, 3), found["Labor Day"] - FRIDAY_BEFORE]


def add_entry(told: Told, seen: Ref, ctx: Context) -> Appended:
    """Something new, with an id of its own where its kind has ids.

    Refuses `already_offered`, `version_conflict` where `seen` has the version that was read, the codes of
    `catalog.offer`, and of an airport's place `zip_unknown`, `zip_not_served`, `zip_state_mismatch`.
    """
    own = {"id": new_id()} if "id" in told.kind.named_by else {}
    entry = _landed(told.kind.entry(**own, **told.fields), ctx.house())
    return ctx.append([seen], lambda shelf: [catalog.introduce(shelf, entry)])


def change_entry(told: Told, seen: Ref, ctx: Context) -> Appended:
    """The entry with what is told of it. Refuses `not_found`, and as `add_entry`."""
    house = ctx.house()

    def decide(shelf: Catalog | None) -> list[list[catalog.Event]]:
        entry = find(shelf, told.kind, told.id)
        new = replace(entry, **told.fields)
        return [catalog.offer(shelf, _landed(new, house) if new != entry else new)]

    return ctx.append([seen], decide)


def find(shelf: Catalog | None, kind: Kind, id: str) -> Entry:
    """Raises Refused("not_found")."""
    for entry in kind.on(shelf or Catalog()):
        if id in kind.names(entry):
            return entry
    raise Refused("not_found", "There is no such entry in the catalogue.")


def shelf_of(past: list[Recorded]) -> Catalog:
    """The catalogue as these events of its stream left it."""
    return reduce(catalog.evolve, (recorded.event for recorded in past), Catalog())


def entry_sheet(entry: Entry) -> dict[str, Any]:
    """An entry as staff see it: all its fields, and of a rule how it is calculated."""
    plain = to_builtins(entry)
    if not isinstance(entry, SurchargeRule):
        return plain
    share = None if entry.percentage is None else f"{entry.percentage:.2f}"
    return plain | {"calculation_type": entry.calculation_type, "percentage": share}


def _landed(entry: Entry, house: House) -> Entry:
    """An airport that is sold is where vans go, in the state that it says."""
    if not isinstance(entry, Airport) or not entry.is_active:
        return entry
    place = served_place(entry.zip_code, house, entry.state)
    return replace(entry, zip_code=place.zip_code, state=place.state)
