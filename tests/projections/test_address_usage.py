"""How often a customer's saved addresses are used: by the bookings as they are now."""

from datetime import timedelta
from uuid import uuid4

from projections import customers
from tests.projections.accounts import Account, Member
from tests.samples import NOON

DAY = timedelta(days=1)


def test_an_address_counts_the_bookings_that_used_it_at_either_end(store, ask):
    ada, home, beach = Account(store), uuid4(), uuid4()
    ada.register()
    for n, ends in enumerate(((home, beach), (home, home), (None, beach))):
        used = dict(zip(("pickup_address_id", "delivery_address_id"), ends, strict=True))
        Member(ada, n, **used).place(at=NOON + n * DAY)
    usage = ask(customers, customers.address_usage, [ada.id])
    assert usage == {home: (2, NOON + DAY), beach: (2, NOON + 2 * DAY)}
    assert ask(customers, customers.address_usage, [ada.mail_id]) == {}


def test_an_address_that_was_exchanged_is_used_no_more_and_the_other_is(store, ask):
    ada, home, beach = Account(store), uuid4(), uuid4()
    ada.register()
    story = Member(ada, 1, pickup_address_id=home, delivery_address_id=home)
    story.place()
    assert ask(customers, customers.address_usage, [ada.id]) == {home: (1, NOON)}
    story.send_to("Sag Harbor", "11963", pickup_address_id=home, delivery_address_id=beach)
    assert ask(customers, customers.address_usage, [ada.id]) == {home: (1, NOON), beach: (1, NOON)}
    story.send_to("Montauk", "11954")
    assert ask(customers, customers.address_usage, [ada.id]) == {}
