"""Saved payment methods over HTTP: listed from the log, one default, nobody else's, and paid with."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from domain.customer_events import PaymentMethodSaved, StripeCustomerMade
from domain.profile import Card
from tests.api.doors import code, etag, read
from tests.api.own_bookings import book, happen
from tests.api.projected import project
from tests.waiting import until

METHODS = "/api/customer/payment-methods/"
PASSES, MASTERCARD = "4242424242424242", "5555555555554444"


@pytest.fixture
def ada(busy_house):
    return busy_house.customer(f"{uuid4().hex}@example.com")


@pytest.fixture
def new_card(sandbox):
    """What Stripe's script makes in the browser of whoever types a card."""

    def make(number=PASSES):
        card = {"number": number, "exp_month": 12, "exp_year": 2034}
        return sandbox.package().payment_methods.create({"type": "card", "card": card}).id

    return make


def save(house, who, method, headers=None, **told):
    body = {"payment_method_id": method} | told
    return house.http.post(METHODS, json=body, headers=who.headers | (headers or {}))


def saved(house, who, method, **told):
    answer = save(house, who, method, **told)
    assert answer.status_code == 201, answer.text
    return answer.json()["payment_method"]


def choose(house, who, id, headers=None, is_default=True):
    sent = etag(house, who) if headers is None else headers
    return house.http.patch(f"{METHODS}{id}/", json={"is_default": is_default}, headers=who.headers | sent)


def take_away(house, who, id, **headers):
    return house.http.delete(f"{METHODS}{id}/", headers=who.headers | headers)


def listed(house, who):
    return read(house, who, METHODS).json()["payment_methods"]


def pay(house, who, made, **told):
    intent, number = made["payment"]["stripe_payment_intent_id"], made["booking"]["booking_number"]
    body = {"payment_intent_id": intent, "booking_number": number} | told
    return house.http.post("/api/payments/mock-confirm/", json=body, headers=who.headers)


def test_a_saved_card_is_shown_as_its_owner_tells_it_from_others(busy_house, ada, new_card):
    method = new_card(MASTERCARD)
    answer = save(busy_house, ada, method)
    shown = answer.json()["payment_method"]
    assert answer.status_code == 201
    assert shown == {"id": method, "brand": "mastercard", "last_four": "4444", "exp_month": 12, "exp_year": 2034,
                     "is_default": True, "saved_at": shown["saved_at"]}  # fmt: skip
    assert busy_house.http.get(METHODS, headers=ada.headers).json() == {"payment_methods": [shown], "next_cursor": None}
    assert read(busy_house, ada, METHODS).headers["etag"] == answer.headers["etag"]


def test_the_same_card_again_is_the_same_answer_and_nothing_new(busy_house, ada, new_card):
    method = new_card()
    first, key = save(busy_house, ada, method), {"Idempotency-Key": "k"}
    assert save(busy_house, ada, method).text == first.text
    other = save(busy_house, ada, new_card(), key)
    take_away(busy_house, ada, other.json()["payment_method"]["id"])
    again = save(busy_house, ada, other.json()["payment_method"]["id"], key)
    assert (again.status_code, again.text) == (201, other.text)
    assert code(save(busy_house, ada, method, key)) == (422, "idempotency_mismatch")
    assert [one["id"] for one in listed(busy_house, ada)] == [method]


def test_a_card_that_is_sent_many_times_at_once_is_saved_once(busy_house, ada, new_card):
    method = new_card()

    def until_known(_):
        """A twin may be asking Stripe in the same moment: then it is to be asked again."""
        return until(lambda: (answer := save(busy_house, ada, method)).status_code != 503 and answer)

    with ThreadPoolExecutor(5) as many:
        answers = list(many.map(until_known, range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert [one["id"] for one in listed(busy_house, ada)] == [method]


def test_one_is_the_default_the_first_the_chosen_or_the_newest_that_is_left(busy_house, ada, new_card):
    first, second, third = (saved(busy_house, ada, new_card())["id"] for _ in range(3))

    def default():
        [shown] = [one["id"] for one in listed(busy_house, ada) if one["is_default"]]
        return shown

    assert default() == first
    answer = choose(busy_house, ada, second)
    assert (answer.status_code, answer.json()["payment_method"]["is_default"], default()) == (200, True, second)
    assert answer.headers["etag"] == read(busy_house, ada, METHODS).headers["etag"]
    take_away(busy_house, ada, second)
    assert default() == third
    fourth = saved(busy_house, ada, new_card(), is_default=True)
    assert (fourth["is_default"], default()) == (True, fourth["id"])


def test_choosing_is_for_what_was_read_and_removing_may_be(busy_house, ada, new_card):
    first, second = (saved(busy_house, ada, new_card())["id"] for _ in range(2))
    seen = etag(busy_house, ada)
    assert choose(busy_house, ada, second, seen).status_code == 200
    assert code(choose(busy_house, ada, first, seen)) == (412, "version_conflict")
    assert code(choose(busy_house, ada, first, {})) == (428, "precondition_required")
    assert code(choose(busy_house, ada, "pm_none", {})) == (404, "not_found")
    assert code(choose(busy_house, ada, first, is_default=False)) == (422, "invalid_value")
    assert code(take_away(busy_house, ada, first, **seen)) == (412, "version_conflict")
    gone = take_away(busy_house, ada, first, **etag(busy_house, ada))
    assert (gone.status_code, take_away(busy_house, ada, first).json()) == (200, gone.json())
    assert code(choose(busy_house, ada, first)) == (404, "not_found")


def test_a_card_of_somebody_else_is_none(busy_house, ada, new_card):
    eve, method = busy_house.customer(f"{uuid4().hex}@example.com"), new_card()
    saved(busy_house, ada, method)
    for id in (method, "x", str(uuid4())):
        assert code(choose(busy_house, eve, id)) == (404, "not_found")
        assert code(take_away(busy_house, eve, id)) == (404, "not_found")
    stolen = save(busy_house, eve, method)
    assert code(stolen) == (422, "invalid_value")
    assert [error["path"] for error in stolen.json()["errors"]] == ["/payment_method_id"]
    assert (listed(busy_house, eve), len(listed(busy_house, ada))) == ([], 1)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"payment_method_id": "pm_none"}, "invalid_value"),
        ({"payment_method_id": "4242"}, "invalid_value"),
        ({"payment_method_id": "pm_" + "x" * 253}, "text_too_long"),
        ({"payment_method_id": None}, "invalid_value"),
        ({"card": "4242"}, "unexpected_field"),
    ],
)
def test_what_is_no_payment_method_is_refused(busy_house, ada, wrong, refusal):
    answer = busy_house.http.post(METHODS, json={"payment_method_id": "pm_1"} | wrong, headers=ada.headers)
    assert code(answer) == (422, refusal)


@pytest.mark.parametrize("told", ["4242", "tok_visa"])
def test_who_sends_another_thing_of_stripes_is_told_how_a_payment_method_is_named(busy_house, ada, told):
    [error] = busy_house.http.post(METHODS, json={"payment_method_id": told}, headers=ada.headers).json()["errors"]
    assert (error["path"], error["code"]) == ("/payment_method_id", "invalid_value")
    assert error["message"] == "Stripe's id of a payment method begins with pm_."


def test_a_test_name_of_stripes_makes_a_card_of_its_own_each_time(busy_house, ada):
    two = [saved(busy_house, ada, "pm_card_visa") for _ in range(2)]
    assert listed(busy_house, ada) == two


def test_a_booking_is_paid_with_a_saved_card_of_its_customer_alone(busy_house, ada, new_card):
    eve, method = busy_house.customer(f"{uuid4().hex}@example.com"), new_card()
    saved(busy_house, ada, method)
    theirs, mine = book(busy_house, eve).json(), book(busy_house, ada).json()
    stolen = pay(busy_house, eve, theirs, payment_method=method)
    assert code(stolen) == (409, "payment_failed")
    assert stolen.json()["detail"] == "Stripe does not take this payment method."
    assert [error["path"] for error in stolen.json()["errors"]] == ["/payment_method"]
    assert code(pay(busy_house, ada, mine, payment_method=method, card=PASSES)) == (422, "unexpected_field")
    paid = pay(busy_house, ada, mine, payment_method=method).json()
    assert (paid["booking"]["status"], paid["payment"]["status"]) == ("paid", "succeeded")


def test_dashboard_and_export_show_the_saved_cards(busy_house, ada, new_card):
    kept, gone = (saved(busy_house, ada, new_card()) for _ in range(2))
    take_away(busy_house, ada, gone["id"])
    project(busy_house)
    assert read(busy_house, ada, "/api/customer/dashboard/").json()["payment_methods"] == [kept]
    held = read(busy_house, ada, "/api/customer/export/").json()
    assert held["payment_methods"] == [kept]
    happened = [one["what"] for one in held["changes"]]
    assert happened[-4:] == ["StripeCustomerMade", *["PaymentMethodSaved"] * 2, "PaymentMethodRemoved"]


def test_while_stripe_is_away_cards_are_listed_chosen_and_removed_and_none_is_saved(house):
    ada = house.customer()
    cards = [PaymentMethodSaved(f"pm_{n}", ada.id, Card("visa", "4242", 12, 2034)) for n in range(2)]
    happen(house, ada, StripeCustomerMade("cus_1"), *cards)
    answer = save(house, ada, "pm_new")
    assert (*code(answer), answer.headers["retry-after"]) == (503, "temporarily_unavailable", "1")
    assert choose(house, ada, "pm_1").status_code == 200
    assert [(one["id"], one["is_default"]) for one in listed(house, ada)] == [("pm_0", False), ("pm_1", True)]
    assert take_away(house, ada, "pm_1").status_code == 200
    assert [(one["id"], one["is_default"]) for one in listed(house, ada)] == [("pm_0", True)]
