"""What happens to a customer. Kept for ever: fields are only ever added, with a default.

`person_id` is whose key seals what is personal: the customer's own id.
"""

from uuid import UUID

from domain import Value
from domain.address import Area, Words
from domain.person import PersonForgotten
from domain.profile import Card, Contact, Door, MailAddress, Preferences


class CustomerRegistered(Value):
    """`mail_id` is the person's id of the mail address: the one under which its guest bookings are."""

    person_id: UUID
    mail_id: UUID
    personal: Contact | None = None


class MailVerified(Value):
    """The address is the customer's, and so is what was booked with it as a guest."""

    mail_id: UUID


class MailChanged(Value):
    person_id: UUID
    mail_id: UUID
    personal: MailAddress | None = None


class CustomerDetailsCorrected(Value):
    person_id: UUID
    personal: Contact | None = None


class PreferencesChosen(Value):
    preferences: Preferences


class AddressSaved(Value):
    """New, or whole in place of what it was. `nickname_id` is the same for the same nickname of the same customer."""

    address_id: UUID
    person_id: UUID
    nickname_id: UUID
    area: Area
    is_default: bool = False
    personal: Door | None = None


class AddressRemoved(Value):
    address_id: UUID


class StripeCustomerMade(Value):
    """Under this id Stripe keeps the customer's saved payment methods; it is told nothing of them but our own id.

    Another comes only where somebody has deleted the one before at Stripe.
    """

    stripe_customer_id: str


class PaymentMethodSaved(Value):
    """`method_id` is Stripe's (`pm_…`); the first one is the default."""

    method_id: str
    person_id: UUID
    personal: Card | None = None


class PaymentMethodRemoved(Value):
    """Of those that are left the newest becomes the default, if this one was it."""

    method_id: str


class DefaultPaymentMethodChosen(Value):
    method_id: str


class PasswordChanged(Value): ...


class VipGranted(Value): ...


class VipRevoked(Value): ...


class StaffNotesWritten(Value):
    person_id: UUID
    personal: Words | None = None


class AccountClosed(Value): ...


Event = (
    CustomerRegistered
    | MailVerified
    | MailChanged
    | CustomerDetailsCorrected
    | PreferencesChosen
    | AddressSaved
    | AddressRemoved
    | StripeCustomerMade
    | PaymentMethodSaved
    | PaymentMethodRemoved
    | DefaultPaymentMethodChosen
    | PasswordChanged
    | VipGranted
    | VipRevoked
    | StaffNotesWritten
    | AccountClosed
    | PersonForgotten
)
