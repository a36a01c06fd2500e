"""The bodies that the API takes, as in the examples of its reference, and the commands that they become."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.bodies_selections import BladeSelection, DeliverySelection, MiniMoveSelection, SpecialtySelection
from api.validation import LINES, METHOD_ID, Body, Day, Integer, Line, Name, OptionalLine, Prose, text
from commands.bookings import Address, Contact, PlaceBooking
from commands.customer_bookings import BookFromAccount
from commands.quotes import States, Wanted
from domain import Refused
from domain.selection import PickupTime

BookingNumber = Annotated[str, text(20, least=1)]
ZipCode = Annotated[str, text(10, least=1)]
State = Annotated[str, text(20, least=1)]
Quote = Annotated[str, text(8000)] | None


class CustomerInfo(Body):
    first_name: Name
    last_name: Name
    email: Annotated[str, text(254, least=1)]
    phone: Annotated[str, text(40, least=1)]


class Door(Body):
    """A whole address."""

    address_line_1: Line
    address_line_2: OptionalLine = ""
    city: Name
    state: State
    zip_code: ZipCode
    delivery_instructions: Prose = ""


class Spot(Body):
    """An address as far as prices need it: the ZIP code is enough."""

    address_line_1: OptionalLine = ""
    address_line_2: OptionalLine = ""
    city: Annotated[str, text(100)] = ""
    state: State | None = None
    zip_code: ZipCode
    delivery_instructions: Prose = ""


class Appointment(Body):
    pickup_date: Day
    pickup_time: PickupTime
    specific_pickup_hour: Integer | None = None
    coi_required: bool = False
    special_instructions: Prose = ""
    quote: Quote = None


class Guest(Appointment):
    customer_info: CustomerInfo
    pickup_address: Door


class ToDoor(Body):
    delivery_address: Door


class FromAccount(Appointment):
    """Each address is written out, or named by the id of a saved one."""

    pickup_address: Door | None = None
    pickup_address_id: UUID | None = None


class ToDoorOrSaved(Body):
    delivery_address: Door | None = None
    delivery_address_id: UUID | None = None


class Preview(Appointment):
    pickup_address: Spot


class ToSpot(Body):
    delivery_address: Spot


class GuestMiniMove(Guest, ToDoor, MiniMoveSelection):
    """A guest's Mini Move."""


class GuestDelivery(Guest, ToDoor, DeliverySelection):
    """A guest's standard delivery."""


class GuestSpecialty(Guest, ToDoor, SpecialtySelection):
    """A guest's specialty items."""


class GuestBlade(Guest, BladeSelection):
    """A guest's airport transfer; the airport is where it goes."""


class CustomerMiniMove(FromAccount, ToDoorOrSaved, MiniMoveSelection):
    """A Mini Move booked with an account."""


class CustomerDelivery(FromAccount, ToDoorOrSaved, DeliverySelection):
    """A standard delivery booked with an account."""


class CustomerSpecialty(FromAccount, ToDoorOrSaved, SpecialtySelection):
    """Specialty items booked with an account."""


class CustomerBlade(FromAccount, BladeSelection):
    """An airport transfer booked with an account; the airport is where it goes."""


class PreviewMiniMove(Preview, ToSpot, MiniMoveSelection):
    """The price of a Mini Move."""


class PreviewDelivery(Preview, ToSpot, DeliverySelection):
    """The price of a standard delivery."""


class PreviewSpecialty(Preview, ToSpot, SpecialtySelection):
    """The price of specialty items."""


class PreviewBlade(Preview, BladeSelection):
    """The price of an airport transfer."""


ForGuests = GuestMiniMove | GuestDelivery | GuestSpecialty | GuestBlade
ForCustomers = CustomerMiniMove | CustomerDelivery | CustomerSpecialty | CustomerBlade
ForPrices = PreviewMiniMove | PreviewDelivery | PreviewSpecialty | PreviewBlade
GuestBooking = Annotated[ForGuests, Field(discriminator="service_type")]
CustomerBooking = Annotated[ForCustomers, Field(discriminator="service_type")]
PricingPreview = Annotated[ForPrices, Field(discriminator="service_type")]


class Cancel(Body):
    reason: Annotated[str, text(1000, least=1, pattern=LINES)]


class ValidateZip(Body):
    zip_code: ZipCode


class CreateIntent(Body):
    booking_number: BookingNumber


class Confirm(Body):
    payment_intent_id: Annotated[str, text(255, least=1)]
    booking_number: BookingNumber


class MockConfirm(Confirm):
    """Pays with a test card, or with a saved payment method in its place."""

    card: Annotated[str, text(20, least=1)] = "4242424242424242"
    payment_method: Annotated[str, text(255, pattern=METHOD_ID)] | None = None

    def pays_with(self) -> str:
        """Raises Refused("unexpected_field") when both are told."""
        if self.payment_method and "card" in self.model_fields_set:
            raise Refused("unexpected_field", "A card, or a payment method: not both.", "/payment_method")
        return self.payment_method or self.card


class LogIn(Body):
    email: Annotated[str, text(254, least=1)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class StaffLogIn(LogIn):
    code: Annotated[str, text(20)] = ""


def wanted(asked: ForGuests | ForCustomers | ForPrices) -> Wanted:
    """What is to be priced; the ZIP of an address that is named by its id, and of an airport, is empty."""
    pickup, delivery = asked.pickup_address, getattr(asked, "delivery_address", None)
    return Wanted(
        asked.selection(),
        asked.pickup_date,
        asked.pickup_time,
        asked.specific_pickup_hour,
        asked.coi_required,
        pickup.zip_code if pickup else "",
        delivery.zip_code if delivery else "",
    )


def states(asked: ForPrices) -> States:
    return States(asked.pickup_address.state, None if isinstance(asked, PreviewBlade) else asked.delivery_address.state)


def place_booking(asked: ForGuests) -> PlaceBooking:
    who = asked.customer_info
    return PlaceBooking(
        Contact(who.first_name, who.last_name, who.email, who.phone),
        wanted(asked),
        _address(asked.pickup_address),
        None if isinstance(asked, GuestBlade) else _address(asked.delivery_address),
        asked.special_instructions,
        asked.quote,
    )


def book_from_account(asked: ForCustomers, customer_id: UUID) -> BookFromAccount:
    """The command of a customer's booking. Raises Refused: `missing_field`, `unexpected_field`."""
    pickup, delivery = _chosen("pickup_address", asked), None
    if not isinstance(asked, CustomerBlade):
        delivery = _chosen("delivery_address", asked)
    return BookFromAccount(customer_id, wanted(asked), pickup, delivery, asked.special_instructions, asked.quote)


def _chosen(name: str, asked: ForCustomers) -> Address | UUID:
    door, saved = getattr(asked, name), getattr(asked, f"{name}_id")
    if door and saved:
        raise Refused("unexpected_field", "The address, or the id of a saved one: not both.", f"/{name}_id")
    if door:
        return _address(door)
    if saved is None:
        raise Refused("missing_field", "The address, or the id of a saved one, please.", f"/{name}")
    return saved


def _address(door: Door) -> Address:
    return Address(**door.model_dump())
