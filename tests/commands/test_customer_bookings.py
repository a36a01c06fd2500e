"""Booking with an account on a real log: whoever is being forgotten meanwhile books nothing, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from commands.accounts import Account, Kind, create_account
from commands.customer_bookings import BookFromAccount, book_from_account, is_theirs
from commands.ending import cancel_booking, expire_hold
from commands.payments import open_payment
from commands.persons import forget
from domain import Refused, customer
from domain.customer import CustomerDetailsCorrected, CustomerRegistered, MailVerified
from domain.profile import Contact
from eventlog.ids import new_id
from eventlog.store import EventStore, Ref
from tests.commands.wishes import BEACH, TOWN, WANTED, asks, booking, day, names, pay, place_booking
from tests.samples import HOLD, NOON
from tests.waiting import until

MAIL = "ada@example.com"
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%for key share%'"


@pytest.fixture
def ada(ctx):
    """The id of a customer with an account, not verified yet."""
    id, mail_id = new_id(), ctx().store.vault.person_id(MAIL)
    with ctx().store.recorder.transaction() as db:
        create_account(db, Account(id, Kind.CUSTOMER, MAIL, mail_id), "hash", NOON)
        happen(ctx, id, CustomerRegistered(id, mail_id, Contact("Ada", "Byron", MAIL, "+12125550123")))
    return id


def happen(ctx, id, *events):
    ctx().append([Ref(customer, id)], lambda _: [list(events)])


def opened(ctx, placed):
    """Its payment is known to Stripe."""
    open_payment(placed.booking_number, placed.payment_id, ctx())
    return placed


def wants(id, **changed):
    return BookFromAccount(id, **({"wanted": WANTED, "pickup": TOWN, "delivery": BEACH} | changed))


def test_the_profile_as_it_was_corrected_last_is_who_books(ctx, ada):
    happen(ctx, ada, CustomerDetailsCorrected(ada, Contact("Augusta", "King", MAIL, "+12125550199")))
    placed = book_from_account(wants(ada), ctx())
    told = ctx().store.history(placed.booking_id)[0].event.personal
    assert (told.first_name, told.last_name, told.email, told.phone) == ("Augusta", "King", MAIL, "+12125550199")


def test_what_is_personal_in_it_is_sealed_with_the_customers_own_key(ctx, ada):
    placed = book_from_account(wants(ada), ctx())
    cancel_booking(placed.booking_id, "We stay.", False, ctx())
    forget(ctx().store.vault.person_id(MAIL), ctx())
    assert [recorded.event.personal is not None for recorded in ctx().store.history(placed.booking_id)] == [True, True]
    forget(ada, ctx())
    assert [recorded.event.personal for recorded in ctx().store.history(placed.booking_id)] == [None, None]


def test_whose_account_goes_while_they_book_has_booked_nothing(ctx, ada, database):
    """Both orders: the account's row is the turnstile."""
    with psycopg.connect(database, autocommit=True) as watching, psycopg.connect(database) as closing:
        closing.execute("delete from api.accounts where id = %s", (ada,))
        with ThreadPoolExecutor(1) as thread:
            booked = thread.submit(book_from_account, wants(ada), ctx())
            until(lambda: watching.execute(WAITING).fetchone()[0])
            closing.commit()
            with pytest.raises(Refused) as refusal:
                booked.result()
    assert (refusal.value.code, day(ctx)) == ("not_found", None)


def test_whose_booking_is_being_written_is_closed_after_it(ctx, ada, database):
    with ctx().store.recorder.transaction(), psycopg.connect(database) as closing:
        placed = book_from_account(wants(ada), ctx())
        closing.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            closing.execute("delete from api.accounts where id = %s", (ada,))
    assert names(ctx, placed.booking_id) == ["BookingPlaced"]


def test_staff_have_no_bookings_of_their_own(ctx):
    id = new_id()
    with ctx().store.recorder.transaction() as db:
        create_account(db, Account(id, Kind.STAFF, MAIL, uuid4()), "hash", NOON)
    with pytest.raises(Refused, match="closed"):
        book_from_account(wants(id), ctx())


def test_account_and_guest_with_one_mail_get_one_place_between_them_by_two_processes(ctx, ada, database, vault):
    with EventStore(database, vault) as other, ThreadPoolExecutor(8) as threads:

        def ask(n):
            context = ctx(store=(ctx().store, other)[n // 2 % 2])
            try:
                return book_from_account(wants(ada), context) if n % 2 else place_booking(asks(), context)
            except Refused as refused:
                return refused.code

        answers = list(threads.map(ask, range(16)))
    assert answers.count("slot_taken") == 15
    assert len(day(ctx).places) == 1


def test_late_money_of_a_customer_finds_the_slot_that_their_guest_booking_took(ctx, ada):
    lost = opened(ctx, book_from_account(wants(ada), ctx()))
    expire_hold(lost.booking_id, ctx(HOLD))
    place_booking(asks(), ctx(HOLD))
    pay(ctx, lost, now=HOLD)
    assert booking(ctx, lost).status == "cancelled"


def test_late_money_of_a_customer_takes_its_place_again(ctx, ada):
    lost = opened(ctx, book_from_account(wants(ada), ctx()))
    expire_hold(lost.booking_id, ctx(HOLD))
    pay(ctx, lost, now=HOLD)
    assert booking(ctx, lost).status == "paid"
    mail_id = ctx().store.vault.person_id(MAIL)
    assert day(ctx).places[lost.booking_id].persons == (ada, mail_id)


def test_a_guests_booking_is_the_customers_once_their_mail_is_verified(ctx, ada):
    guest = booking(ctx, place_booking(asks(), ctx())).placed
    assert not is_theirs(guest, ada, ctx().store)
    happen(ctx, ada, MailVerified(ctx().store.vault.person_id(MAIL)))
    assert is_theirs(guest, ada, ctx().store)
