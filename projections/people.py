"""Rows of the read model `customers`: people, whose mail is whose, VIPs, purchases; and how each event changes them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain import booking, customer, payment, refund
from domain.address import BookingDetails
from domain.booking_events import BookingAddressesChanged, BookingPlaced
from eventlog.envelope import Recorded
from projections.searching import words_of
from projections.standings import Earning


class Person(Struct):
    """A row of `people`. The last five are personal: all there, or all None."""

    person_id: UUID
    is_guest: bool
    since: datetime
    position: int
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    words: str | None = None


class Claim(Struct, frozen=True, order=True):
    """A row of `claims`: the mail address of these guest bookings is verified by the customer."""

    mail_id: UUID
    customer_id: UUID


class Vip(Struct, frozen=True, order=True):
    """A row of `vips`."""

    person_id: UUID
    is_vip: bool


class Purchase(Struct):
    """A row of `purchases`. `refunds` are the cents that each refund has given back."""

    booking_id: UUID
    person_id: UUID
    placed_at: datetime
    pickup_address_id: UUID | None = None
    delivery_address_id: UUID | None = None
    is_paid: bool = False
    is_completed: bool = False
    received_cents: int = 0
    refunds: dict[str, int] = {}
    spent_cents: int = 0


def named(person: Person, contact: customer.Contact | BookingDetails | Person | None) -> Person:
    """The person by these names; nameless when they are None: the key that sealed them is destroyed."""
    if contact is None or contact.email is None:
        return replace(person, first_name=None, last_name=None, email=None, phone=None, words=None)
    first, last, mail, phone = contact.first_name, contact.last_name, contact.email, contact.phone
    words = words_of([first or "", last or "", mail], phone or "")
    return replace(person, first_name=first, last_name=last, email=mail, phone=phone, words=words)


class Fold:
    """The rows that a batch is about, as they become. Only accounts are loaded: a guest's row is made anew."""

    def __init__(self, accounts: dict[UUID, Person], purchases: dict[UUID, Purchase]):
        self.accounts, self.purchases, self._before = accounts, purchases, dict(purchases)
        self.guests: dict[UUID, Person] = {}
        self.claims: set[Claim] = set()
        self.vips: dict[UUID, Vip] = {}
        self.closed: set[UUID] = set()
        self.moved: set[UUID] = set()
        self._touched: set[UUID] = set()

    def changed_people(self) -> list[Person]:
        accounts = {id: row for id, row in self.accounts.items() if id in self._touched}
        return [row for _, row in sorted((self.guests | accounts).items())]

    def changed_purchases(self) -> list[Purchase]:
        return [row for id, row in sorted(self.purchases.items()) if id in self._touched]

    def touched(self) -> set[UUID]:
        """Who may count as something else now."""
        claims = {id for claim in self.claims for id in (claim.mail_id, claim.customer_id)}
        bought = {row.person_id for row in self.changed_purchases()}
        return {row.person_id for row in self.changed_people()} | claims | bought | self.vips.keys() | self.closed

    def earned(self) -> list[Earning]:
        """Of each person whose bookings changed: what these bring in now, less what they brought in before."""
        found: dict[UUID, Earning] = {}
        for sign, purchases in ((-1, self._before), (1, self.purchases)):
            for id in self._touched & purchases.keys():
                earning = found.setdefault(purchases[id].person_id, Earning(purchases[id].person_id))
                earning.completed += sign * purchases[id].is_completed
                earning.spent += sign * purchases[id].spent_cents
        return [earning for _, earning in sorted(found.items())]

    def register(self, recorded: Recorded) -> None:
        id = recorded.originator_id
        self._account(named(Person(id, False, recorded.at, recorded.position), recorded.event.personal))

    def correct(self, recorded: Recorded) -> None:
        if known := self.accounts.get(recorded.originator_id):
            self._account(named(replace(known, position=recorded.position), recorded.event.personal))

    def change_mail(self, recorded: Recorded) -> None:
        """The names stay; after they were forgotten there is nothing to stay. The old address is theirs no more."""
        id = recorded.originator_id
        self.moved.add(id)
        self.claims = {claim for claim in self.claims if claim.customer_id != id}
        mail = recorded.event.personal
        if known := self.accounts.get(recorded.originator_id):
            renamed = replace(known, position=recorded.position, email=mail.email if mail else None)
            self._account(named(renamed, renamed))

    def claim(self, recorded: Recorded) -> None:
        self.claims.add(Claim(recorded.event.mail_id, recorded.originator_id))

    def turn_vip(self, recorded: Recorded) -> None:
        id = recorded.originator_id
        self.vips[id] = Vip(id, isinstance(recorded.event, customer.VipGranted))

    def close(self, recorded: Recorded) -> None:
        id = recorded.originator_id
        self.closed.add(id)
        self.accounts.pop(id, None)
        self.claims = {claim for claim in self.claims if claim.customer_id != id}

    def place(self, recorded: Recorded) -> None:
        placed: BookingPlaced = recorded.event
        saved = placed.pickup_address_id, placed.delivery_address_id
        self._purchase(Purchase(recorded.key, placed.person_id, recorded.at, *saved))
        if placed.is_guest:
            before = self.guests.get(placed.person_id)
            since = min(before.since, recorded.at) if before else recorded.at
            if before and before.position > recorded.position:
                self.guests[placed.person_id] = replace(before, since=since)
            else:
                fresh = Person(placed.person_id, True, since, recorded.position)
                self.guests[placed.person_id] = named(fresh, placed.personal)

    def change_addresses(self, recorded: Recorded) -> None:
        to: BookingAddressesChanged = recorded.event
        saved = {"pickup_address_id": to.pickup_address_id, "delivery_address_id": to.delivery_address_id}
        if bought := self.purchases.get(recorded.key):
            self._purchase(replace(bought, **saved))

    def pay(self, recorded: Recorded) -> None:
        if bought := self.purchases.get(recorded.key):
            self._purchase(replace(bought, is_paid=True))

    def complete(self, recorded: Recorded) -> None:
        """Until all of it is given back."""
        if bought := self.purchases.get(recorded.key):
            self._purchase(replace(bought, is_completed=isinstance(recorded.event, booking.BookingCompleted)))

    def receive(self, recorded: Recorded) -> None:
        if bought := self.purchases.get(recorded.key):
            self._purchase(replace(bought, received_cents=bought.received_cents + recorded.event.amount_cents))

    def give_back(self, recorded: Recorded) -> None:
        if bought := self.purchases.get(recorded.key):
            given = bought.refunds | {str(recorded.originator_id): recorded.event.amount_cents}
            self._purchase(replace(bought, refunds=given))

    def fail(self, recorded: Recorded) -> None:
        """Also after it was completed: then the money is ours again."""
        if bought := self.purchases.get(recorded.key):
            given = {id: cents for id, cents in bought.refunds.items() if id != str(recorded.originator_id)}
            self._purchase(replace(bought, refunds=given))

    def _account(self, person: Person) -> None:
        self.accounts[person.person_id] = person
        self._touched.add(person.person_id)

    def _purchase(self, purchase: Purchase) -> None:
        spent = purchase.received_cents - sum(purchase.refunds.values())
        self.purchases[purchase.booking_id] = replace(purchase, spent_cents=spent)
        self._touched.add(purchase.booking_id)


CHANGES: dict[type, Callable[[Fold, Recorded], None]] = {
    customer.CustomerRegistered: Fold.register,
    customer.CustomerDetailsCorrected: Fold.correct,
    customer.MailChanged: Fold.change_mail,
    customer.MailVerified: Fold.claim,
    customer.VipGranted: Fold.turn_vip,
    customer.VipRevoked: Fold.turn_vip,
    customer.AccountClosed: Fold.close,
    booking.BookingPlaced: Fold.place,
    BookingAddressesChanged: Fold.change_addresses,
    booking.BookingPaid: Fold.pay,
    booking.BookingReinstated: Fold.pay,
    booking.BookingCompleted: Fold.complete,
    booking.BookingRefunded: Fold.complete,
    payment.PaymentSucceeded: Fold.receive,
    refund.RefundCompleted: Fold.give_back,
    refund.RefundFailed: Fold.fail,
}
