"""A customer as they see themselves: folded from their stream as it stands, or stood. Nothing of what staff noted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from commands.booking_sheet import rfc3339
from domain import customer
from domain.address import Street
from domain.customer_events import (
    AddressSaved,
    CustomerDetailsCorrected,
    CustomerRegistered,
    MailChanged,
    PaymentMethodSaved,
)
from domain.profile import Contact, SavedAddress
from eventlog.envelope import Recorded

NOBODY = Contact("", "", "", "")  # for the names of its fields
Usage = Mapping[UUID, tuple[int, datetime]]


def customer_sheet(
    history: Sequence[Recorded], until: Callable[[Recorded], bool] = lambda _: True
) -> dict[str, Any] | None:
    """The profile of an account, as of the events that `until` admits; None where there is none.

    The names are None once the customer is forgotten.
    """
    past = [recorded for recorded in history if until(recorded)]
    if not any(isinstance(recorded.event, CustomerRegistered) for recorded in past):
        return None
    state, contact = _state(past), contact_of(past)
    return {
        "id": str(past[0].originator_id),
        **{name: getattr(contact, name, None) for name in NOBODY.__struct_fields__},
        "is_verified": state.is_verified,
        "is_vip": state.is_vip,
        **to_builtins(state.preferences),
        "member_since": rfc3339(past[0].at),
        "version": past[-1].originator_version,
    }


def contact_of(history: Sequence[Recorded]) -> Contact | None:
    """Names, mail address and phone as they are now; None for a guest and for who is forgotten."""
    contact = None
    for event in (recorded.event for recorded in history):
        match event:
            case CustomerRegistered() | CustomerDetailsCorrected():
                contact = event.personal
            case MailChanged() if contact and event.personal:
                contact = replace(contact, email=event.personal.email)
    return contact


class _Past(NamedTuple):
    first: Recorded
    last: Recorded


def address_sheets(history: Sequence[Recorded], usage: Usage | None = None) -> list[dict[str, Any]]:
    """The saved addresses in the order in which they came, removed ones too (`is_active` false).

    `usage` tells how many bookings used each, and when the last of them was placed.
    """
    state, pasts = _state(history), _pasts(history)
    return [
        _address_sheet(id, address, pasts[id]) | _used(*(usage or {}).get(id, (0, None)))
        for id, address in state.addresses.items()
    ]


def method_sheets(history: Sequence[Recorded]) -> list[dict[str, Any]]:
    """The saved payment methods in the order in which they came; without those whose owner is forgotten meanwhile."""
    methods, told = _state(history).methods, [r for r in history if isinstance(r.event, PaymentMethodSaved)]
    return [
        {"id": recorded.event.method_id}
        | to_builtins(recorded.event.personal)
        | {"is_default": recorded.event.method_id == methods.default, "saved_at": rfc3339(recorded.at)}
        for recorded in told
        if recorded.event.method_id in methods.saved and recorded.event.personal
    ]


def _state(history: Sequence[Recorded]) -> customer.Customer:
    return reduce(customer.evolve, (recorded.event for recorded in history), None) or customer.Customer()


def _pasts(history: Sequence[Recorded]) -> dict[UUID, _Past]:
    """When each address was saved first and last."""
    saved = [recorded for recorded in history if isinstance(recorded.event, AddressSaved)]
    found: dict[UUID, _Past] = {}
    for recorded in saved:
        id = recorded.event.address_id
        found[id] = _Past(found[id].first if id in found else recorded, recorded)
    return found


def _address_sheet(id: UUID, address: SavedAddress, past: _Past) -> dict[str, Any]:
    door = past.last.event.personal
    street = door.street if door else Street("")
    return {
        "id": str(id),
        "nickname": door.nickname if door else None,
        "address_line_1": street.address_line_1,
        "address_line_2": street.address_line_2,
        **to_builtins(address.area),
        "delivery_instructions": street.delivery_instructions,
        "is_default": address.is_default,
        "is_active": address.is_active,
        "formatted_address": _formatted(address, street),
        "created_at": rfc3339(past.first.at),
        "updated_at": rfc3339(past.last.at),
    }


def _formatted(address: SavedAddress, street: Street) -> str:
    """As on an envelope, in one line."""
    area = address.area
    lines = (street.address_line_1, street.address_line_2, area.city, f"{area.state} {area.zip_code}")
    return ", ".join(line for line in lines if line)


def _used(times: int, last: datetime | None) -> dict[str, Any]:
    return {"times_used": times, "last_used_at": rfc3339(last) if last else None}
