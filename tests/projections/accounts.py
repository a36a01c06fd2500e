"""Accounts that the tests tell of: registered, verified, renamed, closed; each step answers its position."""

from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from domain import customer
from tests.projections.stories import Story, tell
from tests.samples import MONDAY, NOON, person, placed


class Account:
    """A customer by name. Their id is not the one of the mail address, under which their guest bookings are."""

    def __init__(self, store, name="ada"):
        self.store, self.name = store, name
        self.id, self.mail_id = person(f"account of {name}"), person(name)

    def register(self, at=NOON, **contact):
        told = customer.Contact(self.name.title(), "Byron", f"{self.name}@example.com", "+12125550123")
        return self.tell(customer.CustomerRegistered(self.id, self.mail_id, replace(told, **contact)), at=at)

    def verify(self, mail_id: UUID | None = None):
        return self.tell(customer.MailVerified(mail_id or self.mail_id))

    def tell(self, *events, at=NOON):
        return tell(self.store, self.id, *((self.id, event) for event in events), at=at)


class Member(Story):
    """A booking made with an account."""

    def __init__(self, account, n=1, **fields):
        super().__init__(account.store, n, account.name)
        self.account, self.fields = account, fields

    def place(self, at=NOON):
        offer = replace(placed(self.name, MONDAY + timedelta(1), self.number), person_id=self.account.id)
        return tell(self.store, self.id, (self.id, replace(offer, is_guest=False, **self.fields)), at=at)
