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
