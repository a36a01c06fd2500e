"""A customer: who has an account, or has booked as a guest, and what the house knows of them.

register -> UNVERIFIED -> verify_mail -> VERIFIED -> change_mail -> VERIFIED -> close -> CLOSED
Whoever booked as a guest has a stream too, under the person's id, once staff note something about them. Either can be
forgotten: known -> forget -> forgotten -> (a guest books again: known under a new key) -> forget -> ...
"""

from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from domain import Refused, Value
from domain.customer_events import (
    AccountClosed,
    AddressRemoved,
    AddressSaved,
    CustomerDetailsCorrected,
    CustomerRegistered,
    DefaultPaymentMethodChosen,
    Event,
    MailChanged,
    MailVerified,
    PasswordChanged,
    PaymentMethodRemoved,
    PaymentMethodSaved,
    PreferencesChosen,
    StaffNotesWritten,
    StripeCustomerMade,
    VipGranted,
    VipRevoked,
)
from domain.person import PersonForgotten
from domain.profile import Contact, MailAddress, PaymentMethods, Preferences, SavedAddress

__all__ = ["Contact", "MailAddress"]
MOST_ADDRESSES = 50


# State


class Customer(Value):
    """`mail_id` is None for a guest. `verified` is the address that is proven to be the customer's, if it is.

    Whoever leaves an address leaves what was booked with it as a guest: somebody else may have the address next.
    `stripe_id` is Stripe's of the customer, once there is one; the newest.
    """

    mail_id: UUID | None = None
    verified: tuple[UUID, ...] = ()
    is_vip: bool = False
    preferences: Preferences = Preferences()
    addresses: dict[UUID, SavedAddress] = {}
    stripe_id: str = ""
    methods: PaymentMethods = PaymentMethods()
    is_closed: bool = False
    destroyed: frozenset[UUID] = frozenset()

    @property
    def is_verified(self) -> bool:
        return self.mail_id in self.verified


def evolve(customer: Customer | None, event: Event) -> Customer:
    old = customer or Customer()
    match event:
        case CustomerRegistered() | MailChanged():
            return replace(old, mail_id=event.mail_id, verified=())
        case MailVerified():
            return replace(old, verified=(*old.verified, event.mail_id))
        case PreferencesChosen():
            return replace(old, preferences=event.preferences)
        case AddressSaved():
            return replace(old, addresses=_saved(old, event))
        case AddressRemoved():
            gone = replace(old.addresses[event.address_id], is_active=False, is_default=False)
            return replace(old, addresses=old.addresses | {event.address_id: gone})
        case StripeCustomerMade():
            return replace(old, stripe_id=event.stripe_customer_id)
        case PaymentMethodSaved() | PaymentMethodRemoved() | DefaultPaymentMethodChosen():
            return replace(old, methods=_with_method(old.methods, event))
        case VipGranted() | VipRevoked():
            return replace(old, is_vip=isinstance(event, VipGranted))
        case AccountClosed():
            return replace(old, is_closed=True)
        case PersonForgotten():
            return replace(_told_nothing(old), destroyed=old.destroyed | set(event.key_ids))
        case CustomerDetailsCorrected() | PasswordChanged() | StaffNotesWritten():
            return old
        case _:
            assert_never(event)


def _saved(customer: Customer, event: AddressSaved) -> dict[UUID, SavedAddress]:
    """With one default at most."""
    others = customer.addresses
    if event.is_default:
        others = {id: replace(address, is_default=False) for id, address in others.items()}
    return others | {event.address_id: SavedAddress(event.nickname_id, event.area, event.is_default)}


def _with_method(
    methods: PaymentMethods, event: PaymentMethodSaved | PaymentMethodRemoved | DefaultPaymentMethodChosen
) -> PaymentMethods:
    """With one default as long as there is any: the first, until another is chosen; after that the newest left."""
    id, saved = event.method_id, methods.saved
    match event:
        case PaymentMethodSaved():
            return replace(methods, saved=(*saved, id), default=methods.default or id)
        case DefaultPaymentMethodChosen():
            return replace(methods, default=id)
        case PaymentMethodRemoved():
            left = tuple(other for other in saved if other != id)
            default = methods.default if methods.default in left else "".join(left[-1:])
            return PaymentMethods(left, default, (*methods.removed, id))


def _told_nothing(customer: Customer) -> Customer:
    return replace(customer, preferences=Preferences(), addresses={}, methods=PaymentMethods())


def persons(customer_id: UUID, customer: Customer | None) -> tuple[UUID, ...]:
    """Under whose ids the customer's bookings are: their own, and that of the address that they have verified."""
    return (customer_id, *(customer.verified if customer else ()))


# Decisions


def register(customer: Customer | None, offer: CustomerRegistered) -> list[Event]:
    return [] if customer else [offer]


def verify_mail(customer: Customer, mail_id: UUID, guest: Customer | None = None) -> list[Event]:
    """What staff granted the guest of that address is the customer's as well."""
    if mail_id in customer.verified:
        return []
    check_open(customer)
    if customer.mail_id != mail_id:
        raise Refused("invalid_token", "This link is for another mail address.")
    return [MailVerified(mail_id), *_favour(customer, guest)]


def change_mail(customer: Customer, change: MailChanged, guest: Customer | None = None) -> list[Event]:
    """Decided once the new address is proven."""
    if customer.mail_id == change.mail_id:
        return []
    check_open(customer)
    return [change, MailVerified(change.mail_id), *_favour(customer, guest)]


def _favour(customer: Customer, guest: Customer | None) -> list[Event]:
    return set_vip(customer, True) if guest and guest.is_vip else []


def correct_details(customer: Customer, corrected: CustomerDetailsCorrected) -> list[Event]:
    """Not to be asked for what is so already: what is personal is not in the state."""
    check_open(customer)
    return [corrected]


def change_password(customer: Customer) -> list[Event]:
    """Not to be asked twice: it is decided together with the token that it uses up."""
    check_open(customer)
    return [PasswordChanged()]


def choose_preferences(customer: Customer, preferences: Preferences) -> list[Event]:
    check_open(customer)
    return [] if customer.preferences == preferences else [PreferencesChosen(preferences)]


def save_address(customer: Customer, saved: AddressSaved) -> list[Event]:
    """Refuses `nickname_taken`, `too_many_addresses`, `not_found` if removed. Not to be asked for what is saved so."""
    check_open(customer)
    active = {id: address for id, address in customer.addresses.items() if address.is_active}
    if saved.address_id in customer.addresses and saved.address_id not in active:
        raise Refused("not_found", "There is no such address.")
    if any(a.nickname_id == saved.nickname_id for id, a in active.items() if id != saved.address_id):
        raise Refused("nickname_taken", "Another address has this nickname.", "/nickname")
    if saved.address_id not in active and len(active) >= MOST_ADDRESSES:
        raise Refused("too_many_addresses", f"At most {MOST_ADDRESSES} addresses can be saved.")
    return [saved]


def remove_address(customer: Customer, address_id: UUID) -> list[Event]:
    address = customer.addresses.get(address_id)
    if address is None:
        raise Refused("not_found", "There is no such address.")
    if address.is_active:
        check_open(customer)
    return [AddressRemoved(address_id)] if address.is_active else []


def set_vip(customer: Customer | None, is_vip: bool) -> list[Event]:
    old = customer or Customer()
    if old.is_vip == is_vip:
        return []
    if is_vip:
        check_open(old)
    return [VipGranted() if is_vip else VipRevoked()]


def write_notes(customer: Customer | None, written: StaffNotesWritten) -> list[Event]:
    """Nothing more is written of who has gone. Not to be asked for what is written already."""
    check_open(customer or Customer())
    return [written]


def close(customer: Customer) -> list[Event]:
    return [] if customer.is_closed else [AccountClosed()]


def forget(customer: Customer | None, person_id: UUID, key_ids: tuple[UUID, ...]) -> list[Event]:
    """Who comes back is a stranger: nobody's favourite either."""
    new = tuple(key for key in key_ids if not customer or key not in customer.destroyed)
    return [*set_vip(customer, False), PersonForgotten(person_id, new)] if new else []


def check_open(customer: Customer) -> None:
    """Raises Refused("not_found") where there is no account any more."""
    if customer.is_closed:
        raise Refused("not_found", "This account is closed.")
