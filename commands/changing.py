"""What is changed of a booking: its time, its addresses, its instructions; by staff also what they plan and note of it.

Everything that is asked for at once is one append: the places of the days it leaves and takes, and the open payment of
the old price, with it.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from commands import Context, booking_ref, day_ref, payment_ref
from commands.at_the_desk import ByStaff, at_the_desk
from commands.booked_by import Past, held
from commands.places import wish
from commands.readdressing import Ends, check_entry, new_addresses, price_request
from domain import Refused, Value, booking, booking_changes, payment, pickup_day
from domain.address import Words
from domain.audit import Change, PersonalChangeRecorded
from domain.booking import Booking, Status
from domain.booking_events import (
    BookingRescheduled,
    CoreAreaOverridden,
    Event,
    InstructionsChanged,
)
from domain.ids import payment_id
from domain.offer import check_day, check_flight, check_hour
from domain.pricing import Bought, reprice
from domain.selection import Extras, PickupTime, moved
from eventlog.once import note_used
from eventlog.store import Appended, Ref


class NewTime(Value):
    """When it is to be picked up; None stays. An hour goes with `morning_specific`, and is told with it."""

    pickup_date: date | None = None
    pickup_time: PickupTime | None = None
    specific_pickup_hour: int | None = None
    extras: Extras = Extras()


class Changes(Value):
    """What is to become of a booking. `reason` is told where staff reschedule it or know the area better."""

    time: NewTime | None = None
    ends: Ends | None = None
    special_instructions: str | None = None
    reason: str = ""
    by_staff: ByStaff | None = None


def change_booking(seen: Ref, asked: Changes, ctx: Context) -> Appended:
    """The booking as it was read, where `seen` has its version, else as it is; all of what is asked, or nothing.

    Refuses `version_conflict`, `not_allowed`, `invalid_transition`, the codes of days, hours, addresses and prices,
    `blackout_day`, `slot_taken`, `no_capacity`.
    """
    while True:
        try:
            with held(seen.stream, ctx) as past:
                return _change(past, past.version if seen.version is None else seen.version, asked, ctx)
        except Refused as refusal:
            if refusal.code != "version_conflict" or seen.version is not None:
                raise


def _change(past: Past, version: int, asked: Changes, ctx: Context) -> Appended:
    """Decided on one version of the booking, which the append insists on; the days and the payment as they then are."""
    made, id = past.made, past.history[0].originator_id
    if made.status in booking_changes.CHANGEABLE and _touches(asked):  # who may not is told so before all else
        booking_changes.check_changeable(made, asked.by_staff is not None)
    if version != past.version:
        raise Refused("version_conflict", "It has changed since it was read: read it again.")
    events, then = _decided(past, asked, ctx)
    days, take = _days(id, made, then, ctx)
    is_repriced = made.placed.pricing.total_price_cents != then.placed.pricing.total_price_cents

    def decision(_: Booking, open: payment.Payment, *states: pickup_day.PickupDay | None) -> Sequence[list]:
        return [events, payment.withdraw(open, "repriced") if is_repriced else [], *take(*states)]

    refs = [booking_ref(id)._replace(version=version), payment_ref(payment_id(id, made.payments)), *map(day_ref, days)]
    appended = ctx.telling(_personal_change(past, then)).append(refs, decision, id)
    return appended if events else _unchanged(past, ctx)


def _unchanged(past: Past, ctx: Context) -> Appended:
    """It is so already: the key is used all the same, so that the second answer is the first one."""
    position = past.history[-1].position
    if ctx.once:
        with ctx.store.recorder.connection() as db:
            note_used(db, ctx.once, position)
    return Appended(position, [])


def _decided(past: Past, asked: Changes, ctx: Context) -> tuple[list[Event], Booking]:
    """The events of the booking, and how it is then; each decision on what the one before has left."""
    made, by_staff = past.made, asked.by_staff
    if _touches(asked):
        booking_changes.check_changeable(made, by_staff is not None)
    if past.is_forgotten and (asked.ends or asked.special_instructions or (by_staff and by_staff.notes)):
        raise Refused("invalid_transition", "Who booked it was forgotten: nothing personal is written any more.")
    events: list[Event] = []
    for decide in (_time, _ends, _area, _instructions, _at_the_desk):
        new = [_sealed_by(past, event) for event in decide(made, asked, ctx)]
        made = reduce(booking.evolve, new, made)
        events += new
    check_entry(past.made, made, asked.ends, ctx.house())
    return events, made


def _sealed_by(past: Past, event: Event) -> Event:
    """What is personal in it is theirs who booked, and not kept once they are forgotten."""
    if not hasattr(event, "personal"):
        return event
    return replace(event, person_id=past.person_id, personal=None if past.is_forgotten else event.personal)


def _touches(asked: Changes) -> bool:
    """Whether it is about what the customer sees as theirs, not only about what staff plan and note."""
    return bool(asked.time or asked.ends or asked.special_instructions is not None or _overrides(asked))


def _time(made: Booking, asked: Changes, ctx: Context) -> list[Event]:
    if asked.time is None:
        return []
    to, placed, house = asked.time, made.placed, ctx.house()
    day = to.pickup_date or placed.pickup_date
    hour = to.specific_pickup_hour
    if to.pickup_time is None and hour is None:
        hour = placed.specific_pickup_hour
    request = replace(
        price_request(made),
        selection=moved(placed.selection, day - placed.pickup_date, to.extras),
        pickup_date=day,
        pickup_time=to.pickup_time or PickupTime(placed.pickup_time),
        specific_pickup_hour=hour,
    )
    if request == price_request(made):
        return []
    check_hour(request)
    if (day, request.is_same_day_delivery) != (placed.pickup_date, price_request(made).is_same_day_delivery):
        check_day(request, ctx.wall_clock, house)
    check_flight(request)
    when = day, request.pickup_time, hour, request.selection
    priced = reprice(Bought(placed.selection, placed.pricing), request, ctx.catalog(), house)
    why = Words(asked.reason) if asked.reason else None
    new = BookingRescheduled(placed.person_id, placed.pickup_date, *when, priced, why)
    return booking_changes.reschedule(made, new)


def _ends(made: Booking, asked: Changes, ctx: Context) -> list[Event]:
    return booking_changes.change_addresses(made, new_addresses(made, asked.ends, ctx)) if asked.ends else []


def _overrides(asked: Changes) -> bool:
    return asked.by_staff is not None and asked.by_staff.is_outside_core_area is not None


def _area(made: Booking, asked: Changes, ctx: Context) -> list[Event]:
    if not asked.by_staff or asked.by_staff.is_outside_core_area is None:
        return []
    if not asked.reason:
        raise Refused("missing_field", "Why is it otherwise than the distance says?", "/reason")
    is_outside = asked.by_staff.is_outside_core_area
    request, placed = replace(price_request(made), is_outside_core_area=is_outside), made.placed
    pricing = reprice(Bought(placed.selection, placed.pricing), request, ctx.catalog(), ctx.house())
    new = CoreAreaOverridden(made.placed.person_id, is_outside, pricing, Words(asked.reason))
    return booking_changes.override_area(made, new)


def _instructions(made: Booking, asked: Changes, _: Context) -> list[Event]:
    if asked.special_instructions is None:
        return []
    new = InstructionsChanged(made.placed.person_id, Words(asked.special_instructions))
    return booking_changes.change_instructions(made, new)


def _at_the_desk(made: Booking, asked: Changes, _: Context) -> list[Event]:
    return at_the_desk(made, asked.by_staff) if asked.by_staff else []


def _days(id: UUID, made: Booking, then: Booking, ctx: Context) -> tuple[list[date], Callable[..., list[list]]]:
    """Which days are concerned, and what is decided of their states. What is completed needs its place no longer."""
    was, on = made.placed.pickup_date, then.placed.pickup_date
    if then.status is Status.COMPLETED:
        return [was], lambda day: [pickup_day.release(day, was, id)]
    slots = [(b.placed.pickup_time, b.placed.specific_pickup_hour) for b in (made, then)]
    if was == on and slots[0] == slots[1]:
        return [], list
    wanted = wish(id, then.placed, ctx.house().places(then.placed.selection.service_type), ctx)
    if was == on:
        return [on], lambda day: [pickup_day.move_within(day, wanted)]
    return [was, on], lambda left, taken: [pickup_day.release(left, was, id), pickup_day.reserve(taken, wanted)]


def _personal_change(past: Past, then: Booking) -> PersonalChangeRecorded | None:
    """What of it is somebody's own, before and after; for the audit log, where staff change it."""
    was, became = (
        to_builtins(b.placed.personal) | {"notes": b.notes} if b.placed.personal else {} for b in (past.made, then)
    )
    names = [name for name in became if was.get(name) != became[name]]
    told = Change({name: was.get(name) for name in names}, {name: became[name] for name in names})
    return PersonalChangeRecorded(past.person_id, told) if names else None
