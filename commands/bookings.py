"""What customers and staff may ask of a booking."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from commands import Context, customer_ref, day_ref
from commands.contacts import normal_mail, normal_phone
from commands.places import wish
from commands.quotes import States, Terms, Wanted, terms
from commands.service_area import Place, needs_instructions
from domain import Refused, Value, booking, payment, pickup_day
from domain.address import Area, BookingDetails, Street
from domain.booking import BookingPlaced
from domain.house import House
from domain.ids import booking_id, payment_id
from domain.offer import check_addresses
from domain.payment import PaymentRequested
from domain.profile import Contact
from domain.selection import Selection, SpecialtyItems, named
from eventlog.envelope import Recorded
from eventlog.store import Ref

UNAMBIGUOUS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
NUMBER_LENGTH = 8


class Address(Value):
    address_line_1: str
    city: str
    state: str
    zip_code: str
    address_line_2: str = ""
    delivery_instructions: str = ""


class Booker(Value):
    """Who books with an account; the addresses are the saved ones that were chosen."""

    customer_id: UUID
    mail_id: UUID
    pickup_address_id: UUID | None = None
    delivery_address_id: UUID | None = None


class PlaceBooking(Value):
    """`wanted` is what is priced, `quote` a token of `commands.quotes.preview`. Without a booker it is a guest's.

    A transfer has no delivery: the airport is it.
    """

    customer: Contact
    wanted: Wanted
    pickup: Address
    delivery: Address | None
    special_instructions: str = ""
    quote: str | None = None
    booker: Booker | None = None


class Placed(Value):
    """`written` are the events of the append, so that an answer need not read them again; none when it was known."""

    booking_number: str
    booking_id: UUID
    payment_id: UUID
    position: int
    written: tuple[Recorded, ...] = ()


def place_booking(asked: PlaceBooking, ctx: Context) -> Placed:
    """Booking, place on the day and payment are one append: none is there without the others.

    Refuses with the codes of `quotes.terms`, of contacts and addresses, `blackout_day`, `slot_taken`, `no_capacity`.
    """
    states = States(asked.pickup.state, asked.delivery.state if asked.delivery else None)
    agreed = terms(asked.wanted, ctx, states, asked.quote)
    if to := agreed.airport:
        asked = replace(asked, delivery=Address(to.name, to.city, to.state, to.zip_code))
    offer = _offer(asked, agreed, ctx)
    places = agreed.house.places(offer.selection.service_type)
    while not (placed := _place(offer, places, ctx)):
        offer = replace(offer, booking_number=new_number())
    return placed


def _place(offer: BookingPlaced, places: int, ctx: Context) -> Placed | None:
    """None when the number is another booking's already."""
    id = booking_id(offer.booking_number)
    wanted = wish(id, offer, places, ctx)
    first = PaymentRequested(id, offer.person_id, offer.pricing.total_price_cents, stripe_customer(offer, ctx))

    def decision(made, day, paying):
        new = booking.place(made, offer)
        return (new, pickup_day.reserve(day, wanted), payment.request(paying, first)) if new else ([], [], [])

    refs = [Ref(booking, id, is_new=True), day_ref(offer.pickup_date), Ref(payment, payment_id(id, 1), is_new=True)]
    appended = ctx.append(refs, decision, id)
    if not appended.events and ctx.store.history(id)[0].origin.command_id != ctx.origin.command_id:
        return None
    return Placed(offer.booking_number, id, payment_id(id, 1), appended.position, tuple(appended.events))


def _offer(asked: PlaceBooking, agreed: Terms, ctx: Context) -> BookingPlaced:
    wanted, details = asked.wanted, _details(asked)
    pickup, delivery = area_of(asked.pickup, agreed.pickup), area_of(asked.delivery, agreed.delivery)
    to = "/blade_airport" if agreed.airport else "/delivery_address"
    check_addresses((pickup, details.pickup), (delivery, details.delivery), to)
    check_instructions(agreed.pickup, agreed.house, _instructions(asked))
    booker = asked.booker
    return BookingPlaced(
        booking_number=new_number(),
        person_id=booker.customer_id if booker else ctx.store.vault.person_id(details.email),
        is_guest=booker is None,
        selection=_named(wanted.selection, ctx),
        pickup_date=wanted.pickup_date,
        pickup_time=wanted.pickup_time,
        specific_pickup_hour=wanted.specific_pickup_hour,
        pickup_area=pickup,
        delivery_area=delivery,
        is_outside_core_area=agreed.request.is_outside_core_area,
        coi_required=wanted.coi_required,
        pricing=agreed.pricing,
        hold_expires_at=ctx.now + timedelta(minutes=agreed.house.hold_minutes),
        personal=details,
        **(_with_account(booker) if booker else {}),
    )


def _named(selection: Selection, ctx: Context) -> Selection:
    """As it is called on this day: the catalogue may call it otherwise tomorrow."""
    if not isinstance(selection, SpecialtyItems):
        return selection
    return named(selection, {item.id: item.name for item in ctx.catalog().specialty_items.values()})


def _with_account(booker: Booker) -> dict[str, UUID | None]:
    return {name: getattr(booker, name) for name in ("mail_id", "pickup_address_id", "delivery_address_id")}


def _details(asked: PlaceBooking) -> BookingDetails:
    who = asked.customer
    mail, phone = _at("/customer_info", normal_mail, who.email), _at("/customer_info", normal_phone, who.phone)
    streets = street_of(asked.pickup), street_of(asked.delivery)
    return BookingDetails(who.first_name, who.last_name, mail, phone, *streets, asked.special_instructions)


def check_instructions(pickup: Place, house: House, words: str) -> None:
    """Refuses `instructions_required`."""
    if needs_instructions(pickup, house) and not words:
        where = "/pickup_address/delivery_instructions"
        raise Refused("instructions_required", "How does the driver get in there?", where)


def _instructions(asked: PlaceBooking) -> str:
    return asked.pickup.delivery_instructions or asked.special_instructions


def _at(path: str, normal: Callable[[str], str], text: str) -> str:
    try:
        return normal(text)
    except Refused as refusal:
        raise Refused(refusal.code, str(refusal), path + refusal.path) from None


def street_of(address: Address) -> Street:
    return Street(address.address_line_1, address.address_line_2, address.delivery_instructions)


def area_of(address: Address, place: Place) -> Area:
    return Area(address.city, place.state, address.zip_code.strip())


def new_number() -> str:
    """`TT` and eight characters that nobody confuses: 31^8 numbers, not guessable."""
    return "TT" + "".join(secrets.choice(UNAMBIGUOUS) for _ in range(NUMBER_LENGTH))


def stripe_customer(placed: BookingPlaced, ctx: Context) -> str:
    """Stripe's id of whose saved cards may pay it; nothing for guests, and for who has saved none yet."""
    own = None if placed.is_guest else ctx.store.load(customer_ref(placed.person_id)).state
    return own.stripe_id if own and not own.is_closed else ""


def found(state: booking.Booking | None) -> booking.Booking:
    if state is None:
        raise Refused("not_found", "There is no such booking.")
    return state
