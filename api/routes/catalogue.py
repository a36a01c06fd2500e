"""What the house offers, with prices in cents.

Every answer may be kept, and must be asked for again before it is shown: a price that a page shows is the price of
now. The ETag is a hash of the answer, so a version of ours with another shape, or a restored log, is never mistaken.
"""

from hashlib import sha256
from typing import Any

from msgspec import json, to_builtins
from starlette.responses import Response

from api.call import Call
from api.errors import Problem
from api.policies import CATALOGUE
from api.route import Route
from domain import Value
from domain.catalog import Catalog
from domain.price_list import OrganizingService

FRESH = "public, no-cache"


def services(call: Call) -> Response:
    """Everything that is offered."""
    shelf = call.context().catalog()
    shown = {
        "mini_move_packages": offered(shelf.mini_moves),
        "organizing_services": offered(shelf.organizing),
        "standard_delivery": to_builtins(shelf.delivery) if shelf.delivery and shelf.delivery.is_active else None,
        "specialty_items": offered(shelf.specialty_items),
        "blade_airports": offered(shelf.airports),
    }
    return _unless_known(call, shown)


def mini_moves_with_organizing(call: Call) -> Response:
    """The Mini Move packages, each with the packing and unpacking of its tier."""
    shelf = call.context().catalog()
    packages = offered(shelf.mini_moves)
    shown = [package | {"organizing": of_tier(shelf, package["package_type"])} for package in packages]
    return _unless_known(call, {"packages": shown})


def organizing_by_tier(call: Call) -> Response:
    """Packing and unpacking by tier; null where it is not offered."""
    shelf = call.context().catalog()
    return _unless_known(call, {"tiers": {tier: of_tier(shelf, tier) for tier in shelf.mini_moves}})


def organizing(call: Call, id: str) -> Response:
    """One organizing service."""
    for service in call.context().catalog().organizing.values():
        if str(service.id) == id and service.is_active:
            return _unless_known(call, to_builtins(service))
    raise Problem("not_found", "There is no such organizing service.")


def of_tier(shelf: Catalog, tier: str) -> dict[str, Any]:
    return {name: _shown(shelf.organizing.get(f"{tier}_{name}")) for name in ("packing", "unpacking")}


def offered(entries: dict[Any, Any]) -> list[dict[str, Any]]:
    return [to_builtins(entry) for entry in entries.values() if entry.is_active]


def _shown(service: OrganizingService | None) -> dict[str, Any] | None:
    return to_builtins(service) if isinstance(service, Value) and service.is_active else None


def _unless_known(call: Call, shown: dict[str, Any]) -> Response:
    """304 without a body for whoever has these very bytes (If-None-Match)."""
    body = json.encode(shown)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = call.answer_headers | {"etag": etag, "cache-control": FRESH}
    known = {one.strip().removeprefix("W/") for one in call.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


ROUTES = [
    Route("GET /api/public/services/", services, CATALOGUE),
    Route("GET /api/public/services/mini-moves-with-organizing/", mini_moves_with_organizing, CATALOGUE),
    Route("GET /api/public/services/organizing-by-tier/", organizing_by_tier, CATALOGUE),
    Route("GET /api/public/services/organizing/{id}/", organizing, CATALOGUE),
]
