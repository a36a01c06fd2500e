"""Cards saved for a customer: at Stripe first, then in the log, and Stripe comes to what the log says after that."""

import pytest
from structlog.testing import capture_logs

from commands import customer_ref
from commands.payment_methods import choose_default, forget_at_stripe, remove_method, settle_methods
from domain.customer_events import PaymentMethodSaved
from domain.payment_methods import MOST_METHODS
from domain.profile import Card
from eventlog.ids import new_id
from integrations.stripe import StripeUnavailable, connect
from tests.commands.accounts_made import registered
from tests.commands.money_back import asked_until_known, refused
from tests.commands.saved_cards import a_saved_card, kept, new_card, own, save
from tests.commands.wishes import names, payment, place, together
from tests.integrations.conftest import own_sandbox, shop  # noqa: F401 - fixtures
from tests.integrations.stripe_account import KEY, SECRET, free_port

DAY_AND_AN_HOUR = 25 * 3600
SAVED = ["CustomerRegistered", "StripeCustomerMade", "PaymentMethodSaved"]


@pytest.fixture
def ada(ctx):
    return registered(ctx)


def default_at_stripe(sandbox, stripe_id):
    return sandbox.package().customers.retrieve(stripe_id).invoice_settings.default_payment_method


def customers_of(sandbox, who):
    """How many customers there are at Stripe who are told to be this one."""
    made = sandbox.package().customers.list({"limit": 100}).auto_paging_iter()
    return len([one for one in made if one.metadata.to_dict() == {"customer_id": str(who)}])


def test_a_card_is_kept_by_stripe_and_known_to_the_log_by_its_last_digits(ctx, sandbox, ada, db):
    method = a_saved_card(ctx, sandbox, ada)
    assert names(ctx, ada) == SAVED
    told = ctx().store.history(ada)[-1].event
    assert (told.method_id, told.person_id) == (method, ada)
    assert (told.personal.brand, told.personal.last_four, told.personal.exp_year) == ("visa", "4242", 2034)
    assert (kept(ctx, ada), own(ctx, ada).methods.default) == ([method], method)
    [[stored]] = db.execute("select state from eventlog.stored_events where topic = 'PaymentMethodSaved'").fetchall()
    assert method.encode() in stored
    assert not [word for word in (b"4242", b"visa", b"2034") if word in stored]


def test_a_card_that_is_saved_already_is_not_saved_again_though_stripe_is_away(ctx, sandbox, ada):
    first, second = (a_saved_card(ctx, sandbox, ada) for _ in range(2))
    before = names(ctx, ada)
    away = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)
    assert save(ctx, ada, first, stripe=away).position == ctx().store.history(ada)[-1].position
    assert names(ctx, ada) == before
    save(ctx, ada, second, is_default=True, stripe=away)
    assert own(ctx, ada).methods.default == second
    with pytest.raises(StripeUnavailable):
        save(ctx, ada, new_card(sandbox), stripe=away)


def test_who_dies_between_stripe_and_the_log_asks_again_and_the_card_is_saved_once(ctx, sandbox, ada):
    method, stripe = new_card(sandbox), ctx().stripe
    made = stripe.create_customer(ada)
    stripe.attach_method(made, method)
    save(ctx, ada, method)
    assert (names(ctx, ada), own(ctx, ada).stripe_id, kept(ctx, ada)) == (SAVED, made, [method])
    other = new_card(sandbox)
    stripe.attach_method(made, other)
    save(ctx, ada, other)
    assert (customers_of(sandbox, ada), kept(ctx, ada)) == (1, [method, other])


def test_a_card_is_saved_once_though_replies_are_lost_and_stripe_forgets_our_key(ctx, own_sandbox, ada):  # noqa: F811
    stripe, first, second = own_sandbox.client(), new_card(own_sandbox), new_card(own_sandbox)

    def unanswered(who, method):
        own_sandbox.switch(lose_replies=1)
        with pytest.raises(StripeUnavailable):
            save(ctx, who, method, stripe=stripe)
        own_sandbox.switch()

    unanswered(ada, first)
    assert names(ctx, ada) == SAVED[:1]
    save(ctx, ada, first, stripe=stripe)
    unanswered(ada, second)
    own_sandbox.advance(DAY_AND_AN_HOUR)
    save(ctx, ada, second, stripe=stripe)
    assert names(ctx, ada) == [*SAVED, "PaymentMethodSaved"]
    assert [card.id for card in stripe.methods_of(own(ctx, ada).stripe_id)] == [second, first]
    assert customers_of(own_sandbox, ada) == 1
    unanswered(eve := registered(ctx, "eve"), third := new_card(own_sandbox))
    own_sandbox.advance(DAY_AND_AN_HOUR)
    save(ctx, eve, third, stripe=stripe)
    assert (customers_of(own_sandbox, eve), names(ctx, eve)) == (2, SAVED)
    assert [card.id for card in stripe.methods_of(own(ctx, eve).stripe_id)] == [third]


def test_of_twins_who_save_the_first_card_at_once_one_is_recorded(ctx, sandbox, ada):
    method = new_card(sandbox)
    together(*[lambda: asked_until_known(lambda: save(ctx, ada, method))] * 6)
    assert names(ctx, ada) == SAVED
    assert (customers_of(sandbox, ada), kept(ctx, ada)) == (1, [method])


def test_of_cards_saved_at_once_stripe_keeps_no_more_than_the_log_knows(ctx, sandbox, ada):
    cards = [a_saved_card(ctx, sandbox, ada), *(new_card(sandbox) for _ in range(4))]
    others = [PaymentMethodSaved(f"pm_{n}", ada, Card("visa", "4242", 12, 2034)) for n in range(MOST_METHODS - 2)]
    ctx().append([customer_ref(ada)], lambda own: [others])
    answers = together(*[lambda method=method: refused(lambda: save(ctx, ada, method)) for method in cards[1:]])
    assert sorted(answers) == ["", *["too_many_items"] * 3]
    assert kept(ctx, ada) == [method for method in own(ctx, ada).methods.saved if method in cards]
    assert len(own(ctx, ada).methods.saved) == MOST_METHODS


def test_a_card_of_somebody_else_of_nobody_or_used_up_is_refused(ctx, sandbox, ada):
    theirs, used = a_saved_card(ctx, sandbox, registered(ctx, "eve")), new_card(sandbox)
    ctx().stripe.confirm_with_method(payment(ctx, place(ctx)).intent_id, used, "http://127.0.0.1/")
    for method in (theirs, used, "pm_none"):
        assert refused(lambda method=method: save(ctx, ada, method)) == "invalid_value"
    assert own(ctx, ada).methods.saved == ()


def test_what_is_removed_goes_from_stripe_and_the_default_is_told_to_it(ctx, sandbox, ada):
    first, second, third = (a_saved_card(ctx, sandbox, ada) for _ in range(3))
    stripe_id = own(ctx, ada).stripe_id
    settle_methods(ada, ctx())
    assert (default_at_stripe(sandbox, stripe_id), kept(ctx, ada)) == (first, [first, second, third])
    remove_method(first, ada, None, ctx())
    remove_method(second, ada, None, ctx())
    for _ in range(2):
        settle_methods(ada, ctx())
        assert (default_at_stripe(sandbox, stripe_id), kept(ctx, ada)) == (third, [third])
    remove_method(third, ada, None, ctx())
    settle_methods(ada, ctx())
    assert (default_at_stripe(sandbox, stripe_id), kept(ctx, ada)) == (None, [])
    assert refused(lambda: save(ctx, ada, third)) == "invalid_value"


def test_another_default_is_told_to_stripe(ctx, sandbox, ada):
    second = [a_saved_card(ctx, sandbox, ada) for _ in range(2)][1]
    choose_default(second, ada, None, ctx())
    settle_methods(ada, ctx())
    assert default_at_stripe(sandbox, own(ctx, ada).stripe_id) == second


def test_a_default_that_was_detached_at_stripe_by_hand_holds_nothing_up(ctx, sandbox, ada):
    first, second, third = (a_saved_card(ctx, sandbox, ada) for _ in range(3))
    sandbox.package().payment_methods.detach(first)
    remove_method(second, ada, None, ctx())
    with capture_logs() as logs:
        settle_methods(ada, ctx())
    assert [(line["event"], line["method"]) for line in logs] == [("default_card_not_at_stripe", first)]
    assert kept(ctx, ada) == [third]
    choose_default(third, ada, None, ctx())
    settle_methods(ada, ctx())
    assert default_at_stripe(sandbox, own(ctx, ada).stripe_id) == third


def test_who_was_deleted_at_stripe_by_hand_saves_cards_there_anew(ctx, sandbox, ada):
    first, second = (a_saved_card(ctx, sandbox, ada) for _ in range(2))
    gone, before = own(ctx, ada).stripe_id, names(ctx, ada)
    sandbox.package().customers.delete(gone)
    settle_methods(ada, ctx())
    third, fourth = new_card(sandbox), new_card(sandbox)
    assert refused(lambda: save(ctx, registered(ctx, "eve"), "pm_none")) == "invalid_value"
    together(*[lambda: asked_until_known(lambda: save(ctx, ada, third))] * 4)
    assert names(ctx, ada) == [*before, *["PaymentMethodRemoved"] * 2, *SAVED[1:]]
    save(ctx, ada, fourth)
    assert (own(ctx, ada).methods.saved, own(ctx, ada).methods.default) == ((third, fourth), third)
    assert own(ctx, ada).stripe_id != gone
    assert kept(ctx, ada) == [third, fourth]
    settle_methods(ada, ctx())
    assert default_at_stripe(sandbox, own(ctx, ada).stripe_id) == third
    assert refused(lambda: save(ctx, ada, first)) == refused(lambda: save(ctx, ada, second)) == "invalid_value"


def test_of_who_never_saved_a_card_there_is_nothing_to_tell_stripe(ctx, ada):
    away = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)
    place(ctx, "guest")
    guest = ctx().store.vault.person_id("guest@example.com")
    for who in (ada, guest, new_id()):
        settle_methods(who, ctx(stripe=away))
        forget_at_stripe(who, ctx(stripe=away))
