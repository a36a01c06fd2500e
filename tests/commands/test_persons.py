"""Forgetting: the person's keys are gone with the event that says so, and what they sealed is read by nobody."""

from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from commands.accounts import account_of, create_account
from commands.bookings import place_booking
from commands.customer_sheet import contact_of
from commands.customers import forget_again, forget_customer
from commands.persons import forget, forgotten
from domain.person import PersonForgotten
from domain.selection import PickupTime
from eventlog.store import EventStore
from tests.commands.accounts_made import verified
from tests.commands.wishes import WANTED, asks, booking, place
from tests.samples import NOON

ADA = "ada@example.com"
LATER = replace(WANTED, pickup_time=PickupTime.NO_TIME_PREFERENCE)


def personal(ctx, placed):
    return ctx().store.history(placed.booking_id)[0].event.personal


def test_a_forgotten_person_cannot_be_read_and_the_books_still_balance(ctx):
    placed, other = place(ctx), place(ctx, "eve")
    id = ctx().store.vault.person_id(ADA)
    position = forget(id, ctx())
    assert personal(ctx, placed) is None
    assert personal(ctx, other).first_name == "Eve"
    assert booking(ctx, placed).placed.pricing.total_price_cents == 117000
    [told] = ctx().store.history(id)
    assert (told.position, type(told.event), len(told.event.key_ids)) == (position, PersonForgotten, 1)


def test_nobody_is_forgotten_twice_nor_who_was_never_known(ctx):
    place(ctx)
    id = ctx().store.vault.person_id(ADA)
    assert forget(id, ctx())
    assert forget(id, ctx()) is None
    assert forget(ctx().store.vault.person_id("nobody@example.com"), ctx()) is None


def test_who_books_again_is_known_under_a_new_key_until_forgotten_again(ctx):
    first, id = place(ctx), ctx().store.vault.person_id(ADA)
    forget(id, ctx())
    second = place_booking(asks(wanted=LATER), ctx())
    assert personal(ctx, first) is None
    assert personal(ctx, second).email == ADA
    assert forget(id, ctx())
    assert personal(ctx, second) is None
    assert len(ctx().store.history(id)) == 2


def test_the_key_is_remembered_as_destroyed(ctx, db):
    place(ctx)
    id = ctx().store.vault.person_id(ADA)
    position = forget(id, ctx())
    assert db.execute("select count(*) from eventlog.person_keys where person_id = %s", (id,)).fetchone() == (0,)
    assert db.execute("select person_id, position from eventlog.destroyed_keys").fetchall() == [(id, position)]


def test_two_who_forget_a_person_at_once_do_it_once(ctx, database, vault):
    with EventStore(database, vault) as other:
        for n in range(5):
            place(ctx, f"guest{n}")
            id = vault.person_id(f"guest{n}@example.com")
            with ThreadPoolExecutor(4) as threads:
                done = list(threads.map(lambda n, id=id: forget(id, ctx(store=(ctx().store, other)[n % 2])), range(4)))
            assert sum(position is not None for position in done) == 1


def test_a_booking_in_the_moment_of_forgetting_is_either_unreadable_or_under_a_new_key(ctx, db):
    place(ctx)
    id = ctx().store.vault.person_id(ADA)
    with ThreadPoolExecutor(2) as threads:
        booked = threads.submit(place_booking, asks(wanted=LATER), ctx())
        forgotten = threads.submit(forget, id, ctx())
        placed, position = booked.result(), forgotten.result()
    assert (personal(ctx, placed) is None) is (placed.position < position)


def test_a_forgetting_that_is_not_committed_leaves_nothing_behind(ctx):
    placed, store = place(ctx), ctx().store
    id = store.vault.person_id(ADA)
    with store.recorder.transaction() as db:
        forget(id, ctx())
        db.execute("rollback")
    assert personal(ctx, placed).email == ADA
    position = forget(id, ctx())
    [told] = store.history(id)
    assert (told.originator_version, told.position) == (1, position)


def test_a_key_that_a_backup_brought_back_is_destroyed_again_and_a_newer_one_stays(ctx, db):
    first, other = place(ctx), place(ctx, "eve")
    [row] = db.execute(
        "select key_id, person_id, wrapped, master_id, made_at from eventlog.person_keys where person_id = %s",
        (ctx().store.vault.person_id(ADA),),
    )
    forget(ctx().store.vault.person_id(ADA), ctx())
    kept = forgotten(ctx().store)
    db.execute("delete from eventlog.destroyed_keys")
    db.execute(
        "insert into eventlog.person_keys (key_id, person_id, wrapped, master_id, made_at) values (%s, %s, %s, %s, %s)",
        row,
    )
    assert personal(ctx, first).email == ADA
    assert forget_again(kept, ctx()) == 1
    assert personal(ctx, first) is None
    assert personal(ctx, other).first_name == "Eve"
    place_booking(asks(wanted=LATER), ctx())
    assert forget_again(kept, ctx()) == 0


def test_an_account_that_a_backup_brought_back_is_closed_again(ctx, db):
    id = verified(ctx)
    [row] = db.execute(
        "select key_id, person_id, wrapped, master_id, made_at from eventlog.person_keys where person_id = %s", (id,)
    )
    account = account_of(db, ADA)
    forget_customer(id, ctx())
    kept = forgotten(ctx().store)
    db.execute("delete from eventlog.destroyed_keys")
    db.execute(
        "insert into eventlog.person_keys (key_id, person_id, wrapped, master_id, made_at) values (%s, %s, %s, %s, %s)",
        row,
    )
    create_account(db, account, "hash", NOON)
    assert contact_of(ctx().store.history(id)).email == ADA
    assert forget_again(kept, ctx()) == 1
    assert (contact_of(ctx().store.history(id)), account_of(db, ADA)) == (None, None)
