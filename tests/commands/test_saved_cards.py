"""What saved cards pay for, and for whom; and that Stripe forgets who is forgotten."""

import pytest

from commands.customer_bookings import BookFromAccount, book_from_account
from commands.customers import forget_customer
from commands.ending import cancel_booking
from commands.payment_methods import forget_at_stripe, settle_methods
from commands.payments import cancel_intent, create_intent, open_payment, pay_in_sandbox
from tests.commands.accounts_made import registered
from tests.commands.money_back import refused
from tests.commands.saved_cards import a_saved_card, kept, new_card, own, save
from tests.commands.wishes import BEACH, DECLINED, TOWN, WANTED, at_stripe, booking, pay, payment, place


@pytest.fixture
def ada(ctx):
    return registered(ctx)


def booked(ctx, who):
    """A booking with the account, its payment open at Stripe."""
    placed = book_from_account(BookFromAccount(who, WANTED, TOWN, BEACH), ctx())
    open_payment(placed.booking_number, placed.payment_id, ctx())
    return placed


def whose(ctx, sandbox, placed):
    """The customer of the booking's intent at Stripe."""
    return sandbox.package().payment_intents.retrieve(payment(ctx, placed).intent_id).customer


def test_a_saved_card_pays_what_is_booked_after_it_was_saved(ctx, sandbox, ada):
    method = a_saved_card(ctx, sandbox, ada)
    placed = booked(ctx, ada)
    assert whose(ctx, sandbox, placed) == own(ctx, ada).stripe_id == payment(ctx, placed).stripe_customer_id
    pay(ctx, placed, method)
    assert booking(ctx, placed).status == "paid"
    assert kept(ctx, ada) == [method], "it pays the next time, too"


def test_what_was_booked_before_the_first_card_was_saved_is_paid_by_a_new_one(ctx, sandbox, ada):
    placed = booked(ctx, ada)
    method = a_saved_card(ctx, sandbox, ada)
    assert whose(ctx, sandbox, placed) is None
    assert refused(lambda: pay(ctx, placed, method)) == "payment_failed"
    pay(ctx, placed, new_card(sandbox))
    assert booking(ctx, placed).status == "paid"


def test_a_further_payment_can_be_paid_by_what_was_saved_meanwhile(ctx, sandbox, ada):
    placed = booked(ctx, ada)
    for _ in range(3):
        pay(ctx, placed, DECLINED)
    method = a_saved_card(ctx, sandbox, ada)
    next_id, _ = create_intent(placed.booking_number, ctx())
    pay_in_sandbox(payment(ctx, placed, next_id).intent_id, placed.booking_number, method, ctx())
    assert (booking(ctx, placed).status, kept(ctx, ada)) == ("paid", [method])


def test_a_saved_card_pays_for_nobody_else(ctx, sandbox, ada):
    method, eve = a_saved_card(ctx, sandbox, ada), registered(ctx, "eve")
    own_card = a_saved_card(ctx, sandbox, eve)
    theirs, guests = booked(ctx, eve), place(ctx, "guest")
    for placed in (theirs, guests):
        assert refused(lambda placed=placed: pay(ctx, placed, method)) == "payment_failed"
        assert at_stripe(ctx, placed).status == "requires_payment_method"
        assert booking(ctx, placed).status == "pending"
    pay(ctx, theirs, own_card)
    assert booking(ctx, theirs).status == "paid"


def test_a_guest_with_the_mail_address_of_a_customer_has_none_of_their_cards(ctx, sandbox, ada):
    a_saved_card(ctx, sandbox, ada)
    assert whose(ctx, sandbox, place(ctx, "ada")) is None


def test_stripe_forgets_who_is_forgotten_with_all_their_cards(ctx, sandbox, ada):
    method, eve = a_saved_card(ctx, sandbox, ada), registered(ctx, "eve")
    hers = a_saved_card(ctx, sandbox, eve)
    forget_customer(ada, ctx())
    for _ in range(2):
        forget_at_stripe(ada, ctx())
    v1 = sandbox.package()
    assert v1.customers.retrieve(own(ctx, ada).stripe_id).deleted
    assert v1.payment_methods.retrieve(method).customer is None
    assert [recorded.event.personal for recorded in told(ctx, ada)] == [None]
    settle_methods(ada, ctx())
    assert refused(lambda: save(ctx, ada, new_card(sandbox))) == "not_found"
    assert kept(ctx, eve) == [hers]


def told(ctx, who):
    return [recorded for recorded in ctx().store.history(who) if recorded.name == "PaymentMethodSaved"]


def test_a_payment_that_stripe_never_heard_of_ends_though_its_customer_is_deleted_there(ctx, sandbox, ada):
    a_saved_card(ctx, sandbox, ada)
    placed = book_from_account(BookFromAccount(ada, WANTED, TOWN, BEACH), ctx())
    forget_customer(ada, ctx())
    forget_at_stripe(ada, ctx())
    cancel_booking(placed.booking_id, "They are gone.", False, ctx())
    cancel_intent(placed.payment_id, ctx())
    assert (payment(ctx, placed).status, at_stripe(ctx, placed).status) == ("cancelled", "canceled")
