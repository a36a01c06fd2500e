"""A mail address that a customer leaves: whoever has it next is another person, seen and forgotten by themselves."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from commands.accounts import account_of
from commands.bookings import place_booking
from commands.customer_bookings import is_theirs
from commands.customers import forget_again, forget_customer, verify_mail
from commands.persons import forgotten
from commands.profiles import ProfileChange, change_profile
from commands.tokens import Proof, Purpose, issue
from domain.selection import PickupTime
from eventlog.feed import PostgresFeed, open_log
from projections import history
from projections.applying import apply, positions
from projections.erasing import erase_person
from tests.commands.accounts_made import verified
from tests.commands.wishes import WANTED, asks, place
from tests.samples import NOON

OLD, NEW, LATER = "ada@example.com", "ada.b@example.com", NOON + timedelta(hours=1)
NEXT = replace(WANTED, pickup_time=PickupTime.NO_TIME_PREFERENCE)


@pytest.fixture
def left(ctx, db):
    """Who had booked as a guest, had an account and left the address; and the booking of who has it next."""
    before, id = place(ctx), verified(ctx)
    change_profile(id, ProfileChange(email=NEW), None, ctx())
    token = issue(db, ctx().secret, Proof(Purpose.CHANGE_MAIL, id, NEW), NOON)
    verify_mail(token, ctx())
    assert account_of(db, NEW).id == id
    return id, before, place_booking(asks(wanted=NEXT), ctx(now=LATER))


def first(ctx, placed):
    return ctx().store.history(placed.booking_id)[0].event


def project(ctx, db):
    feed = PostgresFeed(open_log(ctx().store.recorder))
    while (batch := feed.read(at := positions(db, "history"), 1_000, 0)).progress != at:
        apply(db, history, batch, ctx().store.vault)


def test_what_is_booked_with_it_later_is_not_theirs(ctx, left):
    id, before, later = left
    assert not is_theirs(first(ctx, later), id, ctx().store)
    assert first(ctx, before).personal
    assert first(ctx, later).personal


def test_a_process_that_remembers_the_old_key_seals_with_the_new_one(ctx, db, left):
    """The store of `ctx` had sealed with the key before it was left."""
    _, before, later = left
    sealed = "select state from eventlog.stored_events where originator_id = %s and topic = 'BookingPlaced'"
    [[a], [b]] = [db.execute(sealed, (one.booking_id,)).fetchall() for one in (before, later)]
    keys = {str(key): left_by for key, left_by in db.execute("select key_id, left_by from eventlog.person_keys")}
    [old], [new] = [[left_by for key, left_by in keys.items() if key.encode() in bytes(row[0])] for row in (a, b)]
    assert (old, new) == (left[0], None)


def test_forgetting_them_takes_what_they_booked_with_it_and_nobody_elses(ctx, db, left):
    id, before, later = left
    project(ctx, db)
    position = forget_customer(id, ctx())
    assert first(ctx, before).personal is None
    assert first(ctx, later).personal.email == OLD
    assert position
    assert erase_person(db, ctx().store.vault.person_id(OLD)) == 0
    rows = dict(db.execute("select booking_id, details is not null from history.bookings").fetchall())
    assert rows == {before.booking_id: False, later.booking_id: True}


def test_forgetting_who_has_it_next_leaves_what_was_booked_before(ctx, left):
    _, before, later = left
    forget_customer(ctx().store.vault.person_id(OLD), ctx())
    assert first(ctx, before).personal.email == OLD
    assert first(ctx, later).personal is None


def test_a_key_of_it_that_a_backup_brought_back_is_destroyed_again(ctx, db, left):
    id, before, later = left
    columns = "key_id, person_id, wrapped, master_id, made_at, left_by, left_mail, left_at"
    [row] = db.execute(f"select {columns} from eventlog.person_keys where left_by = %s", (id,)).fetchall()
    forget_customer(id, ctx())
    kept = forgotten(ctx().store)
    db.execute("delete from eventlog.destroyed_keys where key_id = %s", (row[0],))
    db.execute(f"insert into eventlog.person_keys ({columns}) values (%s, %s, %s, %s, %s, %s, %s, %s)", row)
    assert first(ctx, before).personal
    assert forget_again(kept, ctx()) == 1
    assert first(ctx, before).personal is None
    assert first(ctx, later).personal
    assert forget_again(kept, ctx()) == 0
