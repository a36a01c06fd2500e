"""The read models there are. Each is one module: its tables, how events change it, how it is asked.

A model has `SCHEMA` (SQL that makes its tables), `project(db, batch)`, and `PERSONAL`: the names of the events whose
personal part it reads, empty if none. With personal data it has `erase(db, person_ids)` and `scan(db, person_ids)` as
well. All its SQL uses unqualified names: the caller says in which schema they are.
"""

from types import ModuleType

from psycopg import Connection

from projections import audit, bookings, calendar, customers, dashboard, history, ledger, payments
from projections.schemas import create, name_of

MODELS: dict[str, ModuleType] = {
    name_of(model): model for model in (audit, bookings, calendar, customers, dashboard, history, ledger, payments)
}


def create_all(db: Connection) -> None:
    for model in MODELS.values():
        create(db, model)
