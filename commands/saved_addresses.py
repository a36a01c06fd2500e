"""What a customer may ask of their saved addresses: to keep one, to write it anew, to remove it."""

from uuid import UUID

from commands import Context, customer_ref
from commands.bookings import Address
from commands.service_area import served_place
from domain import Refused, Value, customer
from domain.address import Area, Street
from domain.customer import AddressSaved
from domain.profile import Door
from eventlog.ids import new_id
from eventlog.store import Appended


class SaveAddress(Value):
    """`address_id` is None for a new one; `version` is that of the customer which was seen."""

    customer_id: UUID
    nickname: str
    address: Address
    is_default: bool = False
    address_id: UUID | None = None
    version: int | None = None


def save_address(asked: SaveAddress, ctx: Context) -> Appended:
    """Refuses with the codes of `served_place`, `nickname_taken`, `too_many_addresses`, `not_found`,
    `version_conflict`."""
    saved = _saved(asked, ctx)

    def decision(made):
        if asked.address_id:
            active_address(made, asked.address_id)
        return [customer.save_address(made, saved)]

    return ctx.append([customer_ref(asked.customer_id, asked.version)], decision)


def remove_address(asked: UUID, customer_id: UUID, version: int | None, ctx: Context) -> Appended:
    """Bookings that were made with it keep it. Refuses with `not_found`, `version_conflict`."""
    return ctx.append([customer_ref(customer_id, version)], lambda made: [customer.remove_address(made, asked)])


def active_address(made: customer.Customer, id: UUID) -> None:
    """Raises Refused("not_found") where there is none, or none any more; somebody else's is none here."""
    if id not in made.addresses or not made.addresses[id].is_active:
        raise Refused("not_found", "There is no such address.")


def _saved(asked: SaveAddress, ctx: Context) -> AddressSaved:
    given, id = asked.address, asked.address_id or new_id()
    place = served_place(given.zip_code, ctx.house(), given.state)
    nickname_id = ctx.store.vault.person_id(f"{asked.customer_id}/{asked.nickname.strip().casefold()}")
    street = Street(given.address_line_1, given.address_line_2, given.delivery_instructions)
    area = Area(given.city, place.state, given.zip_code.strip())
    return AddressSaved(id, asked.customer_id, nickname_id, area, asked.is_default, Door(asked.nickname, street))
