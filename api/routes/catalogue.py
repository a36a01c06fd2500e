"""What the house offers, with prices in cents."""

from typing import Any

from msgspec import to_builtins

from api.call import Call
from api.errors import Problem
from api.policies import CATALOGUE
from api.route import Route
from domain import Value
from domain.catalog import Catalog
from domain.price_list import OrganizingService


def services(call: Call) -> dict[str, Any]:
    """Everything that is offered."""
    shelf = call.context().catalog()
    return {
        "mini_move_packages": offered(shelf.mini_moves),
        "organizing_services": offered(shelf.organizing),
        "standard_delivery": to_builtins(shelf.delivery) if shelf.delivery and shelf.delivery.is_active else None,
        "specialty_items": offered(shelf.specialty_items),
        "blade_airports": offered(shelf.airports),
    }


def mini_moves_with_organizing(call: Call) -> dict[str, Any]:
    """The Mini Move packages, each with the packing and unpacking of its tier."""
    shelf = call.context().catalog()
    packages = offered(shelf.mini_moves)
    return {"packages": [package | {"organizing": of_tier(shelf, package["package_type"])} for package in packages]}


def organizing_by_tier(call: Call) -> dict[str, Any]:
    """Packing and unpacking by tier; null where it is not offered."""
    shelf = call.context().catalog()
    return {"tiers": {tier: of_tier(shelf, tier) for tier in shelf.mini_moves}}


def organizing(call: Call, id: str) -> dict[str, Any]:
    """One organizing service."""
    for service in call.context().catalog().organizing.values():
        if str(service.id) == id and service.is_active:
            return to_builtins(service)
    raise Problem("not_found", "There is no such organizing service.")


def of_tier(shelf: Catalog, tier: str) -> dict[str, Any]:
    return {name: _shown(shelf.organizing.get(f"{tier}_{name}")) for name in ("packing", "unpacking")}


def offered(entries: dict[Any, Any]) -> list[dict[str, Any]]:
    return [to_builtins(entry) for entry in entries.values() if entry.is_active]


def _shown(service: OrganizingService | None) -> dict[str, Any] | None:
    return to_builtins(service) if isinstance(service, Value) and service.is_active else None


ROUTES = [
    Route("GET /api/public/services/", services, CATALOGUE),
    Route("GET /api/public/services/mini-moves-with-organizing/", mini_moves_with_organizing, CATALOGUE),
    Route("GET /api/public/services/organizing-by-tier/", organizing_by_tier, CATALOGUE),
    Route("GET /api/public/services/organizing/{id}/", organizing, CATALOGUE),
]
