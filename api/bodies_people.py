"""The bodies that routes for people take, and the commands that they become."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.bodies import Door
from api.validation import METHOD_ID, Body, Name, text
from commands.bookings import Address
from commands.contacts import normal_mail, normal_phone
from commands.customers import Registration
from commands.payment_methods import MethodToSave
from commands.profiles import ProfileChange
from commands.saved_addresses import AddressToSave
from domain.selection import PickupTime

NORMAL = {"email": normal_mail, "phone": normal_phone}
Mail = Annotated[str, text(254, least=1)]
Phone = Annotated[str, text(40, least=1)]
Token = Annotated[str, text(200, least=1)]


class Register(Body):
    """The password is not trimmed; whether it will do, the command says."""

    email: Mail
    password: Annotated[str, Field(min_length=1, max_length=4000)]
    first_name: Name
    last_name: Name
    phone: Phone

    def command(self) -> Registration:
        return Registration(**self.model_dump())


class VerifyMail(Body):
    token: Token


class Resend(Body):
    """Without an address it is that of the customer who is logged in."""

    email: Mail | None = None


class ChangePreferences(Body):
    """What is left out stays as it is."""

    preferred_pickup_time: PickupTime = PickupTime.MORNING
    email_notifications: bool = True
    sms_notifications: bool = False
    marketing_consent: bool = False

    def command(self) -> ProfileChange:
        return ProfileChange(**self.model_dump(exclude_unset=True))


class ChangeProfile(ChangePreferences):
    """What is left out stays as it is; another mail address is only asked for, and has to be proven."""

    first_name: Name = ""
    last_name: Name = ""
    email: Mail = ""
    phone: Phone = ""

    def command(self) -> ProfileChange:
        """Raises Refused: `invalid_email`, `invalid_phone`."""
        told = self.model_dump(exclude_unset=True)
        normal = {name: to(told[name]) for name, to in NORMAL.items() if name in told}
        return ProfileChange(**told | normal)


class SavedDoor(Door):
    """A saved address, whole."""

    nickname: Name
    is_default: bool = False

    def command(self, customer_id: UUID, address_id: UUID | None = None) -> AddressToSave:
        address = Address(**self.model_dump(exclude={"nickname", "is_default"}))
        return AddressToSave(customer_id, self.nickname, address, self.is_default, address_id)


class SavePaymentMethod(Body):
    """What Stripe's script made of the card in the payer's browser."""

    payment_method_id: Annotated[str, text(255, pattern=METHOD_ID)]
    is_default: bool = False

    def command(self, customer_id: UUID) -> MethodToSave:
        return MethodToSave(customer_id, self.payment_method_id, self.is_default)


class ChoosePaymentMethod(Body):
    """That it is the default no more follows when another one is."""

    is_default: Literal[True]
