"""A lost link by mail: to whoever booked, at the address on file, and nothing to anybody else."""

import re
from html import unescape

import pytest

from commands import booking_ref
from commands.booking_sheet import manage_token
from commands.customer_bookings import BookFromAccount, book_from_account
from commands.customers import forget_customer
from commands.ending import cancel_booking, delete_booking, expire_hold
from commands.letters import post
from commands.link_letter import LINK, ask_link
from commands.persons import forget
from domain.ids import booking_id
from eventlog.ids import new_id
from integrations.inbox import Inbox
from tests.commands.accounts_made import registered
from tests.commands.conftest import SECRET
from tests.commands.test_letters import SITE, TAG, Pile
from tests.commands.wishes import BEACH, TOWN, WANTED, asks, contact, place_booking
from tests.samples import HOLD

TOKEN = re.compile(r"[0-9a-f]{64}")


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


@pytest.fixture
def sent(ctx, inbox):
    """sent(id): the letters after the one about that booking was asked for, newest first."""

    def ask(id):
        post(LINK, id, ctx(mail=inbox, site=SITE))
        return inbox.letters()

    return ask


def test_the_link_of_a_guest_comes_to_the_address_that_was_booked_with(ctx, sent):
    placed = place_booking(asks(customer=contact(first_name="Buy pills")), ctx())
    [letter] = sent(placed.booking_id)
    token = manage_token(placed.booking_number, SECRET)
    assert (letter.to, letter.subject) == ("ada@example.com", f"Your booking {placed.booking_number}")
    assert f"\n\n{SITE}/bookings/{placed.booking_number}?token={token}\n\n" in letter.text
    assert letter.text.startswith("Hello,\n\n"), "nobody has proven that the name belongs to the address"


def test_what_has_ended_is_still_theirs_to_see(ctx, sent):
    expired, cancelled = place_booking(asks(), ctx()), place_booking(asks("eve"), ctx())
    expire_hold(expired.booking_id, ctx(HOLD))
    cancel_booking(cancelled.booking_id, "", False, ctx())
    assert [len(sent(placed.booking_id)) for placed in (expired, cancelled)] == [1, 2]


def test_who_has_an_account_is_told_to_log_in(ctx, sent, db):
    id = registered(ctx)
    placed = book_from_account(BookFromAccount(id, WANTED, TOWN, BEACH), ctx())
    db.execute("update api.accounts set is_active = false")
    assert sent(placed.booking_id) == []
    db.execute("update api.accounts set is_active = true")
    [letter] = sent(placed.booking_id)
    assert letter.to == "ada@example.com"
    assert "log in" in letter.text
    assert not TOKEN.search(letter.text)
    forget_customer(id, ctx())
    assert len(sent(placed.booking_id)) == 1


def test_nothing_comes_about_what_is_no_booking_or_was_put_away_or_of_who_is_forgotten(ctx, sent):
    gone, forgotten = place_booking(asks(), ctx()), place_booking(asks("eve"), ctx())
    delete_booking(booking_ref(gone.booking_id), "A test", ctx())
    forget(ctx().store.vault.person_id("eve@example.com"), ctx())
    for id in (gone.booking_id, forgotten.booking_id, gone.payment_id, new_id(), booking_id("TT22222222")):
        assert sent(id) == []


def test_asked_for_twice_before_it_goes_it_goes_once_and_no_row_says_whose_it_is(ctx, db):
    for number in ("TT22222222", "TT22222222", "TT33333333"):
        ask_link(number, ctx())
    rows = db.execute("select kind, about from eventlog.timers").fetchall()
    assert sorted(rows) == sorted((LINK, booking_id(number)) for number in ("TT22222222", "TT33333333"))


def test_the_html_says_the_same(ctx):
    placed, pile = place_booking(asks(), ctx()), Pile()
    post(LINK, placed.booking_id, ctx(mail=pile, site=SITE))
    [letter] = pile.letters
    body = letter.html[letter.html.index("<body") :]
    assert unescape(TAG.sub("", body)).split() == letter.text.split()
