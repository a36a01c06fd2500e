"""What customers may change of themselves: names, phone, preferences, and, once it is proven, the mail address."""

from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace
from psycopg import Connection

from commands import Context, customer_ref, tokens
from commands.customer_sheet import contact_of
from commands.tokens import Proof, Purpose
from domain import Refused, Value, customer
from domain.customer import CustomerDetailsCorrected
from domain.profile import Contact, Preferences
from domain.selection import PickupTime
from eventlog import timers
from eventlog.once import note_used
from eventlog.store import Appended

# The account before its stream, as everywhere: who is being forgotten meanwhile is waited for, not locked out.
ALONE = "select from api.accounts where id = %s for no key update"


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
    `version_conflict` for another version of the customer, `not_found` for an account that is closed.
    """
    with ctx.store.recorder.transaction() as db:
        old = contact_of(ctx.store.history(customer_id)) if db.execute(ALONE, (customer_id,)).rowcount else None
        if old is None:
            raise Refused("not_found", "This account is closed.")
        new = _corrected(old, change)
        corrected = CustomerDetailsCorrected(customer_id, new) if new != old else None
        appended = ctx.append([customer_ref(customer_id, version)], lambda made: [_decided(made, corrected, change)])
        if change.email is not None:
            _ask_for_mail(db, Proof(Purpose.CHANGE_MAIL, customer_id, change.email), change.email == old.email, ctx)
        if ctx.once and not appended.events:
            note_used(db, ctx.once, appended.position)
        return appended


def _ask_for_mail(db: Connection, proof: Proof, is_theirs: bool, ctx: Context) -> None:
    """A letter to the new address; whoever asks for the one they have wants no other any more."""
    if is_theirs:
        return tokens.withdraw(db, proof.account_id, proof.purpose)
    tokens.issue(db, ctx.secret, proof, ctx.now)
    timers.ask(db, "letter_change", proof.account_id, ctx.now)
    return None


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
