"""What staff note about a customer or a guest, and whether they are a VIP; never shown to whom it is about."""

from collections.abc import Sequence
from uuid import UUID

from commands import Context, customer_ref
from domain import Value, customer
from domain.address import Words
from domain.audit import Change, PersonalChangeRecorded
from domain.customer import StaffNotesWritten
from eventlog.envelope import Recorded


class Noted(Value):
    """Of one customer, for the version of their stream that was read. What is None stays as it is."""

    customer_id: UUID
    version: int
    notes: str | None = None
    is_vip: bool | None = None


def note(noted: Noted, ctx: Context) -> int:
    """The position. Of two who note something at once, one is refused with `version_conflict`.

    Refuses with `not_found` whose account is closed. What is noted already is not written again.
    """
    id = noted.customer_id
    before = notes_of([one for one in ctx.store.history(id) if one.originator_version <= noted.version])
    after = before if noted.notes is None else noted.notes
    written = StaffNotesWritten(id, Words(after))

    def decide(known: customer.Customer | None) -> list[list]:
        notes = customer.write_notes(known, written) if after != before else []
        return [notes + (customer.set_vip(known, noted.is_vip) if noted.is_vip is not None else [])]

    if after != before:
        ctx = ctx.telling(PersonalChangeRecorded(id, Change({"notes": before}, {"notes": after})))
    return ctx.append([customer_ref(id, noted.version)], decide, id).position


def notes_of(history: Sequence[Recorded]) -> str:
    """The notes as they were written last; empty before the first, and once the customer is forgotten."""
    written = [one.event.personal for one in history if isinstance(one.event, StaffNotesWritten)]
    return written[-1].text if written and written[-1] else ""
