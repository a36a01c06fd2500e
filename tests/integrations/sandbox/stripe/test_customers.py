"""Customers and their saved payment methods, as the unmodified package asks for them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe as package

PAY = {"amount": 9500, "currency": "usd", "confirm": True, "return_url": "http://shop.test/paid"}
ASKS, DECLINES = "pm_card_threeDSecure2Required", "pm_card_chargeDeclined"


@pytest.fixture(scope="module")
def v1(sandbox):
    return sandbox.package()


@pytest.fixture
def customer(v1):
    return v1.customers.create({"metadata": {"customer_id": "c1", "level": "gold"}}).id


def saved(v1, customer, token="pm_card_visa"):
    return v1.payment_methods.attach(token, {"customer": customer}).id


def refusal_of(call, *given):
    with pytest.raises(package.StripeError) as refusal:
        call(*given)
    return refusal.value


def test_a_customer_is_kept_changed_and_listed(v1, customer):
    v1.customers.update(
        customer, {"email": "ann@example.com", "name": "Ann", "metadata": {"level": "", "since": "may"}}
    )
    v1.customers.update(customer, {"name": ""})
    kept = v1.customers.retrieve(customer)
    assert (kept.email, kept.name) == ("ann@example.com", None)
    assert kept.metadata.to_dict() == {"customer_id": "c1", "since": "may"}
    assert [found.id for found in v1.customers.list({"email": "ann@example.com"}).data] == [customer]


def test_a_deleted_customer_is_known_as_deleted_and_its_cards_are_nobodys(sandbox, v1, customer):
    method = saved(v1, customer)
    assert v1.customers.delete(customer).deleted
    assert v1.customers.retrieve(customer).deleted
    assert customer not in [found.id for found in v1.customers.list({"limit": 100}).data]
    assert v1.payment_methods.retrieve(method).customer is None
    assert sandbox.event_types(customer) == ["customer.created", "customer.deleted"]
    for call in (v1.customers.delete, v1.customers.update, v1.customers.payment_methods.list):
        assert refusal_of(call, customer).code == "resource_missing"


def test_saved_cards_are_listed_for_their_customer_in_both_ways(sandbox, v1, customer):
    cards = [saved(v1, customer) for _ in range(3)]
    saved(v1, v1.customers.create().id)
    assert [found.id for found in v1.payment_methods.list({"customer": customer, "type": "card"}).data] == cards[::-1]
    listed = v1.customers.payment_methods.list(customer, {"limit": 2}).auto_paging_iter()
    assert [found.id for found in listed] == cards[::-1]
    v1.payment_methods.detach(cards[1])
    assert [found.id for found in v1.payment_methods.list({"customer": customer}).data] == [cards[2], cards[0]]
    assert sandbox.event_types(cards[1]) == ["payment_method.attached", "payment_method.detached"]


def test_a_customers_default_is_one_of_its_cards_and_goes_with_it(v1, customer):
    card, others = saved(v1, customer), saved(v1, v1.customers.create().id)

    def default(method):
        return v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})

    assert default(card).invoice_settings.default_payment_method == card
    assert "must be attached to the customer" in refusal_of(default, others).user_message
    assert refusal_of(default, "pm_none").code == "resource_missing"
    assert v1.customers.retrieve(customer).invoice_settings.default_payment_method == card
    v1.payment_methods.detach(card)
    assert v1.customers.retrieve(customer).invoice_settings.default_payment_method is None


def test_a_card_belongs_to_one_customer_and_is_detached_once_for_ever(v1, customer):
    card, other = saved(v1, customer), v1.customers.create().id
    for taker in (customer, other):
        assert "already been attached" in refusal_of(v1.payment_methods.attach, card, {"customer": taker}).user_message
    v1.payment_methods.detach(card)
    assert "detachment is impossible" in refusal_of(v1.payment_methods.detach, card).user_message
    assert "may not be used again" in refusal_of(v1.payment_methods.attach, card, {"customer": other}).user_message


def test_a_saved_card_pays_for_its_customer_again_and_again(v1, customer):
    paying = PAY | {"customer": customer, "payment_method": saved(v1, customer)}
    paid = [v1.payment_intents.create(paying | more) for more in ({}, {"off_session": True})]
    assert [intent.status for intent in paid] == ["succeeded"] * 2
    assert [intent.id for intent in v1.payment_intents.list({"customer": customer}).data] == [i.id for i in paid][::-1]


def test_a_card_saved_for_somebody_else_pays_for_nobody_else(sandbox, v1, customer):
    card = saved(v1, v1.customers.create().id)
    asked = PAY | {"payment_method": card}
    told = refusal_of(v1.payment_intents.create, asked | {"customer": customer})
    assert (told.param, "must be attached to the customer" in told.user_message) == ("payment_method", True)
    assert "you must provide the customer" in refusal_of(v1.payment_intents.create, asked).user_message
    opened = v1.payment_intents.create({"amount": 9500, "currency": "usd", "customer": customer}).id
    told = refusal_of(v1.payment_intents.confirm, opened, {"payment_method": card})
    assert (told.param, v1.payment_intents.retrieve(opened).amount_received) == ("payment_method", 0)


def test_a_card_that_paid_for_nobody_is_not_used_again_unless_it_is_saved_in_paying(v1, customer):
    def new():
        card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2034}
        return v1.payment_methods.create({"type": "card", "card": card}).id

    once, kept = new(), new()
    v1.payment_intents.create(PAY | {"customer": customer, "payment_method": once})
    v1.payment_intents.create(PAY | {"customer": customer, "payment_method": kept, "setup_future_usage": "off_session"})
    assert [card.id for card in v1.payment_methods.list({"customer": customer}).data] == [kept]
    for use in (PAY | {"payment_method": once}, PAY | {"customer": customer, "payment_method": once}):
        assert "may not be used again" in refusal_of(v1.payment_intents.create, use).user_message
    assert v1.payment_intents.create(PAY | {"customer": customer, "payment_method": kept}).status == "succeeded"


def test_nobody_is_there_to_authenticate_off_session(v1, customer):
    paying = PAY | {"customer": customer, "payment_method": saved(v1, customer, ASKS)}
    assert v1.payment_intents.create(paying).status == "requires_action"
    told = refusal_of(v1.payment_intents.create, paying | {"off_session": True})
    assert (told.http_status, told.code) == (402, "authentication_required")
    unsaved = PAY | {"customer": customer, "payment_method": "pm_card_visa", "off_session": True}
    assert "must be attached" in refusal_of(v1.payment_intents.create, unsaved).user_message


def test_what_is_no_customer_is_refused(v1):
    asked = {"amount": 9500, "currency": "usd", "customer": "cus_none"}
    assert refusal_of(v1.payment_intents.create, asked).param == "customer"
    assert refusal_of(v1.payment_methods.attach, "pm_card_visa", {"customer": "cus_none"}).code == "resource_missing"
    assert refusal_of(v1.payment_methods.list, {"customer": "cus_none"}).param == "customer"


def test_a_card_that_two_customers_save_at_once_belongs_to_one(v1):
    card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2034}
    method = v1.payment_methods.create({"type": "card", "card": card}).id
    customers = [v1.customers.create().id for _ in range(4)]

    def save(customer):
        try:
            return v1.payment_methods.attach(method, {"customer": customer}).customer
        except package.InvalidRequestError:
            return None

    with ThreadPoolExecutor(4) as all_at_once:
        owners = [owner for owner in all_at_once.map(save, customers) if owner]
    assert owners == [v1.payment_methods.retrieve(method).customer]
