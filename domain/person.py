"""A person: whose data it is. Guests and customers with the same mail are one person, who can be forgotten.

It is said in the stream of the Customer under the person's id; that module has the decision.
"""

from uuid import UUID

from domain import Value


class PersonForgotten(Value):
    """The keys that sealed this person's data are destroyed: what they sealed cannot be read any more, anywhere."""

    person_id: UUID
    key_ids: tuple[UUID, ...]
