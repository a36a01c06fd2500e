"""The difference that an entry of the audit log tells: nothing personal is in it, whatever the states are."""

from types import SimpleNamespace, UnionType
from typing import get_args, get_type_hints

import pytest
from msgspec import Struct, json

from commands.tracing import changed
from domain import Value
from eventlog.envelope import AGGREGATES, PERSONAL
from eventlog.ids import new_id
from eventlog.store import Ref
from tests.eventlog.golden_events import EVENTS

ALONE = sorted(aggregate.__name__ for aggregate in AGGREGATES)


class Inner(Value):
    name: str
    personal: str | None = None


class Outer(Value):
    one: Inner | None = None
    many: tuple[Inner, ...] = ()
    named: dict[str, tuple[Inner, ...]] = {}
    words: frozenset[str] = frozenset()
    personal: Inner | None = None


def difference(was, became):
    thing = SimpleNamespace(__name__="domain.thing")
    return changed([Ref(thing, new_id())], [was], [became])


def test_nothing_personal_is_told_however_deep_it_lies():
    secret = Inner("plain", "secret")
    became = Outer(secret, (secret, secret), {"a": (secret,), "personal": (secret,)}, personal=secret)
    for pair in ((None, became), (became, None), (Outer(), became), (became, Outer(Inner("other", "secret too")))):
        assert "secret" not in str(difference(*pair))
        assert "plain" in str(difference(*pair))


def test_what_is_different_only_in_what_is_personal_is_not_told():
    one, other = (Outer(many=(Inner("plain", word),), personal=Inner(word)) for word in ("one", "other"))
    assert difference(one, other) == ({}, {})


def test_equal_sets_are_equal_in_whatever_order_they_were_made():
    words = [f"word {n}" for n in range(1_000)]
    assert difference(Outer(words=frozenset(words)), Outer(words=frozenset(reversed(words)))) == ({}, {})


@pytest.mark.parametrize("name", ALONE)
def test_no_personal_part_of_any_event_comes_into_a_difference(name):
    """Each event of the aggregate on every state that its examples make, with its personal part in it."""
    aggregate = next(one for one in AGGREGATES if one.__name__ == name)
    mine = [event for event in EVENTS.values() if isinstance(event, aggregate.Event)]
    states, steps = [None], []
    for state in states:
        for event in mine:
            try:
                after = aggregate.evolve(state, event)
            except (AssertionError, KeyError, AttributeError):
                continue
            steps.append((state, after))
            if len(states) < 40 and after not in states:
                states.append(after)
    told = [text for pair in steps for text in texts(changed([Ref(aggregate, new_id())], *([one] for one in pair)))]
    secrets = {text for event in mine for text in texts(json.decode(json.encode(getattr(event, "personal", None))))}
    assert steps
    assert not secrets & set(told)


def texts(value):
    """Every word of more than a letter in it."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) and len(value) > 1 else []


@pytest.mark.parametrize("name", ALONE)
def test_no_state_holds_what_is_personal_but_under_that_name(name):
    """So that leaving out `personal` leaves out all of it, also in aggregates still to come."""
    aggregate = next(one for one in AGGREGATES if one.__name__ == name)
    sealed = {one for kind in PERSONAL.values() for one in reached(kind)}
    kept = reached(get_type_hints(aggregate.evolve)["return"])
    assert kept
    assert not kept & sealed


def reached(kind):
    """The structs that a type leads to, not through fields called `personal`."""
    if isinstance(kind, UnionType) or get_args(kind):
        return {one for inner in get_args(kind) for one in reached(inner)}
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        return set()
    hints = get_type_hints(kind)
    return {kind} | {one for name, inner in hints.items() if name != "personal" for one in reached(inner)}
