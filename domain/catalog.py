"""The catalogue: what is offered at which price. An entry is offered whole; with other contents, it changes.

nothing -> offered <-> withdrawn (an entry with is_active false stays readable, and is not sold)
"""

from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import astuple, replace

from domain import Refused, Value
from domain.price_list import (
    Airport,
    DeliveryRates,
    Entry,
    MiniMovePackage,
    OrganizingService,
    SpecialtyItem,
    SurchargeRule,
    check,
)
from domain.selection import Tier

# Events: what happened. Kept for ever, so fields (of the entries too) are only ever added, with a default.


class MiniMoveOffered(Value):
    package: MiniMovePackage


class OrganizingOffered(Value):
    service: OrganizingService


class DeliveryRatesSet(Value):
    rates: DeliveryRates


class SpecialtyItemOffered(Value):
    item: SpecialtyItem


class AirportServed(Value):
    airport: Airport


class SurchargeRuleSet(Value):
    rule: SurchargeRule


Event = MiniMoveOffered | OrganizingOffered | DeliveryRatesSet | SpecialtyItemOffered | AirportServed | SurchargeRuleSet


# State


class Catalog(Value):
    mini_moves: dict[Tier, MiniMovePackage] = {}
    organizing: dict[str, OrganizingService] = {}
    delivery: DeliveryRates | None = None
    specialty_items: dict[UUID, SpecialtyItem] = {}
    airports: dict[str, Airport] = {}
    surcharges: dict[UUID, SurchargeRule] = {}


def stream() -> UUID:
    """The one stream of the catalogue."""
    return uuid5(NAMESPACE_OID, "totetaxi/catalog")


def evolve(catalog: Catalog | None, event: Event) -> Catalog:
    old = catalog or Catalog()
    match event:
        case MiniMoveOffered(package):
            return replace(old, mini_moves=old.mini_moves | {package.package_type: package})
        case OrganizingOffered(service):
            return replace(old, organizing=old.organizing | {service.service_type: service})
        case DeliveryRatesSet(rates):
            return replace(old, delivery=rates)
        case SpecialtyItemOffered(item):
            return replace(old, specialty_items=old.specialty_items | {item.id: item})
        case AirportServed(airport):
            return replace(old, airports=old.airports | {airport.code: airport})
        case SurchargeRuleSet(rule):
            return replace(old, surcharges=old.surcharges | {rule.id: rule})
        case _:
            assert_never(event)


def told(event: Event) -> Entry:
    """The entry that the event is about, as it was from then on."""
    (entry,) = astuple(event)
    return entry


# Decisions


def offer(catalog: Catalog | None, entry: Entry) -> list[Event]:
    """From now on the entry holds as it is given; nothing when it does already.

    Raises Refused: `invalid_value`, `missing_field`, `organizing_tier_mismatch`.
    """
    check(entry)
    return [] if _offered(catalog or Catalog(), entry) == entry else [_event(entry)]


def introduce(catalog: Catalog | None, entry: Entry) -> list[Event]:
    """Something that never was in the catalogue. Raises Refused: `already_offered`, and as `offer`."""
    if _offered(catalog or Catalog(), entry) is not None:
        raise Refused("already_offered", "The catalogue has it already, withdrawn perhaps: change it there.")
    return offer(catalog, entry)


def stock(catalog: Catalog | None, entries: list[Entry]) -> list[Event]:
    """Offers those entries that never were: what staff changed since is left as they have it."""
    shelf = catalog or Catalog()
    return [event for entry in entries if _offered(shelf, entry) is None for event in offer(shelf, entry)]


def _offered(catalog: Catalog, entry: Entry) -> Entry | None:
    match entry:
        case MiniMovePackage():
            return catalog.mini_moves.get(entry.package_type)
        case OrganizingService():
            return catalog.organizing.get(entry.service_type)
        case DeliveryRates():
            return catalog.delivery
        case SpecialtyItem():
            return catalog.specialty_items.get(entry.id)
        case Airport():
            return catalog.airports.get(entry.code)
        case SurchargeRule():
            return catalog.surcharges.get(entry.id)
        case _:
            assert_never(entry)


def _event(entry: Entry) -> Event:
    match entry:
        case MiniMovePackage():
            return MiniMoveOffered(entry)
        case OrganizingService():
            return OrganizingOffered(entry)
        case DeliveryRates():
            return DeliveryRatesSet(entry)
        case SpecialtyItem():
            return SpecialtyItemOffered(entry)
        case Airport():
            return AirportServed(entry)
        case SurchargeRule():
            return SurchargeRuleSet(entry)
        case _:
            assert_never(entry)
