"""What a customer may ask of their saved addresses: to keep one, to write it anew, to remove it."""

from collections.abc import Sequence
from uuid import UUID

from commands import Context, customer_ref
from commands.bookings import Address
from commands.service_area import served_place
from domain import Refused, Value, customer
from domain.address import Area, Street
from domain.customer import AddressSaved, Customer
from domain.profile import Door
from eventlog.envelope import Recorded
from eventlog.ids import new_id
from eventlog.store import Appended


class AddressToSave(Value):
    """As it was typed; `address_id` is None for a new one."""

    customer_id: UUID
    nickname: str
    address: Address
    is_default: bool = False
    address_id: UUID | None = None


def checked(asked: AddressToSave, ctx: Context) -> AddressSaved:
    """The address as it may be saved. Refuses with the codes of `served_place`."""
    given, id = asked.address, asked.address_id or new_id()
    place = served_place(given.zip_code, ctx.house(), given.state)
    nickname_id = ctx.store.vault.person_id(f"{asked.customer_id}/{asked.nickname.strip().casefold()}")
    street = Street(given.address_line_1, given.address_line_2, given.delivery_instructions)
    area = Area(given.city, place.state, given.zip_code.strip())
    return AddressSaved(id, asked.customer_id, nickname_id, area, asked.is_default, Door(asked.nickname, street))


def add_address(saved: AddressSaved, ctx: Context) -> Appended:
    """Refuses with `nickname_taken`, `too_many_addresses`."""
    return ctx.append([customer_ref(saved.person_id)], lambda made: [customer.save_address(made, saved)])


def replace_address(saved: AddressSaved, version: int, ctx: Context) -> Appended:
    """Whole, in place of what it was. Refuses with `nickname_taken`, `not_found`, `version_conflict`."""
    history = ctx.store.history(saved.person_id)

    def decision(made: Customer) -> list[list]:
        known_address(made, saved.address_id)
        return [[] if _is_saved_so(history, made, saved) else customer.save_address(made, saved)]

    return ctx.append([customer_ref(saved.person_id, version)], decision)


def remove_address(id: UUID, customer_id: UUID, version: int | None, ctx: Context) -> Appended:
    """Bookings that were made with it keep it. Refuses with `not_found`, `version_conflict`."""
    return ctx.append([customer_ref(customer_id, version)], lambda made: [customer.remove_address(made, id)])


def known_address(made: Customer, id: UUID) -> None:
    """Raises Refused("not_found") where there is none, or none any more; somebody else's is none here."""
    if id not in made.addresses or not made.addresses[id].is_active:
        raise Refused("not_found", "There is no such address.")


def _is_saved_so(history: Sequence[Recorded], made: Customer, saved: AddressSaved) -> bool:
    """What is personal is not in the state. Of another version than the history's, nothing is written anyway."""
    before = [r.event for r in history if isinstance(r.event, AddressSaved) and r.event.address_id == saved.address_id]
    return before[-1:] == [saved] and made.addresses[saved.address_id].is_default == saved.is_default
