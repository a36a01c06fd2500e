"""Our calls about customers and their saved cards, and those that read all that was made since an instant."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from integrations.stripe import MISSING, StripeRefused, StripeUnavailable, connect
from integrations.stripe_objects import RefundAsked
from tests.integrations.stripe_account import KEY, SECRET, SHOP, free_port

PASSES, DISPUTES = "4242424242424242", "4000000000000259"


@pytest.fixture
def card(sandbox):
    number = {"number": PASSES, "exp_month": 12, "exp_year": 2034}
    return lambda: sandbox.package().payment_methods.create({"type": "card", "card": number}).id


def test_a_customer_of_ours_is_told_by_our_id_alone(stripe, sandbox):
    ours = uuid4()
    made = stripe.create_customer(ours)
    assert stripe.create_customer(ours) == made
    told = sandbox.package().customers.retrieve(made)
    assert told.metadata.to_dict() == {"customer_id": str(ours)}
    assert (told.name, told.email, told.phone, told.address) == (None, None, None, None)


def test_a_card_is_saved_once_and_forgotten_once_however_often_it_is_asked(stripe, card):
    customer, first, second = stripe.create_customer(uuid4()), card(), card()
    saved = [stripe.attach_method(customer, method) for method in (first, first, second)]
    assert [each.id for each in saved] == [first, first, second]
    assert (saved[0].customer_id, saved[0].brand, saved[0].last_four) == (customer, "visa", "4242")
    assert stripe.methods_of(customer) == [saved[2], saved[0]]
    for _ in range(2):
        stripe.detach_method(first)
        assert stripe.methods_of(customer) == [saved[2]]


def test_a_customers_default_is_a_card_of_its_own(stripe, sandbox, card):
    customer, other = stripe.create_customer(uuid4()), stripe.create_customer(uuid4())
    mine, theirs = card(), card()
    stripe.attach_method(customer, mine)
    stripe.attach_method(other, theirs)
    stripe.make_default(customer, mine)
    with pytest.raises(StripeRefused, match="must be attached to the customer"):
        stripe.make_default(customer, theirs)
    with pytest.raises(StripeRefused, match="already been attached"):
        stripe.attach_method(customer, theirs)
    assert sandbox.package().customers.retrieve(customer).invoice_settings.default_payment_method == mine


def test_a_customer_is_deleted_with_its_cards_and_once_however_often_it_is_asked(stripe, sandbox, card):
    customer, kept = stripe.create_customer(uuid4()), card()
    stripe.attach_method(customer, kept)
    for _ in range(2):
        stripe.delete_customer(customer)
    assert sandbox.package().customers.retrieve(customer).deleted
    assert sandbox.package().payment_methods.retrieve(kept).customer is None
    stripe.delete_customer("cus_none")
    with pytest.raises(StripeRefused) as refusal:
        stripe.attach_method(customer, card())
    assert refusal.value.code == MISSING


def test_an_intent_of_a_customer_is_paid_with_the_cards_of_that_customer(stripe, card):
    mine, other, payment = stripe.create_customer(uuid4()), stripe.create_customer(uuid4()), uuid4()
    cards = [stripe.attach_method(customer, card()).id for customer in (mine, other)]
    intent = stripe.create_intent(payment, 9500, {}, mine)
    assert stripe.create_intent(payment, 9500, {}, mine) == intent
    with pytest.raises(StripeRefused, match="must be attached to the customer"):
        stripe.confirm_with_method(intent.id, cards[1], SHOP)
    assert stripe.retrieve_intent(intent.id).status == "requires_payment_method"
    assert stripe.confirm_with_method(intent.id, cards[0], SHOP).status == "succeeded"
    assert stripe.confirm_with_method(intent.id, cards[0], SHOP).status == "succeeded"


def test_cards_and_customers_that_do_not_exist_are_refused(stripe, card):
    for ask in (
        lambda: stripe.methods_of("cus_none"),
        lambda: stripe.attach_method("cus_none", card()),
        lambda: stripe.detach_method("pm_none"),
        lambda: stripe.make_default("cus_none", card()),
    ):
        with pytest.raises(StripeRefused) as refusal:
            ask()
        assert refusal.value.code == "resource_missing"


def test_all_that_was_made_since_an_instant_is_read_over_pages(stripe, sandbox):
    begin = datetime.now(UTC) - timedelta(hours=1)
    made = [stripe.create_intent(uuid4(), 9500, {}).id for _ in range(102)]
    found = [intent.id for intent in stripe.intents_since(begin)]
    assert found[:102] == made[::-1]
    assert len(found) == len(set(found)) == len(sandbox.ledger())
    assert list(stripe.intents_since(datetime.now(UTC) + timedelta(hours=1))) == []


def test_refunds_and_disputes_are_read_whoever_began_them(stripe, sandbox):
    begin = datetime.now(UTC) - timedelta(hours=1)
    paid, disputed = (
        stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, number, SHOP).id
        for number in (PASSES, DISPUTES)
    )
    ours = stripe.refund(RefundAsked(uuid4(), paid, 1000))
    theirs = sandbox.act("refunds", intent=paid, amount=500).json()["id"]
    assert [refund.id for refund in stripe.refunds_since(begin)][:2] == [theirs, ours.id]
    newest = next(stripe.disputes_since(begin))
    assert (newest.intent_id, newest.amount_cents, newest.status) == (disputed, 9500, "needs_response")
    assert stripe.disputes_of(disputed) == [newest]
    with pytest.raises(StripeRefused) as refusal:
        stripe.refund(RefundAsked(uuid4(), disputed, 100))
    assert refusal.value.code == "charge_disputed"


def test_a_disputes_webhook_names_its_intent(stripe, sandbox):
    intent = stripe.confirm_with_card(stripe.create_intent(uuid4(), 9500, {}).id, DISPUTES, SHOP).id
    [event] = sandbox.call("GET", "events", params={"type": "charge.dispute.created", "limit": 1}).json()["data"]
    assert event["data"]["object"]["payment_intent"] == intent
    assert json.dumps(event).count(PASSES) == 0


def test_nobody_there_is_an_unknown_outcome_for_each_of_them():
    nobody = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)
    for ask in (
        lambda: nobody.create_customer(uuid4()),
        lambda: nobody.delete_customer("cus_1"),
        lambda: nobody.attach_method("cus_1", "pm_1"),
        lambda: nobody.create_intent(uuid4(), 9500, {}, "cus_1"),
        lambda: nobody.confirm_with_method("pi_1", "pm_1", SHOP),
        lambda: nobody.detach_method("pm_1"),
        lambda: nobody.methods_of("cus_1"),
        lambda: nobody.make_default("cus_1", "pm_1"),
        lambda: next(nobody.intents_since(datetime.now(UTC))),
        lambda: next(nobody.refunds_since(datetime.now(UTC))),
        lambda: next(nobody.disputes_since(datetime.now(UTC))),
    ):
        with pytest.raises(StripeUnavailable):
            ask()
