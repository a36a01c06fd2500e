"""The entry of the audit log that goes with what staff do: in the same append, with what changes from what to what."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from domain import Value, audit
from domain.audit import PersonalChangeRecorded, StaffActed
from eventlog.streams import Ref

Decision = Callable[..., Sequence[list]]


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
        before, after = changed(refs, mine, events)
        return [*events, audit.record(entry, replace(trace.acted, before=before, after=after), trace.change)]

    return decided


def changed(refs: Sequence[Ref], states: Sequence[Any], events: Sequence[list]) -> tuple[dict, dict]:
    """Field by field what is different, before and after, by the name of the aggregate; nothing that is personal."""
    before, after = {}, {}
    for ref, state, new in zip(refs, states, events, strict=True):
        then = _impersonal(to_builtins(reduce(ref.aggregate.evolve, new, state), str_keys=True))
        name = ref.aggregate.__name__.rpartition(".")[2]
        was, became = _different(_impersonal(to_builtins(state, str_keys=True)), then)
        if was != became:
            before[name], after[name] = was, became
    return before, after


def _different(was: Any, became: Any) -> tuple[Any, Any]:
    if not isinstance(was, dict) or not isinstance(became, dict):
        return was, became
    pairs = {name: _different(was.get(name), became.get(name)) for name in was | became}
    told = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return {name: pair[0] for name, pair in told.items()}, {name: pair[1] for name, pair in told.items()}


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _impersonal(inner) for name, inner in value.items() if name != "personal"}
    return [_impersonal(inner) for inner in value] if isinstance(value, list) else value
