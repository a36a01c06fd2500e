"""A lost manage link, mailed again to the address that the booking was made with; with an account, how to log in.

Asked for by the number alone: the same is done for every number, and the timer and its job hold nothing but an id.
"""

from functools import reduce
from uuid import UUID

from commands import Context
from commands import letter_texts as texts
from commands.booking_sheet import manage_token
from commands.customer_sheet import contact_of
from commands.letter_texts import Link, Words
from domain import booking
from domain.booking import Booking, BookingPlaced
from domain.ids import booking_id
from eventlog import timers

LINK = "letter_link"
HAS_ACCOUNT = "select from api.accounts where id = %s and is_active"


def ask_link(number: str, ctx: Context) -> None:
    with ctx.store.recorder.transaction() as db:
        timers.ask(db, LINK, booking_id(number), ctx.now)


def link_letter(about: UUID, ctx: Context) -> tuple[str, Words] | None:
    """To whom, and which words. None for what is no booking, was put away, or is of somebody who is forgotten.

    A cancelled one is still theirs to see.
    """
    past = ctx.store.history(about)
    if not past or not isinstance(past[0].event, BookingPlaced):
        return None
    made: Booking = reduce(booking.evolve, (recorded.event for recorded in past), None)
    placed, own = made.placed, made.placed.personal
    if made.is_deleted or own is None:
        return None
    if not placed.is_guest:
        mail = _mail_of(placed.person_id, ctx)
        return (mail, texts.booked_with_account(placed.booking_number)) if mail else None
    site, number = ctx.site.rstrip("/"), placed.booking_number
    url = f"{site}/bookings/{number}?token={manage_token(number, ctx.secret)}"
    return own.email, texts.manage(number, Link(url))


def _mail_of(customer_id: UUID, ctx: Context) -> str:
    """The address that the account has now; empty for one that is closed or disabled."""
    with ctx.store.recorder.connection() as db:
        if not db.execute(HAS_ACCOUNT, (customer_id,)).rowcount:
            return ""
    contact = contact_of(ctx.store.history(customer_id))
    return contact.email if contact else ""
