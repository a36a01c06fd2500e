"""What a booking asks of its day: a place, in a slot that is the customer's once, however they come."""

from uuid import UUID

from commands import Context
from domain import customer
from domain.booking import BookingPlaced
from domain.pickup_day import Slot, Wish
from eventlog.store import Ref

ACCOUNT_OF = "select id from api.accounts where mail_id = %s and kind = 'customer'"


def wish(id: UUID, placed: BookingPlaced, places: int, ctx: Context) -> Wish:
    """`places` are the house's for a day that has no limit of its own."""
    slot = Slot(placed.pickup_time, placed.specific_pickup_hour)
    service = placed.selection.service_type
    return Wish(placed.pickup_date, id, service, placed.person_id, slot, places, _persons(placed, ctx))


def _persons(placed: BookingPlaced, ctx: Context) -> tuple[UUID, ...]:
    """The other ids of who booked: their account, the mail it has and those it had; none for who has no account."""
    mail_id = placed.mail_id or placed.person_id
    account = placed.person_id if placed.mail_id else _account_of(mail_id, ctx)
    if account is None:
        return ()
    known = customer.persons(account, ctx.store.load(Ref(customer, account)).state)
    return tuple(id for id in dict.fromkeys((mail_id, *known)) if id != placed.person_id)


def _account_of(mail_id: UUID, ctx: Context) -> UUID | None:
    with ctx.store.recorder.connection() as db:
        row = db.execute(ACCOUNT_OF, (mail_id,)).fetchone()
    return row["id"] if row else None
