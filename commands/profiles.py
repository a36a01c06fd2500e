"""What customers may change of themselves: names, phone, preferences, and, once it is proven, the mail address."""

from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace

from commands import Context, customer_ref, tokens
from commands.customer_sheet import contact_of
from commands.tokens import Proof, Purpose
from domain import Value, customer
from domain.customer import CustomerDetailsCorrected
from domain.profile import Contact, Preferences
from domain.selection import PickupTime
from eventlog import timers
from eventlog.once import note_used
from eventlog.store import Appended


class ProfileChange(Value):
    """What is None stays as it is; mail address and phone are in their normal form."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    preferred_pickup_time: PickupTime | None = None
    email_notifications: bool | None = None
    sms_notifications: bool | None = None
    marketing_consent: bool | None = None


def change_profile(customer_id: UUID, change: ProfileChange, version: int, ctx: Context) -> Appended:
    """Writes what is different. For another mail address it only sends a letter there: `verify_mail` completes it.

    It is not looked at whether somebody else has the new address; whoever reads its mail is told. Refuses with
    `version_conflict` for another version of the customer.
    """
    with ctx.store.recorder.transaction() as db:
        old = contact_of(ctx.store.history(customer_id))
        new = _corrected(old, change) if old else None
        corrected = CustomerDetailsCorrected(customer_id, new) if new != old else None
        appended = ctx.append([customer_ref(customer_id, version)], lambda made: [_decided(made, corrected, change)])
        if old and change.email not in (None, old.email):
            tokens.issue(db, ctx.secret, Proof(Purpose.CHANGE_MAIL, customer_id, change.email), ctx.now)
            timers.ask(db, "letter_change", customer_id, ctx.now)
        if ctx.once and not appended.events:
            note_used(db, ctx.once, appended.position)
        return appended


def pending_mail(customer_id: UUID, ctx: Context) -> str | None:
    """The address that is still to be proven."""
    with ctx.store.recorder.connection() as db:
        return tokens.address_to_prove(db, customer_id, ctx.now)


def _decided(made: customer.Customer, corrected: CustomerDetailsCorrected | None, change: ProfileChange) -> list:
    chosen = replace(made.preferences, **_told(change, Preferences))
    events = customer.correct_details(made, corrected) if corrected else []
    return [*events, *customer.choose_preferences(made, chosen)]


def _corrected(old: Contact, change: ProfileChange) -> Contact:
    return replace(old, **_told(change, Contact) | {"email": old.email})


def _told(change: ProfileChange, of: type[Value]) -> dict[str, Any]:
    """Those of the fields that are also the other's."""
    return {name: value for name, value in asdict(change).items() if value is not None and name in of.__struct_fields__}
