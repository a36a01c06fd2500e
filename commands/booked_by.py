"""Who booked: whose key seals what is said of a booking, held so that nobody forgets them while it is being said."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection

from commands import Context
from domain import Refused, booking
from domain.address import Words
from domain.booking import Booking
from eventlog.envelope import Recorded

HOLD = "select from eventlog.person_keys where person_id = %s for key share"
# Who has left the mail address since it was booked with took its key along (decision 12).
LEFT = """
    select left_by from eventlog.person_keys
    where left_by is not null and left_mail = %s and left_at >= %s order by left_at limit 1"""


class Past(NamedTuple):
    """A booking up to now; `person_id` is whose key seals what is said of it from now on."""

    history: list[Recorded]
    made: Booking
    person_id: UUID

    @property
    def version(self) -> int:
        return self.history[-1].originator_version

    @property
    def is_forgotten(self) -> bool:
        return self.made.placed.personal is None

    def words(self, text: str) -> Words | None:
        """What somebody wrote; nothing of it is kept once the person is forgotten: it may be about them."""
        return Words(text) if text and not self.is_forgotten else None


@contextmanager
def held(id: UUID, ctx: Context) -> Iterator[Past]:
    """The booking in a transaction: who is being forgotten is waited for, and forgetting waits for the transaction.

    Refuses `not_found`.
    """
    with ctx.store.recorder.transaction() as db:
        first = next(iter(ctx.store.history(id)), None)
        if first is None or not isinstance(first.event, booking.BookingPlaced):
            raise Refused("not_found", "There is no such booking.")
        person_id = _held_person(db, first.event.person_id, first.position)
        history = ctx.store.history(id)
        yield Past(history, reduce(booking.evolve, (recorded.event for recorded in history), None), person_id)


def _held_person(db: Connection, booked_by: UUID, position: int) -> UUID:
    """Keys in the order in which forgetting takes them: the person's own, then the one that was taken along."""
    while True:
        left_by = _left_by(db, LEFT, booked_by, position)
        db.execute(HOLD, (left_by or booked_by,))
        if _left_by(db, LEFT + " for key share", booked_by, position) == left_by:
            return left_by or booked_by


def _left_by(db: Connection, query: str, booked_by: UUID, position: int) -> UUID | None:
    row = db.execute(query, (booked_by, position)).fetchone()
    return row["left_by"] if row else None
