"""The settings of the house as staff turn them, and as they are shown: several at once are one append."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from msgspec import to_builtins

from commands import Context
from domain import house
from domain.house import House
from domain.selection import ServiceType
from eventlog.envelope import Recorded
from eventlog.store import Appended, Ref


def house_ref(version: int | None = None) -> Ref:
    """`version` is the one that was read, where that matters."""
    return Ref(house, house.stream(), version=version)


def change_settings(told: dict[str, Any], seen: Ref, ctx: Context) -> Appended:
    """What is told, by the names that `House` has. Refuses `invalid_value`, and `version_conflict` as `seen` has it."""
    wanted = house.wishes(told)
    return ctx.append([seen], lambda state: [house.change_all(state, wanted)])


def house_of(past: Sequence[Recorded]) -> House:
    """The settings as these events of their stream left them."""
    return reduce(house.evolve, (recorded.event for recorded in past), House())


def settings_sheet(state: House) -> dict[str, Any]:
    """All settings; the capacity of every service, changed or not, and percentages as decimals written out."""
    capacity = {str(service): state.places(service) for service in ServiceType}
    share = f"{state.organizing_tax_percentage:f}"
    return to_builtins(state) | {"daily_capacity": capacity, "organizing_tax_percentage": share}
