"""What staff see of one booking, and what they do with it: change, reschedule, cancel, put away."""

from typing import Any
from uuid import UUID

from api.bodies_bookings import MAY, CorrectedBooking, Reschedule, StaffCancel
from api.call import Call
from api.consistency import consistent
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.preconditions import demand_version, give_etag, told_version
from api.route import Route
from api.routes.staff import desk_sheet, past_of
from commands import Context, booking_ref, customer_ref
from commands.booking_file import asked_by_cancelling, file_of, payment_sheets, refund_sheets, timeline
from commands.changing import Changes, change_booking
from commands.customer_notes import notes_of
from commands.customer_sheet import customer_sheet
from commands.ending import cancel_as_seen, delete_booking
from domain.audit import Action
from domain.customer import Customer
from domain.permissions import Permission, Role
from eventlog.store import Ref
from projections import customers

SEE = staff_read(Permission.VIEW_BOOKINGS, Action.VIEW_BOOKING)
CORRECT = staff_write(Permission.VIEW_BOOKINGS, Action.MODIFY_BOOKING, MAY)
MODIFY = staff_write(Permission.MODIFY_BOOKINGS, Action.MODIFY_BOOKING)
NAMES = ("first_name", "last_name", "email", "phone")


def booking(call: Call, id: str) -> dict[str, Any]:
    """The booking with whose it is, its payments and refunds, and what happened, newest first; put away or not.

    What Stripe took of a payment is null for whoever may not see financials; of the customer there are no more than the
    names that were given with the booking for whoever may not see customers.
    """
    past = past_of(call, id)
    file, sheet = file_of(past, call.parts.store), desk_sheet(past)
    payments = payment_sheets(file)
    if Permission.VIEW_FINANCIALS not in call.user.account.permissions:
        payments = [one | {"stripe_fee_cents": None} for one in payments]
    give_etag(call, sheet["version"])
    return {
        "booking": sheet,
        "customer": _customer(call, sheet),
        "payments": payments,
        "refunds": refund_sheets(file),
        "timeline": timeline(file),
    }


def correct(call: Call, id: str, asked: CorrectedBooking) -> dict[str, Any]:
    """Status, notes, estimated times, addresses, instructions, and what staff know better than the distance.

    Nothing is paid or refunded by saying so, and cancelling has a route of its own. If-Match is the ETag of what was
    read.
    """
    past_of(call, id)
    changes = asked.command()
    return _change(call, booking_ref(UUID(id))._replace(version=demand_version(call)), changes)


def reschedule(call: Call, id: str, asked: Reschedule) -> dict[str, Any]:
    """Another day or time, priced anew; `balance_due_cents` is what it leaves to pay, or to give back."""
    return _change(call, _seen(call, id), asked.command())


def cancel(call: Call, id: str, asked: StaffCancel) -> dict[str, Any]:
    """Frees its place, withdraws its open payment, and requests what is to go back of what was paid.

    The refund waits for somebody else's approval, unless an admin cancels. While the payer's bank decides on the money
    (a dispute) none can be requested: cancel with `refund_cents` 0, and ask for a refund when it has decided.
    """
    seen = _seen(call, id)
    wish = asked.command(call.user.account.role is Role.ADMIN)

    def do(ctx: Context) -> Done:
        return Done(seen.stream, cancel_as_seen(seen, wish, ctx))

    def answer(done: Done) -> dict[str, Any]:
        return _answer(call, done) | {"refunds": asked_by_cancelling(done.about, done.position, call.parts.store)}

    return carry_out(call, Write(do, answer, in_append=True))


def put_away(call: Call, id: str) -> dict[str, Any]:
    """Put away, no list shows it any more; its history and its money stay.

    One that waits for its money is cancelled with it; one that is paid or under way has to be cancelled before.
    """
    seen = _seen(call, id)

    def do(ctx: Context) -> Done:
        return Done(seen.stream, delete_booking(seen, "", ctx))

    return carry_out(call, Write(do, lambda done: {"id": str(done.about), "position": done.position}, in_append=True))


def _seen(call: Call, id: str) -> Ref:
    past_of(call, id)
    return booking_ref(UUID(id))._replace(version=told_version(call))


def _change(call: Call, seen: Ref, changes: Changes) -> dict[str, Any]:
    def do(ctx: Context) -> Done:
        return Done(seen.stream, change_booking(seen, changes, ctx).position)

    return carry_out(call, Write(do, lambda done: _answer(call, done), in_append=True))


def _answer(call: Call, done: Done) -> dict[str, Any]:
    """The booking as it was written, from the log alone."""
    past = [recorded for recorded in call.parts.store.history(done.about) if recorded.position <= done.position]
    sheet = desk_sheet(past)
    give_etag(call, sheet["version"])
    return {"booking": sheet, "position": done.position}


def _customer(call: Call, sheet: dict[str, Any]) -> dict[str, Any]:
    """The account that the booking is of by now, else its guest; as they are called today, where that can be seen."""
    given = {name: sheet["customer_info"][name] for name in NAMES}
    with consistent(call, customers) as db:
        id = customers.account_of(db, UUID(sheet["customer_id"])) or UUID(sheet["customer_id"])
    if Permission.VIEW_CUSTOMERS not in call.user.account.permissions:
        return {"id": str(id), **given, "has_account": None, "is_vip": None, "notes": None}
    past = call.parts.store.history(id)
    own = customer_sheet(past)
    known = call.parts.store.load(customer_ref(id)).state or Customer()
    names = {name: own[name] for name in NAMES} if own else given
    return {"id": str(id), **names, "has_account": own is not None, "is_vip": known.is_vip, "notes": notes_of(past)}


ROUTES = [
    Route("GET /api/staff/bookings/{id}/", booking, SEE),
    Route("PATCH /api/staff/bookings/{id}/", correct, CORRECT),
    Route("DELETE /api/staff/bookings/{id}/", put_away, MODIFY),
    Route("POST /api/staff/bookings/{id}/reschedule/", reschedule, MODIFY),
    Route("POST /api/staff/bookings/{id}/cancel/", cancel, MODIFY),
]
