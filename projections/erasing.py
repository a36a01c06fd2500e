"""Forgetting a person on the read side: their rows lose what is personal, in every generation of every read model."""

from uuid import UUID

from psycopg import Connection

from projections.models import MODELS
from projections.schemas import enter, exists, generations
from projections.state import standing


def erase_person(db: Connection, person_id: UUID) -> int:
    """Erase and look again; returns how many rows still have something personal of theirs, so 0 is the proof.

    Final once every partition has passed the position at which the person was forgotten (`all_passed`): what is applied
    after that finds no key any more.
    """
    return sum(_erase(db, name, schema, person_id) for name in MODELS for schema in generations(name))


def all_passed(db: Connection, position: int) -> bool:
    """Whether every live read model that holds personal data has applied the log up to the position."""
    return all(standing(db, name).complete >= position for name, model in MODELS.items() if model.PERSONAL)


def _erase(db: Connection, name: str, schema: str, person_id: UUID) -> int:
    model = MODELS[name]
    if not model.PERSONAL:
        return 0
    with db.transaction():
        enter(db, name, schema)
        if not exists(db, schema):
            return 0
        model.erase(db, [person_id])
        return model.scan(db, [person_id])
