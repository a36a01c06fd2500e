"""The catalogue as staff keep it: everything that is or was offered, new entries, changed ones, withdrawn ones.

The whole catalogue has one version, which is the ETag of each of its entries too: of two who change it at once, one
reads it again. So nobody sets a price beside another that they have not seen.
"""

from typing import Any, NamedTuple

from api import bodies_catalog as bodies
from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.preconditions import demand_version, give_etag, told_version
from api.route import Route
from commands import Context
from commands.catalog import (
    KINDS,
    STANDARD_DELIVERY,
    Told,
    add_entry,
    catalog_ref,
    change_entry,
    entry_sheet,
    find,
    shelf_of,
)
from domain import catalog as catalogue
from domain.audit import Action
from domain.permissions import Permission
from domain.price_list import Entry
from eventlog.envelope import Recorded

SEE = staff_read(Permission.MANAGE_CATALOG)
ACT = staff_write(Permission.MANAGE_CATALOG, Action.MANAGE_CATALOG)
WHERE = "/api/staff/catalog/"
NEW, CHANGED = (
    {
        "mini-moves": bodies.NewMiniMove,
        "organizing": bodies.NewOrganizing,
        STANDARD_DELIVERY: bodies.NewDelivery,
        "specialty-items": bodies.NewItem,
        "blade-airports": bodies.NewAirport,
        "surcharges": bodies.NewSurcharge,
    },
    {
        "mini-moves": bodies.ChangedMiniMove,
        "organizing": bodies.ChangedOrganizing,
        STANDARD_DELIVERY: bodies.ChangedDelivery,
        "specialty-items": bodies.ChangedItem,
        "blade-airports": bodies.ChangedAirport,
        "surcharges": bodies.ChangedSurcharge,
    },
)


class Shelf(NamedTuple):
    """The catalogue at one version."""

    state: catalogue.Catalog
    version: int
    last: Recorded | None


def catalog(call: Call) -> dict[str, Any]:
    """Everything, what is withdrawn too, by kind; the ETag is needed to change any of it."""
    shelf = _shelf(call)
    give_etag(call, shelf.version)
    return {name.replace("-", "_"): _sheets(shelf, name) for name in KINDS} | {"version": shelf.version}


def _reading(name: str) -> list[Route]:
    kind = KINDS[name]

    def entries(call: Call) -> dict[str, Any]:
        """All entries of this kind, withdrawn ones too. They are few, and come at once."""
        shelf = _shelf(call)
        give_etag(call, shelf.version)
        return {"entries": _sheets(shelf, name), "version": shelf.version}

    def entry(call: Call, id: str) -> dict[str, Any]:
        """One entry; the ETag is that of the whole catalogue."""
        shelf = _shelf(call)
        return _answer(call, shelf, find(shelf.state, kind, id))

    return [Route(f"GET {WHERE}{name}/", entries, SEE), Route(f"GET {WHERE}{name}/{{id}}/", entry, SEE)]


def _writing(name: str) -> list[Route]:
    kind = KINDS[name]

    def add(call: Call, asked: NEW[name]) -> dict[str, Any]:
        """A new entry, offered at once. What is in the catalogue already, withdrawn or not, is `already_offered`."""
        return _add(call, Told(kind, asked.told()))

    def change(call: Call, id: str, asked: CHANGED[name]) -> dict[str, Any]:
        """What is told of the entry; `is_active` false withdraws it. Bookings and quotes keep the price they have."""
        told = Told(kind, asked.told(), id)
        find(call.context().catalog(), kind, id)
        return _change(call, told)

    return [Route(f"POST {WHERE}{name}/", add, ACT, 201), Route(f"PATCH {WHERE}{name}/{{id}}/", change, ACT)]


def _add(call: Call, told: Told) -> dict[str, Any]:
    seen = catalog_ref(told_version(call))

    def do(ctx: Context) -> Done:
        return Done(seen.stream, add_entry(told, seen, ctx).position)

    return carry_out(call, Write(do, lambda done: _written(call, done), in_append=True))


def _change(call: Call, told: Told) -> dict[str, Any]:
    seen = catalog_ref(demand_version(call))

    def do(ctx: Context) -> Done:
        return Done(seen.stream, change_entry(told, seen, ctx).position)

    def answer(done: Done) -> dict[str, Any]:
        shelf = _shelf(call, done.position)
        return _answer(call, shelf, find(shelf.state, told.kind, told.id)) | {"position": done.position}

    return carry_out(call, Write(do, answer, in_append=True))


def _written(call: Call, done: Done) -> dict[str, Any]:
    """What was added, from the log alone: the last that was written of the catalogue up to that position."""
    shelf = _shelf(call, done.position)
    assert shelf.last, "what was written is in the log"
    return _answer(call, shelf, catalogue.told(shelf.last.event)) | {"position": done.position}


def _answer(call: Call, shelf: Shelf, entry: Entry) -> dict[str, Any]:
    give_etag(call, shelf.version)
    return {"entry": entry_sheet(entry), "version": shelf.version}


def _shelf(call: Call, position: int | None = None) -> Shelf:
    """As it is, or was at a position."""
    past = call.parts.store.history(catalogue.stream())
    known = [one for one in past if position is None or one.position <= position]
    return Shelf(shelf_of(known), len(known), known[-1] if known else None)


def _sheets(shelf: Shelf, name: str) -> list[dict[str, Any]]:
    return [entry_sheet(entry) for entry in KINDS[name].on(shelf.state)]


ROUTES = [Route(f"GET {WHERE}", catalog, SEE), *(route for name in KINDS for route in _reading(name) + _writing(name))]
