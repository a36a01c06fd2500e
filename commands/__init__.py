"""The write side: each module holds what may be asked of one part of the business, and carries it out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import structs

from commands.tracing import Trace, traced
from domain import booking, customer, house, moment, payment, pickup_day
from domain import catalog as price_list  # `commands.catalog`, once imported, is this package's own `catalog`
from domain.audit import PersonalChangeRecorded
from domain.catalog import Catalog
from domain.house import House
from eventlog.envelope import Origin
from eventlog.statements import Once
from eventlog.store import Appended, EventStore, Note, Ref
from integrations.mail import Mailer
from integrations.stripe import Stripe

NEW_YORK = ZoneInfo(moment.NEW_YORK)


@dataclass(frozen=True)
class Context:
    """Who asks, when (an instant in UTC), and what carries it out.

    `secret` signs quotes and manage tokens; `once` is the idempotency key under which the first append writes; `trace`
    is the entry of the audit log that goes with it, where staff act. `mail` sends letters, whose links lead to `site`.
    """

    store: EventStore
    stripe: Stripe
    origin: Origin
    now: datetime
    secret: bytes
    once: Once | None = None
    trace: Trace | None = None
    mail: Mailer | None = None
    site: str = ""

    @property
    def today(self) -> date:
        """The business day in New York."""
        return moment.day_of(self.now)

    @property
    def wall_clock(self) -> datetime:
        return self.now.astimezone(NEW_YORK)

    def append(
        self, refs: Sequence[Ref], decision: Callable[..., Sequence[list]], key: UUID | None = None, alone: bool = False
    ) -> Appended:
        if self.trace is None:
            return self.store.append(refs, decision, Note(self.now, self.origin, key, self.once), alone)
        # The entry has the key of what it tells of: who has waited for the one in a read model has the other, too.
        key = key or (refs[0].stream if len(refs) == 1 else None)
        note = Note(self.now, self.origin, key, self.once)
        return self.store.append([*refs, self.trace.ref], traced(decision, refs, self.trace), note, alone)

    def without_key(self) -> "Context":
        """For the appends that follow the first one of a command."""
        return replace(self, once=None, trace=None)

    def telling(self, change: PersonalChangeRecorded | None, subject: str = "") -> "Context":
        """Where staff act, their entry in the audit log says what changes of somebody's personal data, and of what."""
        if self.trace is None:
            return self
        acted = structs.replace(self.trace.acted, subject=subject or self.trace.acted.subject)
        return replace(self, trace=structs.replace(self.trace, acted=acted, change=change))

    def house(self) -> House:
        return self.store.load(Ref(house, house.stream())).state or House()

    def catalog(self) -> Catalog:
        return self.store.load(Ref(price_list, price_list.stream())).state or Catalog()


def day_ref(day: date) -> Ref:
    return Ref(pickup_day, pickup_day.stream(day))


def booking_ref(id: UUID) -> Ref:
    return Ref(booking, id)


def payment_ref(id: UUID, version: int | None = None) -> Ref:
    return Ref(payment, id, version=version)


def customer_ref(id: UUID, version: int | None = None) -> Ref:
    """Of an account, or of a person who has none; `version` is the one that was seen, where that matters."""
    return Ref(customer, id, version=version)
