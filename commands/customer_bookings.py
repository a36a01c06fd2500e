"""What customers may ask of bookings with their account: to book from their profile and saved addresses."""

from collections.abc import Sequence
from functools import reduce
from uuid import UUID

from msgspec.structs import replace

from commands import Context
from commands.bookings import Address, Booker, PlaceBooking, Placed, place_booking
from commands.customer_sheet import contact_of
from commands.quotes import Wanted
from domain import Refused, Value, customer
from domain.booking import BookingPlaced
from domain.customer import AddressSaved
from eventlog.envelope import Recorded
from eventlog.store import EventStore, Ref

OPEN = "select mail_id from api.accounts where id = %s and kind = 'customer' and is_active for key share"


class BookFromAccount(Value):
    """An address is written out, or the id of a saved one. The ZIPs of `wanted` are filled in from the addresses.

    A transfer has no delivery: the airport is it.
    """

    customer_id: UUID
    wanted: Wanted
    pickup: Address | UUID
    delivery: Address | UUID | None
    special_instructions: str = ""
    quote: str | None = None


def book_from_account(asked: BookFromAccount, ctx: Context) -> Placed:
    """As `place_booking`, with who they are from their profile; the mail address need not be verified.

    The account's row is held until the booking is written, so that nobody is forgotten in between. Refuses also
    `not_found`: for an account that is closed, for an address that is not saved or not theirs.
    """
    with ctx.store.recorder.transaction() as db:
        account = db.execute(OPEN, (asked.customer_id,)).fetchone()
        history = ctx.store.history(asked.customer_id)
        if account is None or (contact := contact_of(history)) is None:
            raise Refused("not_found", "This account is closed.")
        pickup, delivery = (_address(asked, end, history) for end in ("pickup", "delivery"))
        zips = {f"{end}_zip": at.zip_code for end, at in (("pickup", pickup), ("delivery", delivery)) if at}
        wanted = replace(asked.wanted, **zips)
        booker = Booker(asked.customer_id, account["mail_id"], _saved_id(asked.pickup), _saved_id(asked.delivery))
        words = asked.special_instructions
        return _place(PlaceBooking(contact, wanted, pickup, delivery, words, asked.quote, booker), ctx)


def _place(command: PlaceBooking, ctx: Context) -> Placed:
    """What is wrong with a saved address is told of the id by which it was chosen."""
    try:
        return place_booking(command, ctx)
    except Refused as refusal:
        booker = command.booker
        for end in ("pickup_address", "delivery_address"):
            if refusal.path.startswith(f"/{end}") and getattr(booker, f"{end}_id"):
                raise Refused(refusal.code, str(refusal), f"/{end}_id") from None
        raise


def _address(asked: BookFromAccount, end: str, history: Sequence[Recorded]) -> Address | None:
    given = getattr(asked, end)
    return saved_address(given, f"/{end}_address_id", history) if isinstance(given, UUID) else given


def saved_address(id: UUID, path: str, history: Sequence[Recorded]) -> Address:
    """One of the addresses that the customer of this history has saved. Refuses `not_found` at the path."""
    state = reduce(customer.evolve, (recorded.event for recorded in history), None)
    if not state or not (saved := state.addresses.get(id)) or not saved.is_active:
        raise Refused("not_found", "There is no such address.", path)
    kept = [r.event for r in history if isinstance(r.event, AddressSaved) and r.event.address_id == id]
    area, street = saved.area, kept[-1].personal.street
    lines = street.address_line_1, area.city, area.state, area.zip_code, street.address_line_2
    return Address(*lines, street.delivery_instructions)


def _saved_id(given: Address | UUID | None) -> UUID | None:
    return given if isinstance(given, UUID) else None


def persons_of(customer_id: UUID, store: EventStore) -> tuple[UUID, ...]:
    """Under whose ids the customer's bookings are: what was booked as a guest with a verified mail is theirs too."""
    return customer.persons(customer_id, store.load(Ref(customer, customer_id)).state)


def is_theirs(placed: BookingPlaced, customer_id: UUID, store: EventStore) -> bool:
    return placed.person_id in persons_of(customer_id, store)
