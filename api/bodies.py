"""The bodies that the API takes, as in the examples of its reference, and the commands that they become."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.validation import LINES, Body, Day, Integer, Line, Name, OptionalLine, Prose, text
from commands.bookings import Address, Contact, PlaceBooking
from commands.customer_bookings import BookFromAccount
from commands.quotes import States, Wanted
from domain import Refused
from domain.selection import MiniMove, PickupTime, StandardDelivery, Tier

BookingNumber = Annotated[str, text(20, least=1)]
ZipCode = Annotated[str, text(10, least=1)]
State = Annotated[str, text(20, least=1)]


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


class MiniMoveSelection(Body):
    service_type: Literal["mini_move"]
    mini_move_package: Tier
    include_packing: bool = False
    include_unpacking: bool = False

    def selection(self) -> MiniMove:
        return MiniMove(self.mini_move_package, self.include_packing, self.include_unpacking)


class DeliverySelection(Body):
    service_type: Literal["standard_delivery"]
    standard_delivery_item_count: Integer
    is_same_day_delivery: bool = False

    def selection(self) -> StandardDelivery:
        return StandardDelivery(self.standard_delivery_item_count, self.is_same_day_delivery)


class Appointment(Body):
    pickup_date: Day
    pickup_time: PickupTime
    specific_pickup_hour: Integer | None = None
    coi_required: bool = False
    special_instructions: Prose = ""
    quote: Annotated[str, text(8000)] | None = None


class Guest(Appointment):
    customer_info: CustomerInfo
    pickup_address: Door
    delivery_address: Door


class FromAccount(Appointment):
    """Each address is written out, or named by the id of a saved one."""

    pickup_address: Door | None = None
    pickup_address_id: UUID | None = None
    delivery_address: Door | None = None
    delivery_address_id: UUID | None = None


class Preview(Appointment):
    pickup_address: Spot
    delivery_address: Spot


class GuestMiniMove(Guest, MiniMoveSelection):
    """A guest's Mini Move."""


class GuestDelivery(Guest, DeliverySelection):
    """A guest's standard delivery."""


class CustomerMiniMove(FromAccount, MiniMoveSelection):
    """A Mini Move booked with an account."""


class CustomerDelivery(FromAccount, DeliverySelection):
    """A standard delivery booked with an account."""


class PreviewMiniMove(Preview, MiniMoveSelection):
    """The price of a Mini Move."""


class PreviewDelivery(Preview, DeliverySelection):
    """The price of a standard delivery."""


class NotOffered(Body):
    """A service of the house that cannot be booked here yet, whatever else is said about it."""

    model_config = ConfigDict(extra="ignore")
    service_type: Literal["specialty_item", "blade_transfer"]


Offered = GuestMiniMove | GuestDelivery | CustomerMiniMove | CustomerDelivery | PreviewMiniMove | PreviewDelivery
GuestBooking = Annotated[GuestMiniMove | GuestDelivery | NotOffered, Field(discriminator="service_type")]
CustomerBooking = Annotated[CustomerMiniMove | CustomerDelivery | NotOffered, Field(discriminator="service_type")]
PricingPreview = Annotated[PreviewMiniMove | PreviewDelivery | NotOffered, Field(discriminator="service_type")]


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
    card: Annotated[str, text(20, least=1)] = "4242424242424242"


class LogIn(Body):
    email: Annotated[str, text(254, least=1)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class StaffLogIn(LogIn):
    code: Annotated[str, text(20)] = ""


def wanted(asked: Offered | NotOffered) -> Wanted:
    """What is to be priced; the ZIP of an address that is named by its id is empty. Raises Refused("not_offered")."""
    if isinstance(asked, NotOffered):
        raise Refused("not_offered", "This service cannot be booked here yet.", "/service_type")
    pickup, delivery = asked.pickup_address, asked.delivery_address
    return Wanted(
        asked.selection(),
        asked.pickup_date,
        asked.pickup_time,
        asked.specific_pickup_hour,
        asked.coi_required,
        pickup.zip_code if pickup else "",
        delivery.zip_code if delivery else "",
    )


def states(asked: PreviewMiniMove | PreviewDelivery) -> States:
    return States(asked.pickup_address.state, asked.delivery_address.state)


def place_booking(asked: GuestMiniMove | GuestDelivery | NotOffered) -> PlaceBooking:
    """The command of a guest's booking. Raises Refused("not_offered")."""
    priced = wanted(asked)
    assert not isinstance(asked, NotOffered)
    who = asked.customer_info
    return PlaceBooking(
        Contact(who.first_name, who.last_name, who.email, who.phone),
        priced,
        _address(asked.pickup_address),
        _address(asked.delivery_address),
        asked.special_instructions,
        asked.quote,
    )


def book_from_account(asked: CustomerMiniMove | CustomerDelivery | NotOffered, customer_id: UUID) -> BookFromAccount:
    """The command of a customer's booking. Raises Refused: `not_offered`, `missing_field`, `unexpected_field`."""
    priced = wanted(asked)
    assert not isinstance(asked, NotOffered)
    pickup = _chosen("pickup_address", asked.pickup_address, asked.pickup_address_id)
    delivery = _chosen("delivery_address", asked.delivery_address, asked.delivery_address_id)
    return BookFromAccount(customer_id, priced, pickup, delivery, asked.special_instructions, asked.quote)


def _chosen(name: str, door: Door | None, saved: UUID | None) -> Address | UUID:
    if door and saved:
        raise Refused("unexpected_field", "The address, or the id of a saved one: not both.", f"/{name}_id")
    if door:
        return _address(door)
    if saved is None:
        raise Refused("missing_field", "The address, or the id of a saved one, please.", f"/{name}")
    return saved


def _address(door: Door) -> Address:
    return Address(**door.model_dump())
