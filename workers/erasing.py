"""Erasing a forgotten person from every generation of every read model, and proving that nothing is left."""

from uuid import UUID

from psycopg import Connection

from projections.erasing import all_passed, erase_person

ERASED = "update eventlog.destroyed_keys set erased_at = now() where person_id = %s and position <= %s"


class NotYet(Exception):
    """A read model has not passed the event yet: what it reads before may still name the person. Try again."""


class StillThere(Exception):
    """After erasing, a read model still holds something of the person."""


def erase(db: Connection, person_id: UUID, position: int) -> None:
    """Once every read model has passed the position of PersonForgotten. Raises NotYet, StillThere."""
    if not all_passed(db, position):
        raise NotYet(f"a read model has not passed {position}")
    if left := erase_person(db, person_id):
        raise StillThere(f"{left} rows")
    db.execute(ERASED, (person_id, position))
