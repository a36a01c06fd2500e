"""A pickup day: how many bookings of each service its vans can take, and which have a place.

open -> black_out -> closed -> reopen -> open        (places are reserved and released while open)
"""

from datetime import date
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import replace

from domain import Refused, Value

MOST_PLACES = 1_000  # of one service on one day


class Slot(Value):
    """When on its day somebody expects the van; one person has one booking in it, whatever the service."""

    pickup_time: str
    specific_pickup_hour: int | None = None


# Events


class PlaceReserved(Value):
    """`persons` are all ids under which this customer may come; none are named where there is but `person_id`."""

    day: date
    booking_id: UUID
    service_type: str
    person_id: UUID
    slot: Slot
    persons: tuple[UUID, ...] = ()


class PlaceReleased(Value):
    day: date
    booking_id: UUID
    service_type: str


class LimitSet(Value):
    day: date
    service_type: str
    limit: int


class LimitLifted(Value):
    """The day takes what the house takes again."""

    day: date
    service_type: str


class DayBlackedOut(Value):
    day: date
    reason: str


class DayReopened(Value):
    day: date


Event = PlaceReserved | PlaceReleased | LimitSet | LimitLifted | DayBlackedOut | DayReopened


# State


class Reservation(Value):
    service_type: str
    persons: tuple[UUID, ...]
    slot: Slot


class PickupDay(Value):
    places: dict[UUID, Reservation] = {}
    limits: dict[str, int] = {}
    is_blackout: bool = False
    reason: str = ""


class Wish(Value):
    """What a booking asks of a day; `default_limit` is the house's, used where the day has none of its own.

    `persons` are further ids under which the same customer may come: with an account, or as a guest by their mail.
    """

    day: date
    booking_id: UUID
    service_type: str
    person_id: UUID
    slot: Slot
    default_limit: int
    persons: tuple[UUID, ...] = ()


def stream(day: date) -> UUID:
    """One stream for each date."""
    return uuid5(NAMESPACE_OID, f"totetaxi/pickup-day/{day}")


def evolve(day: PickupDay | None, event: Event) -> PickupDay:
    day = day or PickupDay()
    match event:
        case PlaceReserved():
            place = Reservation(event.service_type, (event.person_id, *event.persons), event.slot)
            return replace(day, places=day.places | {event.booking_id: place})
        case PlaceReleased():
            return replace(day, places={b: place for b, place in day.places.items() if b != event.booking_id})
        case LimitSet():
            return replace(day, limits=day.limits | {event.service_type: event.limit})
        case LimitLifted():
            return replace(day, limits={s: n for s, n in day.limits.items() if s != event.service_type})
        case DayBlackedOut():
            return replace(day, is_blackout=True, reason=event.reason)
        case DayReopened():
            return replace(day, is_blackout=False, reason="")
        case _:
            assert_never(event)


# Decisions


def reserve(day: PickupDay | None, wish: Wish) -> list[Event]:
    """Refuses with `blackout_day`, `slot_taken` or `no_capacity`; a booking that has its place gets no second one."""
    day = day or PickupDay()
    if wish.booking_id in day.places:
        return []
    _check_slot(day, wish)
    if left(day, wish.service_type, wish.default_limit) <= 0:
        raise Refused("no_capacity", "No place is left on that day.", "/pickup_date")
    return [_reserved(wish)]


def move_within(day: PickupDay, wish: Wish) -> list[Event]:
    """Another slot of the same day: it takes nobody's place, so a full day is no reason against it.

    Refuses `blackout_day`, `slot_taken`. Nothing for a booking without a place, or in this slot already.
    """
    place = day.places.get(wish.booking_id)
    if place is None or place.slot == wish.slot:
        return []
    given_up = PlaceReleased(wish.day, wish.booking_id, place.service_type)
    _check_slot(day, wish)  # its own place is in another slot
    return [given_up, _reserved(wish)]


def _check_slot(day: PickupDay, wish: Wish) -> None:
    persons = {wish.person_id, *wish.persons}
    if day.is_blackout:
        raise Refused("blackout_day", "There are no pickups on that day.", "/pickup_date")
    if any(place.slot == wish.slot and not persons.isdisjoint(place.persons) for place in day.places.values()):
        raise Refused("slot_taken", "This customer has a booking at that time already.", "/pickup_time")


def _reserved(wish: Wish) -> PlaceReserved:
    return PlaceReserved(wish.day, wish.booking_id, wish.service_type, wish.person_id, wish.slot, wish.persons)


def release(day: PickupDay | None, on: date, booking_id: UUID) -> list[Event]:
    place = day and day.places.get(booking_id)
    return [PlaceReleased(on, booking_id, place.service_type)] if place else []


def set_limit(day: PickupDay | None, on: date, service_type: str, limit: int) -> list[Event]:
    """A limit below what is reserved is kept; the places stay and the day shows as overbooked."""
    if not 0 <= limit <= MOST_PLACES:
        raise Refused("invalid_value", f"A limit is from 0 to {MOST_PLACES}.", f"/limits/{service_type}")
    return [] if day and day.limits.get(service_type) == limit else [LimitSet(on, service_type, limit)]


def set_limits(day: PickupDay | None, on: date, limits: dict[str, int | None]) -> list[Event]:
    """By service; None gives the day back what the house takes. Refuses `invalid_value`."""
    return [
        event
        for service, limit in limits.items()
        for event in (lift_limit(day, on, service) if limit is None else set_limit(day, on, service, limit))
    ]


def lift_limit(day: PickupDay | None, on: date, service_type: str) -> list[Event]:
    return [LimitLifted(on, service_type)] if day and service_type in day.limits else []


def black_out(day: PickupDay | None, on: date, reason: str) -> list[Event]:
    return [] if day and day.is_blackout else [DayBlackedOut(on, reason)]


def reopen(day: PickupDay | None, on: date) -> list[Event]:
    return [DayReopened(on)] if day and day.is_blackout else []


def left(day: PickupDay, service_type: str, default_limit: int) -> int:
    return day.limits.get(service_type, default_limit) - taken(day, service_type)


def taken(day: PickupDay, service_type: str) -> int:
    return sum(place.service_type == service_type for place in day.places.values())
