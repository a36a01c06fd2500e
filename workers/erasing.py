"""Erasing a forgotten person from every generation of every read model, and proving that nothing is left."""

from uuid import UUID

from psycopg import Connection

import projections


class NotYet(Exception):
    """A read model has not passed the event yet: what it reads before may still name the person. Try again."""


class StillThere(Exception):
    """After erasing, a read model still holds something of the person."""


def erase(db: Connection, person_id: UUID, position: int) -> None:
    """Once every partition of every read model has passed the position of PersonForgotten. Raises NotYet, StillThere."""
    behind = [name for name, state in projections.state(db).items() if state.complete < position]
    if behind:
        raise NotYet(f"{', '.join(behind)} have not passed {position}")
    projections.erase_person(db, person_id)
    if left := projections.scan(db, person_id):
        raise StillThere(str(left))
    db.execute("update eventlog.destroyed_keys set erased_at = now() where person_id = %s and position <= %s",
               (person_id, position))
