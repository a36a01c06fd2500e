"""The bodies by which guests and customers change and repeat their bookings, and the commands that they become."""

from typing import Any, Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from api.bodies import BookingNumber, Door, Quote
from api.bodies_selections import WallTime
from api.validation import Body, Day, Integer, Prose
from commands.bookings import Address
from commands.changing import Changes, NewTime
from commands.readdressing import Ends
from commands.rebooking import Again
from domain import Refused
from domain.selection import Extras, PickupTime

WHEN = ("pickup_date", "pickup_time", "specific_pickup_hour")
EXTRAS = ("is_same_day_delivery", "blade_flight_date", "blade_flight_time", "blade_ready_time")


class GuestChange(Body):
    """What is left out stays as it is, and so does what is null. With another pickup_time its hour is told anew."""

    pickup_date: Day | None = None
    pickup_time: PickupTime | None = None
    specific_pickup_hour: Integer | None = None
    is_same_day_delivery: bool | None = None
    blade_flight_date: Day | None = None
    blade_flight_time: WallTime | None = None
    blade_ready_time: WallTime | None = None
    pickup_address: Door | None = None
    delivery_address: Door | None = None
    special_instructions: Prose | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if all(value is None for value in dict(self).values()):
            raise PydanticCustomError("missing", "Tell what is to be changed.")
        return self

    def command(self, customer_id: UUID | None = None) -> Changes:
        """Raises Refused: `unexpected_field` for an address that is written out and named as well."""
        pickup, delivery = self._end("pickup_address"), self._end("delivery_address")
        ends = Ends(pickup, delivery, customer_id) if pickup or delivery else None
        told = _told(self, *WHEN)
        extras = Extras(**_told(self, *EXTRAS))
        time = NewTime(**told, extras=extras) if told or extras != Extras() else None
        return Changes(time, ends, self.special_instructions)

    def _end(self, name: str) -> Address | UUID | None:
        door, saved = getattr(self, name), getattr(self, f"{name}_id", None)
        if door and saved:
            raise Refused("unexpected_field", "The address, or the id of a saved one: not both.", f"/{name}_id")
        return Address(**door.model_dump()) if door else saved


class CustomerChange(GuestChange):
    """As a guest's; an address may be the id of a saved one."""

    pickup_address_id: UUID | None = None
    delivery_address_id: UUID | None = None


class Rebook(Body):
    """When the same is wanted again; a flight is as many days later as the pickup, unless another is told."""

    pickup_date: Day
    pickup_time: PickupTime
    specific_pickup_hour: Integer | None = None
    is_same_day_delivery: bool | None = None
    blade_flight_date: Day | None = None
    blade_flight_time: WallTime | None = None
    blade_ready_time: WallTime | None = None
    quote: Quote = None

    def command(self, customer_id: UUID) -> Again:
        extras = Extras(**_told(self, *EXTRAS))
        return Again(customer_id, **_told(self, *WHEN), extras=extras, quote=self.quote)


class AskLink(Body):
    booking_number: BookingNumber


def _told(body: Body, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(body, name)) is not None}
