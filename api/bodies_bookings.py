"""What staff send to change a booking, to reschedule and to cancel it, and the commands that they become."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.bodies import Door
from api.bodies_selections import WallTime
from api.validation import LINES, Body, Day, Integer, Prose, text
from commands.at_the_desk import ByStaff
from commands.bookings import Address
from commands.changing import Changes, NewTime
from commands.ending import Cancellation
from commands.readdressing import Ends
from domain import Refused
from domain.booking_status import Status
from domain.moment import Moment, moment_of
from domain.permissions import Permission
from domain.selection import Extras, PickupTime

ABSENT: Any = None  # a field that may be left out, and is never null
WRITTEN_INSTANT = r"20\d{2}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})".replace(r"\d", "[0-9]")
Why = Annotated[str, text(1000, least=1, pattern=LINES)]


def instant(value: Any) -> datetime:
    """Of this century, so that it is some time on every clock; a number in quotes is none."""
    if isinstance(value, str) and re.fullmatch(WRITTEN_INSTANT, value):
        return datetime.fromisoformat(value.upper())
    raise ValueError("an instant is written 2027-01-12T14:30:00Z or 2027-01-12T09:30:00-05:00")


AS_WRITTEN = {"type": "string", "format": "date-time", "pattern": f"^{WRITTEN_INSTANT}$"}
Instant = Annotated[datetime, BeforeValidator(instant), WithJsonSchema(AS_WRITTEN)]


class CorrectedBooking(Body):
    """What is left out stays. An estimated time that is null takes the plan back; seconds of it are not kept.

    `reason` goes with `is_outside_core_area`, and says why it is otherwise than the distance says.
    """

    status: Status = ABSENT
    notes: Annotated[str, text(4000, pattern=LINES)] = ABSENT
    estimated_pickup_time: Instant | None = None
    estimated_delivery_time: Instant | None = None
    is_outside_core_area: bool = ABSENT
    reason: Why = ABSENT
    pickup_address: Door = ABSENT
    delivery_address: Door = ABSENT
    special_instructions: Prose = ABSENT

    def command(self) -> Changes:
        """Raises Refused: `missing_field` for no change, or no reason; `unexpected_field` for a reason of nothing."""
        if not self.model_fields_set:
            raise Refused("missing_field", "What is to be changed?")
        if self.is_outside_core_area is not None and not self.reason:
            raise Refused("missing_field", "Why is it otherwise than the distance says?", "/reason")
        if self.reason and self.is_outside_core_area is None:
            raise Refused("unexpected_field", "A reason goes with is_outside_core_area.", "/reason")
        plans = {name: self._planned(f"{name}_time") for name in ("estimated_pickup", "estimated_delivery")}
        told = {name: plan for name, plan in plans.items() if f"{name}_time" in self.model_fields_set}
        mine = ByStaff(self.status, self.notes, is_outside_core_area=self.is_outside_core_area, **told)
        return Changes(None, self._ends(), self.special_instructions, self.reason or "", mine)

    def _planned(self, name: str) -> Moment | None:
        at = getattr(self, name)
        return moment_of(at) if at else None

    def _ends(self) -> Ends | None:
        pickup, delivery = (
            Address(**door.model_dump()) if door else None for door in (self.pickup_address, self.delivery_address)
        )
        return Ends(pickup, delivery) if pickup or delivery else None


# What each field asks for, beside seeing bookings.
MAY = dict.fromkeys(CorrectedBooking.model_fields, Permission.MODIFY_BOOKINGS) | {
    "status": Permission.CHANGE_STATUS,
    "notes": Permission.WRITE_NOTES,
}


class Reschedule(Body):
    """Another day, or another time on the same one; what is left out stays.

    An hour goes with `morning_specific`. A flight moves along with its day unless another is told, and same-day
    delivery ends with its day.
    """

    pickup_date: Day
    pickup_time: PickupTime | None = None
    specific_pickup_hour: Integer | None = None
    is_same_day_delivery: bool | None = None
    blade_flight_date: Day | None = None
    blade_flight_time: WallTime | None = None
    blade_ready_time: WallTime | None = None
    reason: Why

    def command(self) -> Changes:
        extras = Extras(**{name: getattr(self, name) for name in Extras.__struct_fields__})
        to = NewTime(self.pickup_date, self.pickup_time, self.specific_pickup_hour, extras)
        return Changes(to, reason=self.reason, by_staff=ByStaff())


class StaffCancel(Body):
    """`refund_cents` is how much of what was paid goes back: all of it where nothing is told, 0 for nothing."""

    reason: Why
    refund_cents: Annotated[Integer, Field(ge=0)] | None = None

    def command(self, is_approved: bool) -> Cancellation:
        return Cancellation(self.reason, True, self.refund_cents, is_approved)
