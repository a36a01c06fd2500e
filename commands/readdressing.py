"""A booking's addresses in place of those it had: checked as when it was placed, and priced anew."""

from uuid import UUID

from msgspec.structs import replace

from commands import Context
from commands.bookings import Address, area_of, check_instructions, street_of
from commands.customer_bookings import saved_address
from commands.service_area import is_outside_core_area, look_up, served_place
from domain import Refused, Value
from domain.address import Area, Street, Streets
from domain.booking import Booking
from domain.booking_events import BookingAddressesChanged
from domain.house import House
from domain.offer import check_addresses
from domain.pricing import Bought, PriceRequest, reprice
from domain.selection import BladeTransfer, PickupTime


class Ends(Value):
    """An address is written out, or the id of a saved one of the customer; None stays as it is."""

    pickup: Address | UUID | None = None
    delivery: Address | UUID | None = None
    customer_id: UUID | None = None


class End(Value):
    """Where one end is from now on."""

    area: Area
    street: Street
    saved_id: UUID | None


def new_addresses(made: Booking, to: Ends, ctx: Context) -> BookingAddressesChanged:
    """Refuses with the codes of ZIPs and addresses, `instructions_required`, `unexpected_field` for an airport."""
    placed, house = made.placed, ctx.house()
    if to.delivery and isinstance(placed.selection, BladeTransfer):
        raise Refused("unexpected_field", "A transfer goes to its airport.", "/delivery_address")
    pickup, delivery = (_end(name, made, to, (house, ctx)) for name in ("pickup", "delivery"))
    told = next(end for end in ("delivery", "pickup") if getattr(to, end))
    where = f"/{told}_address_id" if isinstance(getattr(to, told), UUID) else f"/{told}_address"
    check_addresses((pickup.area, pickup.street), (delivery.area, delivery.street), where)
    is_outside = is_outside_core_area(look_up(pickup.area.zip_code), look_up(delivery.area.zip_code), house)
    return BookingAddressesChanged(
        person_id=placed.person_id,
        pickup_area=pickup.area,
        delivery_area=delivery.area,
        is_outside_core_area=is_outside,
        pricing=_priced(made, is_outside, house, ctx),
        personal=Streets(pickup.street, delivery.street),
        pickup_address_id=pickup.saved_id,
        delivery_address_id=delivery.saved_id,
    )


def _end(name: str, made: Booking, to: Ends, known: tuple[House, Context]) -> End:
    house, ctx = known
    given: Address | UUID | None = getattr(to, name)
    if given is None:
        own = getattr(made.placed.personal, name) if made.placed.personal else Street("")
        return End(getattr(made.placed, f"{name}_area"), own, getattr(made.placed, f"{name}_address_id"))
    saved_id, path = given if isinstance(given, UUID) else None, f"/{name}_address"
    if isinstance(given, UUID):
        path += "_id"
        assert to.customer_id, "only a customer names an address by its id"
        given = saved_address(given, path, ctx.store.history(to.customer_id))
    try:
        place = served_place(given.zip_code, house, given.state)
    except Refused as refusal:
        raise Refused(refusal.code, str(refusal), path if saved_id else path + refusal.path) from None
    return End(area_of(given, place), street_of(given), saved_id)


def check_entry(was: Booking, then: Booking, to: Ends | None, house: House) -> None:
    """How the driver gets in is still told after a change, where the house needs to know it.

    Refuses `instructions_required`, for the field that was changed.
    """
    if _entry(was) == _entry(then):
        return
    area, street, words = _entry(then)
    try:
        check_instructions(look_up(area.zip_code), house, street.delivery_instructions or words)
    except Refused as refusal:
        path = "/special_instructions" if to is None or to.pickup is None else refusal.path
        path = "/pickup_address_id" if to and isinstance(to.pickup, UUID) else path
        raise Refused(refusal.code, str(refusal), path) from None


def _entry(made: Booking) -> tuple[Area, Street, str]:
    own = made.placed.personal
    return (made.placed.pickup_area, *((own.pickup, own.special_instructions) if own else (Street(""), "")))


def _priced(made: Booking, is_outside: bool, house: House, ctx: Context):
    placed = made.placed
    if is_outside == placed.is_outside_core_area:
        return placed.pricing
    request = replace(price_request(made), is_outside_core_area=is_outside)
    return reprice(Bought(placed.selection, placed.pricing), request, ctx.catalog(), house)


def price_request(made: Booking) -> PriceRequest:
    """What the price of the booking depends on, as it is."""
    placed = made.placed
    when = placed.pickup_date, PickupTime(placed.pickup_time), placed.specific_pickup_hour
    return PriceRequest(placed.selection, *when, placed.coi_required, placed.is_outside_core_area)
