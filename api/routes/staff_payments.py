"""The house's money for staff: payments with all that happened to them, refunds asked for and decided on."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from msgspec.structs import replace

from api.bodies_refunds import DecidedRefund, NewRefund
from api.call import Call
from api.consistency import consistent
from api.idempotency import Done, Write, carry_out
from api.payment_queries import Payments, Refunds, cursor_of
from api.policies import staff_read, staff_write
from api.route import Route
from api.routes.staff import event_sheet
from commands import Context, payment_ref
from commands.booking_sheet import rfc3339
from commands.refund_sheet import decided_sheet, words_of
from commands.refunds import approve_refund, deny_refund, known, request_refund, try_refund_again
from domain import Refused
from domain.audit import Action, Change, PersonalChangeRecorded
from domain.payment_events import PaymentOpened, PaymentRequested, RefundReserved
from domain.permissions import Permission, Role
from eventlog.envelope import Recorded
from projections import payment_list
from projections import payments as payment_model

SEE = staff_read(Permission.VIEW_FINANCIALS, Action.VIEW_BOOKING)
SEE_REFUNDS = staff_read(Permission.REQUEST_REFUNDS, Action.VIEW_BOOKING)
REQUEST = staff_write(Permission.REQUEST_REFUNDS, Action.PROCESS_REFUND)
DECIDE = staff_write(Permission.APPROVE_REFUNDS, Action.APPROVE_REFUND)


def payments(call: Call, asked: Annotated[Payments, Query()]) -> dict[str, Any]:
    """Payments by status, booking and day; newest first."""
    wish = asked.wish()
    with consistent(call, payment_model) as db:
        page = payment_list.payments(db, wish)
    return {"payments": [_told(line) for line in page.lines], "next_cursor": cursor_of(page.next, asked)}


def events(call: Call, id: str) -> dict[str, Any]:
    """Everything that happened to a payment and to the refunds of it, with who and when."""
    paid = _history_of_payment(call, id)
    backs = {one.event.refund_id for one in paid if isinstance(one.event, RefundReserved)}
    told = [(one, None) for one in paid]
    told += [(one, str(back)) for back, past in call.parts.store.histories(backs).items() for one in past]
    told.sort(key=lambda pair: pair[0].position)
    return {"events": [event_sheet(_without_secret(one)) | {"refund_id": back} for one, back in told]}


def refunds(call: Call, asked: Annotated[Refunds, Query()]) -> dict[str, Any]:
    """Refunds by status, payment and booking; newest first. Those with the status `requested` wait for a decision."""
    wish = asked.wish()
    with consistent(call, payment_model) as db:
        page = payment_list.refunds(db, wish)
    pasts = call.parts.store.histories([line["id"] for line in page.lines])
    lines = [_told(line) | words_of(pasts[line["id"]]) for line in page.lines]
    return {"refunds": lines, "next_cursor": cursor_of(page.next, asked)}


def create(call: Call, asked: NewRefund) -> dict[str, Any]:
    """Sets the amount aside on the payment until somebody else approves or denies.

    No two refunds ever promise the same money; what is disputed or was never paid cannot be given back.
    """
    paid, wish = asked.payment_id, asked.command()

    def do(ctx: Context) -> Done:
        return Done(paid, request_refund(wish, ctx).position)

    def answer(done: Done) -> dict[str, Any]:
        """The last that was set aside on the payment by then."""
        set_aside = [one for one in call.parts.store.history(paid) if isinstance(one.event, RefundReserved)]
        last = [one.event for one in set_aside if one.position <= done.position][-1]
        return _answer(call, last.refund_id, done)

    return carry_out(call, Write(do, answer, in_append=True))


def process(call: Call, asked: DecidedRefund) -> dict[str, Any]:
    """Approves or denies what was requested, or tries again what has failed.

    Whoever asked for a refund does not decide on it, but for admins. An approved one is given back at Stripe by a job.
    """
    call.acts = Action.DENY_REFUND if asked.action == "deny" else Action.APPROVE_REFUND
    id = asked.refund_id

    def do(ctx: Context) -> Done:
        return Done(id, _decide(call, asked, ctx))

    return carry_out(call, Write(do, lambda done: _answer(call, id, done), in_append=True))


def _decide(call: Call, asked: DecidedRefund, ctx: Context) -> int:
    may_decide_own = call.user.account.role is Role.ADMIN
    if asked.action == "deny":
        return deny_refund(asked.refund_id, asked.reason, ctx, may_decide_own)
    if asked.reason:
        paid = ctx.store.load(payment_ref(known(asked.refund_id, ctx).payment_id)).state
        ctx = ctx.telling(PersonalChangeRecorded(paid.person_id, Change({}, {"reason": asked.reason})))
    if asked.action == "retry":
        return try_refund_again(asked.refund_id, ctx)
    return approve_refund(asked.refund_id, may_decide_own, ctx)


def _answer(call: Call, id: UUID, done: Done) -> dict[str, Any]:
    """The refund as it was written, from the log alone."""
    store = call.parts.store
    past = [one for one in store.history(id) if one.position <= done.position]
    return {"refund": decided_sheet(past, store), "position": done.position}


def _history_of_payment(call: Call, id: str) -> list[Recorded]:
    try:
        found = call.parts.store.history(UUID(id))
    except ValueError:
        found = []
    if not found or not isinstance(found[0].event, PaymentRequested):
        raise Refused("not_found", "There is no such payment.")
    return found


def _without_secret(recorded: Recorded) -> Recorded:
    """What lets the payer pay is nobody else's."""
    event = recorded.event
    return replace(recorded, event=replace(event, personal=None)) if isinstance(event, PaymentOpened) else recorded


def _told(line: dict[str, Any]) -> dict[str, Any]:
    """Instants as everywhere, to the millisecond."""
    return {
        name: rfc3339(value.astimezone(UTC)) if isinstance(value, datetime) else value for name, value in line.items()
    }


ROUTES = [
    Route("GET /api/payments/payments/", payments, SEE),
    Route("GET /api/payments/payments/{id}/events/", events, SEE),
    Route("GET /api/payments/refunds/", refunds, SEE_REFUNDS),
    Route("POST /api/payments/refunds/create/", create, REQUEST, 201),
    Route("POST /api/payments/refunds/process/", process, DECIDE),
]
