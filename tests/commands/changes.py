"""What the guests, customers and staff of these tests change of bookings, and what has to be so after it."""

from commands import booking_ref, day_ref
from commands.bookings import Address
from commands.changing import ByStaff, Changes, NewTime, change_booking
from domain import Refused, house, pickup_day
from domain.booking_status import ACTIVE, Status
from domain.selection import Extras, PickupTime
from eventlog.store import Ref
from tests.commands.wishes import booking, day
from tests.samples import MONDAY

TUESDAY, SATURDAY = MONDAY.replace(day=12), MONDAY.replace(day=16)
STAFF = ByStaff()
AT_NINE = NewTime(pickup_time=PickupTime.MORNING_SPECIFIC, specific_pickup_hour=9)
NEAR = Address("5 Park Ave", "New York", "NY", "10016")


def on(pickup_date, **extras) -> NewTime:
    return NewTime(pickup_date, extras=Extras(**extras))


def change(ctx, placed, time=None, version=None, now=None, **changes):
    """The `changes` are those of a Changes; `version` is the one that was seen, where that matters."""
    context = ctx() if now is None else ctx(now)
    return change_booking(booking_ref(placed.booking_id)._replace(version=version), Changes(time, **changes), context)


def confirm_booking(id, ctx):
    """As staff do it, by saying so."""
    return change_booking(booking_ref(id), Changes(by_staff=ByStaff(Status.CONFIRMED)), ctx)


def start_booking(id, ctx):
    return change_booking(booking_ref(id), Changes(by_staff=ByStaff(Status.IN_PROGRESS)), ctx)


def refused(ctx, call, *args, **kwargs) -> tuple[str, str]:
    """Code and path of the refusal; nothing of it is in the log."""
    before = head(ctx)
    try:
        call(ctx, *args, **kwargs)
    except Refused as refusal:
        assert head(ctx) == before
        return refusal.code, refusal.path
    raise AssertionError("it was not refused")


def head(ctx) -> int:
    return ctx().store.recorder.max_notification_id()


def places(ctx, placed) -> list:
    """The days on which it has a place."""
    days = {one: day(ctx, one) for one in (MONDAY, TUESDAY, SATURDAY)}
    return [one for one, state in days.items() if state and placed.booking_id in state.places]


def has_its_place(ctx, placed) -> bool:
    """On its day if it is active, and nowhere else."""
    made = booking(ctx, placed)
    return places(ctx, placed) == ([made.placed.pickup_date] if made.status in ACTIVE else [])


def limit(ctx, on_day, count):
    ctx().append([day_ref(on_day)], lambda state: [pickup_day.set_limit(state, on_day, "mini_move", count)])


def black_out(ctx, on_day):
    ctx().append([day_ref(on_day)], lambda state: [pickup_day.black_out(state, on_day, "snow")])


def furnish(ctx, *settings):
    """Settings of the house, as events."""
    ctx().append([Ref(house, house.stream())], lambda _: [list(settings)])
