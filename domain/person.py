"""A person: whose data it is. Guests and customers with the same mail are one person, who can be forgotten.

known -> forget -> forgotten -> (books again: known under a new key) -> forget -> ...
"""

from uuid import UUID

from domain import Value

# Events


class PersonForgotten(Value):
    """The keys that sealed this person's data are destroyed: what they sealed cannot be read any more, anywhere."""

    person_id: UUID
    key_ids: tuple[UUID, ...]


Event = PersonForgotten


# State


class Person(Value):
    destroyed_keys: frozenset[UUID] = frozenset()


def evolve(person: Person | None, event: Event) -> Person:
    return Person((person or Person()).destroyed_keys | set(event.key_ids))


# Decisions


def forget(person: Person | None, person_id: UUID, key_ids: tuple[UUID, ...]) -> list[Event]:
    new = tuple(key for key in key_ids if not person or key not in person.destroyed_keys)
    return [PersonForgotten(person_id, new)] if new else []
