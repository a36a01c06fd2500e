"""What becomes of a person who is forgotten: their key is destroyed. `commands.customers` says who that is."""

from collections.abc import Iterable
from uuid import UUID

from psycopg import Connection

from commands import Context
from domain import customer
from eventlog.store import EventStore, Ref

ALONE = "select from eventlog.person_keys where person_id = any(%s) order by person_id for update"

LEFT = "select key_id, left_mail from eventlog.person_keys where left_by = %s order by key_id for update"


def hold(db: Connection, person_ids: Iterable[UUID]) -> None:
    """Waits for appends under way that seal with their keys, and lets nobody else forget them meanwhile.

    Before anything is appended to their streams: whoever seals has the key first and then waits for the stream.
    """
    db.execute(ALONE, (list(person_ids),))


def forget(person_id: UUID, ctx: Context) -> int | None:
    """Destroys the person's keys and records that, in one transaction; None when nothing of theirs is readable.

    What read models hold of them is erased by a job, once every partition has passed the position answered here.
    """
    with ctx.store.recorder.transaction() as db:
        hold(db, [person_id])
        keys = ctx.store.vault.keys(db, "person_id", [person_id])
        if not keys:
            return None
        key_ids = (keys[person_id].key_id,)
        done = ctx.append([Ref(customer, person_id)], lambda state: [customer.forget(state, person_id, key_ids)])
        ctx.store.vault.destroy(db, person_id, done.position)
        return done.position


def forget_left(customer_id: UUID, ctx: Context) -> list[int]:
    """What the customer has booked as a guest with addresses that they had before; somebody else may have them now."""
    with ctx.store.recorder.transaction() as db:
        return [_forget_left(customer_id, row, ctx) for row in db.execute(LEFT, (customer_id,)).fetchall()]


def _forget_left(customer_id: UUID, row: dict, ctx: Context) -> int:
    with ctx.store.recorder.transaction() as db:
        mail_id, key_ids = row["left_mail"], (row["key_id"],)
        done = ctx.append([Ref(customer, customer_id)], lambda state: [customer.forget(state, mail_id, key_ids)])
        ctx.store.vault.destroy_left(db, row["key_id"])
        return done.position


def forgotten(store: EventStore) -> list[tuple[UUID, UUID]]:
    """Every key that was ever destroyed, with its person; ids alone, which say nothing of anybody."""
    with store.recorder.connection() as db:
        rows = db.execute("select key_id, person_id from eventlog.destroyed_keys order by destroyed_at, key_id")
        return [(row["key_id"], row["person_id"]) for row in rows]
