"""What a customer tells of themselves: who they are, how they are reached, what they like, their addresses."""

from uuid import UUID

from domain import Value
from domain.address import Area, Street
from domain.selection import PickupTime


class Contact(Value):
    first_name: str
    last_name: str
    email: str
    phone: str


class MailAddress(Value):
    email: str


class Door(Value):
    """What is personal in a saved address."""

    nickname: str
    street: Street


class Preferences(Value):
    preferred_pickup_time: PickupTime = PickupTime.MORNING
    email_notifications: bool = True
    sms_notifications: bool = False
    marketing_consent: bool = False


class SavedAddress(Value):
    """What is not personal in a saved address, and whether it is still there."""

    nickname_id: UUID
    area: Area
    is_default: bool
    is_active: bool = True


class Card(Value):
    """What is personal in a saved payment method: as much of the card as its owner needs to tell it from others."""

    brand: str
    last_four: str
    exp_month: int
    exp_year: int


class PaymentMethods(Value):
    """Those saved, oldest first, by Stripe's ids; one of them is the default, if there is any. Removed is for ever."""

    saved: tuple[str, ...] = ()
    default: str = ""
    removed: tuple[str, ...] = ()
