"""Nobody who was forgotten comes back by a generation that was being built while they were forgotten.

A batch that unsealed their data may be stored after the erasing job has looked. So they are erased once more, in the
transaction that compares or switches. The days are far more than a rebuild takes; erasing again does no harm.
"""

from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from projections.applying import Place
from projections.schemas import look_into

LATELY = """select distinct person_id from eventlog.destroyed_keys
            where destroyed_at >= now() - interval '7 days' or erased_at is null"""


def forget_again(place: Place, *schemas: str) -> None:
    """Erase in these schemas of the model whoever was forgotten lately or is still to be erased."""
    if place.model.PERSONAL and (persons := forgotten_lately(place.db)):
        for schema in schemas:
            look_into(place.db, schema)
            place.model.erase(place.db, persons)


def forgotten_lately(db: Connection) -> list[UUID]:
    return [person for (person,) in db.cursor(row_factory=tuple_row).execute(LATELY)]
