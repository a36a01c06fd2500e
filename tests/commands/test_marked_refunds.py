"""A person at Stripe marks a refund as one of ours: whatever the mark says, its money is counted once, and as it is."""

from dataclasses import replace

import pytest

from commands.paying_back import record_foreign_refund
from commands.refunds import approve_refund, deny_refund, pay_back, try_refund_again
from domain.refund import begun_at_stripe
from tests.commands.money_back import (
    EVE,
    FAILING,
    approved,
    aside,
    at_stripe,
    back,
    given_back,
    intent_of,
    news,
    paid,
    requested,
)
from tests.commands.money_back import settled_at_stripe as settle
from tests.commands.stripe_missed import FAR, compare
from tests.commands.wishes import payment, together


def marked(ctx, sandbox, placed, cents=4000):
    """A request, and the refund at Stripe in its name."""
    id = requested(ctx, placed, cents)
    asked = {"intent": intent_of(ctx, placed), "amount": cents, "metadata": {"refund_id": str(id)}}
    assert sandbox.act("refunds", **asked).is_success
    return id


def made_there(ctx, sandbox, placed, cents, **mark):
    """By a person at Stripe; our id of it."""
    asked = {"intent": intent_of(ctx, placed), "amount": cents, "metadata": mark}
    return begun_at_stripe(sandbox.act("refunds", **asked).json()["id"])


def agrees(ctx, sandbox, placed, refunds):
    """So many refunds at Stripe, and what went out by our log is what went out there, and all that is set aside."""
    for _ in range(2):
        news(ctx, placed)
    assert at_stripe(ctx, sandbox, placed) == (refunds, paid_out(ctx, placed))
    assert (aside(ctx, placed), compare(ctx, placed.payment_id, since=FAR)) == (paid_out(ctx, placed), (1, 0, []))


def paid_out(ctx, placed):
    return sum(payment(ctx, placed).paid_out.values())


def test_heard_of_before_the_approval_it_is_one_of_stripes_and_ours_fails(ctx, sandbox):
    placed = paid(ctx)
    id = marked(ctx, sandbox, placed)
    news(ctx, placed)
    approve_refund(id, False, ctx(actor=EVE))
    for _ in range(2):
        pay_back(id, ctx())
        news(ctx, placed)
    assert ctx().store.history(id)[-1].event.failure_reason == "made_at_stripe"
    assert (paid_out(ctx, placed), aside(ctx, placed), at_stripe(ctx, sandbox, placed)) == (4000, 4000, (1, 4000))


def test_tried_again_ours_is_made_beside_it(ctx, sandbox):
    placed = paid(ctx)
    id = marked(ctx, sandbox, placed)
    news(ctx, placed)
    approve_refund(id, False, ctx(actor=EVE))
    pay_back(id, ctx())
    try_refund_again(id, ctx(actor=EVE))
    pay_back(id, ctx())
    assert (back(ctx, id).status, paid_out(ctx, placed)) == ("completed", 8000)
    assert at_stripe(ctx, sandbox, placed) == (2, 8000)


def test_heard_of_after_the_approval_it_is_the_one_that_was_asked_for(ctx, sandbox):
    placed = paid(ctx)
    id = marked(ctx, sandbox, placed)
    approve_refund(id, False, ctx(actor=EVE))
    news(ctx, placed)
    pay_back(id, ctx())
    assert (back(ctx, id).status, paid_out(ctx, placed), aside(ctx, placed)) == ("completed", 4000, 4000)


def test_in_the_name_of_a_denied_one_it_is_one_of_stripes(ctx, sandbox):
    placed = paid(ctx)
    id = marked(ctx, sandbox, placed)
    deny_refund(id, "No.", ctx(actor=EVE))
    news(ctx, placed)
    assert (back(ctx, id).status, paid_out(ctx, placed), aside(ctx, placed)) == ("denied", 4000, 4000)


def test_when_it_comes_back_it_is_released_once_and_ours_is_no_part_of_it(ctx, sandbox):
    placed = paid(ctx, card=FAILING)
    id = marked(ctx, sandbox, placed)
    news(ctx, placed)
    settle(ctx, sandbox, placed, "failed")
    approve_refund(id, False, ctx(actor=EVE))
    for _ in range(2):
        news(ctx, placed)
    assert (back(ctx, id).status, paid_out(ctx, placed), aside(ctx, placed)) == ("approved", 0, 4000)
    pay_back(id, ctx())
    assert (back(ctx, id).status, aside(ctx, placed)) == ("failed", 0)


@pytest.mark.parametrize("named", ["booking_id", "payment_id"])
def test_in_the_name_of_something_that_is_no_refund_it_is_one_of_stripes(ctx, sandbox, named):
    placed = paid(ctx)
    asked = {"intent": intent_of(ctx, placed), "amount": 4000, "metadata": {"refund_id": str(getattr(placed, named))}}
    assert sandbox.act("refunds", **asked).is_success
    for _ in range(2):
        news(ctx, placed)
    assert (paid_out(ctx, placed), aside(ctx, placed)) == (4000, 4000)


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("mark", [{}, {"attempt": "1"}, {"attempt": "2"}], ids=str)
def test_of_another_amount_it_is_one_of_stripes_and_ours_is_made_beside_it(ctx, sandbox, heard, mark):
    placed = paid(ctx)
    id = approved(ctx, placed, 5000)
    theirs = made_there(ctx, sandbox, placed, 100, refund_id=str(id), **mark)
    if heard:
        news(ctx, placed)
        assert (back(ctx, id).status, back(ctx, theirs).status) == ("approved", "completed")
    pay_back(id, ctx())
    agrees(ctx, sandbox, placed, 2)
    assert (back(ctx, id).status, paid_out(ctx, placed)) == ("completed", 5100)


@pytest.mark.parametrize("mark", [{}, {"attempt": "3"}], ids=str)
@pytest.mark.parametrize("cents", [700, 1000])
@pytest.mark.parametrize("fails", [False, True])
def test_beside_the_one_that_was_made_for_ours_it_is_one_of_stripes(ctx, sandbox, fails, cents, mark):
    placed = paid(ctx, card=FAILING)
    id = given_back(ctx, placed, 1000)
    if fails:
        settle(ctx, sandbox, placed, "failed")
        news(ctx, placed)
    theirs = made_there(ctx, sandbox, placed, cents, refund_id=str(id), **mark)
    agrees(ctx, sandbox, placed, 2)
    assert (back(ctx, id).status, back(ctx, theirs).amount_cents) == ("failed" if fails else "completed", cents)


def test_of_an_attempt_that_another_followed_ours_says_nothing_and_theirs_is_one_of_stripes(ctx, sandbox):
    placed = paid(ctx, card=FAILING)
    id = given_back(ctx, placed, 1000)
    settle(ctx, sandbox, placed, "failed")
    [old] = ctx().stripe.refunds_of(intent_of(ctx, placed))
    news(ctx, placed)
    try_refund_again(id, ctx(actor=EVE))
    theirs = made_there(ctx, sandbox, placed, 1000, refund_id=str(id))
    news(ctx, placed)
    for told in (old, replace(old, status="succeeded")):
        record_foreign_refund(placed.payment_id, told, ctx())
    assert [back(ctx, one) and back(ctx, one).status for one in (id, theirs, begun_at_stripe(old.id))] == [
        "approved", "completed", None]  # fmt: skip
    pay_back(id, ctx())
    agrees(ctx, sandbox, placed, 3)
    assert paid_out(ctx, placed) == 2000


@pytest.mark.parametrize("mark", [{"attempt": "2"}, {"attempt": ""}, {"refund_id": "x", "attempt": "1"}], ids=str)
def test_what_was_begun_at_stripe_fails_whatever_attempt_it_says_it_is_and_is_tried_again_once(ctx, sandbox, mark):
    placed = paid(ctx, card=FAILING)
    id = made_there(ctx, sandbox, placed, 4000, **mark)
    news(ctx, placed)
    settle(ctx, sandbox, placed, "failed")
    agrees(ctx, sandbox, placed, 1)
    assert (back(ctx, id).status, aside(ctx, placed)) == ("failed", 0)
    try_refund_again(id, ctx(actor=EVE))
    news(ctx, placed)
    pay_back(id, ctx())
    agrees(ctx, sandbox, placed, 2)
    assert (back(ctx, id).status, paid_out(ctx, placed)) == ("completed", 4000)


def test_who_took_it_for_one_of_stripes_just_before_ours_was_done_by_it_records_nothing(ctx, sandbox):
    placed = paid(ctx)
    id = marked(ctx, sandbox, placed)
    [made] = ctx().stripe.refunds_of(intent_of(ctx, placed))
    approve_refund(id, False, ctx(actor=EVE))
    pay_back(id, ctx())
    record_foreign_refund(placed.payment_id, made, ctx())
    assert (back(ctx, id).status, paid_out(ctx, placed), aside(ctx, placed)) == ("completed", 4000, 4000)


def test_approved_in_the_moment_it_is_heard_of_it_is_counted_once(ctx, sandbox):
    placed = paid(ctx)
    for n in range(1, 6):
        id = marked(ctx, sandbox, placed, 100)

        def approve_and_pay(id=id):
            approve_refund(id, False, ctx(actor=EVE))
            pay_back(id, ctx())

        together(lambda: news(ctx, placed), approve_and_pay, lambda: news(ctx, placed))
        assert back(ctx, id).status in ("completed", "failed")
        assert (paid_out(ctx, placed), aside(ctx, placed)) == (100 * n, 100 * n)
    assert compare(ctx, placed.payment_id, since=FAR)[1] == 0
