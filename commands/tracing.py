"""The entry of the audit log that goes with what staff do: in the same append, with what changes from what to what."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from domain import Value, audit, booking, customer, house, payment, refund
from domain.audit import PersonalChangeRecorded, StaffActed
from eventlog.streams import Ref

Decision = Callable[..., Sequence[list]]
# What holds before the first event: the settings, which nobody has to make.
AT_FIRST = {"house": house.House()}


class Trace(Value):
    """`id` is the entry's stream. `change` holds what is personal; all else is found by comparing the states."""

    id: UUID
    acted: StaffActed
    change: PersonalChangeRecorded | None = None

    @property
    def ref(self) -> Ref:
        return Ref(audit, self.id, is_new=True)


def traced(decision: Decision, refs: Sequence[Ref], trace: Trace) -> Decision:
    """The same decision; where it decides anything, the entry goes with it."""

    def decided(*states: Any) -> Sequence[list]:
        *mine, entry = states
        events = decision(*mine)
        if not any(events):
            return [*events, []]
        after = [reduce(ref.aggregate.evolve, new, state) for ref, state, new in zip(refs, mine, events, strict=True)]
        acted = _about(trace.acted, refs, after)
        was, became = changed(refs, mine, after)
        return [*events, audit.record(entry, replace(acted, before=was, after=became), trace.change)]

    return decided


def changed(refs: Sequence[Ref], states: Sequence[Any], after: Sequence[Any]) -> tuple[dict, dict]:
    """Field by field what is different, before and after, by the name of the aggregate; nothing that is personal.

    Of two streams of one kind, as the two days of a booking that moves, each has its id beside the name.
    """
    was, became = {}, {}
    kinds = [ref.aggregate.__name__.rpartition(".")[2] for ref in refs]
    for ref, kind, state, new in zip(refs, kinds, states, after, strict=True):
        pair = (AT_FIRST.get(kind) if state is None else state, new)
        one, other = _different(*(_impersonal(_plain(one)) for one in pair))
        if one != other:
            name = kind if kinds.count(kind) == 1 else f"{kind} {ref.stream}"
            was[name], became[name] = one, other
    return was, became


def _about(acted: StaffActed, refs: Sequence[Ref], states: Sequence[Any]) -> StaffActed:
    """Which booking and whose it is, where the path did not say: its own stream, or what a payment or refund is of."""
    booking_id, customer_id = acted.booking_id, acted.customer_id
    for ref, state in zip(refs, states, strict=True):
        if ref.aggregate is booking and state:
            booking_id, customer_id = booking_id or ref.stream, customer_id or state.placed.person_id
        elif ref.aggregate is customer:
            customer_id = customer_id or ref.stream
        elif ref.aggregate in (payment, refund) and state:
            booking_id = booking_id or state.booking_id
            customer_id = customer_id or getattr(state, "person_id", None)
    return replace(acted, booking_id=booking_id, customer_id=customer_id)


def _plain(state: Any) -> Any:
    """As it would be stored; sets in one order, so that equal ones are equal."""
    return to_builtins(state, str_keys=True, order="deterministic")


def _different(was: Any, became: Any) -> tuple[Any, Any]:
    if not isinstance(was, dict) or not isinstance(became, dict):
        return was, became
    pairs = {name: _different(was.get(name), became.get(name)) for name in was | became}
    told = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return {name: pair[0] for name, pair in told.items()}, {name: pair[1] for name, pair in told.items()}


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _impersonal(inner) for name, inner in value.items() if name != "personal"}
    return [_impersonal(inner) for inner in value] if isinstance(value, list | tuple) else value
