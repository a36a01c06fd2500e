"""What may happen to saved payment methods: the first is the default, and one is as long as there is any."""

from functools import partial

from hypothesis import given as whatever
from hypothesis import settings
from hypothesis import strategies as some

from domain import Refused, customer
from domain.customer import PaymentMethods
from domain.customer_events import (
    AccountClosed,
    CustomerRegistered,
    DefaultPaymentMethodChosen,
    PaymentMethodRemoved,
    PaymentMethodSaved,
    StripeCustomerMade,
)
from domain.payment_methods import (
    MOST_METHODS,
    check_savable,
    choose_default,
    make_stripe_customer,
    remove_method,
    save_method,
)
from domain.person import PersonForgotten
from domain.profile import Card
from tests import Given
from tests.samples import person

ADA = person("ada")
REGISTERED, CLOSED, MADE = CustomerRegistered(ADA, person("mail")), AccountClosed(), StripeCustomerMade("cus_1")
given = partial(Given, customer, REGISTERED)
ACTS = some.tuples(
    some.sampled_from([save_method, choose_default, remove_method]),
    some.sampled_from(["a", "b", "c", "d"]),
    some.booleans(),
)


def saved(name):
    return PaymentMethodSaved(f"pm_{name}", ADA, Card("visa", "4242", 12, 2034))


def removed(name):
    return PaymentMethodRemoved(f"pm_{name}")


def chosen(name):
    return DefaultPaymentMethodChosen(f"pm_{name}")


def default(*happened):
    return given(*happened).state.methods.default


def test_a_customer_has_one_customer_at_stripe():
    given().when(make_stripe_customer, MADE).then(MADE)
    given(MADE).when(make_stripe_customer, StripeCustomerMade("cus_2")).then()
    assert given(MADE, CLOSED, PersonForgotten(ADA, (ADA,))).state.stripe_id == "cus_1"


def test_another_takes_the_place_of_one_that_is_gone_with_its_cards():
    other = StripeCustomerMade("cus_2")
    old = given(MADE, saved("a"), saved("b"), removed("a"))
    old.when(make_stripe_customer, other, "cus_1").then(removed("b"), other)
    again = given(MADE, saved("a"), removed("a"), other, saved("b"))
    again.when(make_stripe_customer, StripeCustomerMade("cus_3"), "cus_1").then()
    assert (again.state.stripe_id, again.state.methods.default) == ("cus_2", "pm_b")


def test_a_method_is_saved_once_and_the_first_is_the_default():
    given().when(save_method, saved("a")).then(saved("a"))
    given(saved("a")).when(save_method, saved("a")).then()
    given().when(save_method, saved("a"), True).then(saved("a"))
    given(saved("a")).when(save_method, saved("a"), True).then()
    given(saved("a")).when(save_method, saved("b")).then(saved("b"))
    assert default(saved("a"), saved("b")) == "pm_a"


def test_a_method_can_be_saved_as_the_default_also_when_it_is_saved_already():
    given(saved("a")).when(save_method, saved("b"), True).then(saved("b"), chosen("b"))
    given(saved("a"), saved("b")).when(save_method, saved("b"), True).then(chosen("b"))


def test_another_default_is_chosen_among_those_that_are_saved():
    both = given(saved("a"), saved("b"))
    both.when(choose_default, "pm_b").then(chosen("b"))
    both.when(choose_default, "pm_a").then()
    both.when(choose_default, "pm_c").refused("not_found")
    given(saved("a"), saved("b"), removed("b")).when(choose_default, "pm_b").refused("not_found")


def test_the_newest_that_is_left_takes_the_place_of_a_default_that_is_removed():
    three = [saved("a"), saved("b"), saved("c")]
    assert default(*three, removed("a")) == "pm_c"
    assert default(*three, chosen("b"), removed("a")) == "pm_b"
    assert default(*three, removed("c"), removed("a")) == "pm_b"
    assert default(saved("a"), removed("a")) == ""
    assert default(saved("a"), removed("a"), saved("b")) == "pm_b"


def test_a_method_is_removed_once_and_does_not_come_back():
    given(saved("a")).when(remove_method, "pm_a").then(removed("a"))
    gone = given(saved("a"), removed("a"))
    gone.when(remove_method, "pm_a").then()
    gone.when(check_savable, "pm_a").refused("invalid_value")
    gone.when(save_method, saved("a")).refused("invalid_value")
    given().when(remove_method, "pm_a").refused("not_found")


def test_so_many_methods_can_be_saved_and_no_more():
    many = [saved(n) for n in range(MOST_METHODS)]
    given(*many[1:]).when(save_method, many[0]).then(many[0])
    given(*many).when(check_savable, "pm_x").refused("too_many_items")
    given(*many).when(save_method, saved("x")).refused("too_many_items")
    given(*many).when(save_method, many[0]).then()
    given(*many, removed(0)).when(save_method, saved("x")).then(saved("x"))


def test_a_closed_account_saves_chooses_and_removes_nothing_more():
    closed = given(saved("a"), saved("b"), CLOSED)
    closed.when(make_stripe_customer, MADE).refused("not_found")
    closed.when(check_savable, "pm_c").refused("not_found")
    closed.when(save_method, saved("c")).refused("not_found")
    closed.when(choose_default, "pm_b").refused("not_found")
    closed.when(remove_method, "pm_a").refused("not_found")


def test_who_is_forgotten_has_no_methods():
    assert given(saved("a"), CLOSED, PersonForgotten(ADA, (ADA,))).state.methods == PaymentMethods()


def asked(state, act):
    """The events of an act of the customer's; none where it is refused. Asked again, there are none."""
    decision, name, is_default = act
    args = (saved(name), is_default) if decision is save_method else (f"pm_{name}",)
    try:
        events = decision(state, *args)
    except Refused:
        return state
    for event in events:
        state = customer.evolve(state, event)
    assert decision(state, *args) == []
    return state


@settings(max_examples=100, deadline=None)
@whatever(some.lists(ACTS, max_size=30))
def test_there_is_one_default_as_long_as_there_is_a_method_whatever_the_customer_does(acts):
    state = given().state
    for act in acts:
        state = asked(state, act)
        methods = state.methods
        assert methods.default in (methods.saved or ("",))
        assert len(set(methods.saved)) == len(methods.saved)
        assert not set(methods.saved) & set(methods.removed)
