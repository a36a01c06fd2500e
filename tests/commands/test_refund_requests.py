"""Refunds are asked for, approved by somebody else or denied, tried again; never more than what was paid."""

import pytest

from commands.refunds import AskRefund, approve_refund, deny_refund, pay_back, request_refund, try_refund_again
from domain.address import Words
from eventlog.ids import new_id
from eventlog.store import EventStore
from tests.commands.money_back import (
    ADA,
    EVE,
    PRICE,
    approved,
    aside,
    asked_until_known,
    at_stripe,
    back,
    given_back,
    news,
    paid,
    refused,
    requested,
    settled_at_stripe,
    shown,
)
from tests.commands.wishes import names, place, together

EXCEEDS = "refund_exceeds_payment"


def test_what_is_asked_for_is_set_aside_in_the_same_append_and_waits(ctx, sandbox):
    placed = paid(ctx)
    done = request_refund(AskRefund(placed.payment_id, 4000, "It was late."), ctx(actor=ADA))
    (asked,) = ctx().store.history(done.refund_id)
    reserved = ctx().store.history(placed.payment_id)[-1]
    assert {asked.position, reserved.position} == {done.position - 1, done.position}
    assert (asked.event.requested_by, asked.event.reason, asked.event.personal) == (
        ADA,
        "by_staff",
        Words("It was late."),
    )
    pay_back(done.refund_id, ctx())
    assert (back(ctx, done.refund_id).status, at_stripe(ctx, sandbox, placed)) == ("requested", (0, 0))


def test_fifty_who_ask_at_once_never_get_more_than_was_paid(ctx, database, vault):
    placed = paid(ctx)
    with EventStore(database, vault) as other:
        asked = AskRefund(placed.payment_id, 10000, "")
        stores = (ctx().store, other)

        def ask(n):
            return refused(lambda: request_refund(asked, ctx(actor=ADA, store=stores[n % 2])))

        answers = together(*[lambda n=n: ask(n) for n in range(50)])
    assert sorted(answers) == [""] * 11 + [EXCEEDS] * 39
    assert aside(ctx, placed) == 110000


@pytest.mark.parametrize("cents", [0, -1, PRICE + 1])
def test_nothing_less_than_a_cent_and_no_more_than_was_paid(ctx, cents):
    placed = paid(ctx)
    assert refused(lambda: requested(ctx, placed, cents)) == EXCEEDS


def test_only_a_payment_that_is_known_and_succeeded_is_given_back(ctx):
    placed = place(ctx)
    assert refused(lambda: requested(ctx, placed)) == "payment_not_refundable"
    assert refused(lambda: request_refund(AskRefund(placed.booking_id, 1, ""), ctx())) == "not_found"


def test_two_who_approve_at_once_make_one_refund(ctx, sandbox, database, vault):
    placed = paid(ctx)
    id = requested(ctx, placed, 4000)
    with EventStore(database, vault) as other:
        contexts = [ctx(actor=f"staff:{n}", store=store) for n, store in enumerate((ctx().store, other) * 2)]
        together(*[lambda c=c: approve_refund(id, False, c) for c in contexts])
        together(*[lambda c=c: asked_until_known(lambda: pay_back(id, c)) for c in contexts])
    assert names(ctx, id) == ["RefundRequested", "RefundApproved", "RefundCompleted"]
    assert at_stripe(ctx, sandbox, placed) == (1, 4000)


def test_who_asked_needs_a_second_person_but_for_admins_of_whom_it_is_recorded(ctx):
    placed = paid(ctx)
    id = requested(ctx, placed, 4000)
    assert refused(lambda: approve_refund(id, False, ctx(actor=ADA))) == "needs_second_person"
    assert back(ctx, id).status == "requested"
    approve_refund(id, True, ctx(actor=ADA))
    assert ctx().store.history(id)[-1].event.is_own
    approve_refund(other := requested(ctx, placed, 4000), True, ctx(actor=EVE))
    assert not ctx().store.history(other)[-1].event.is_own


def test_what_is_denied_is_free_again_and_cannot_be_approved(ctx):
    placed = paid(ctx)
    id = requested(ctx, placed)
    assert refused(lambda: requested(ctx, placed, 1)) == EXCEEDS
    assert refused(lambda: deny_refund(id, "My mistake.", ctx(actor=ADA))) == "needs_second_person"
    for _ in range(2):
        deny_refund(id, "It was on time.", ctx(actor=EVE))
    assert names(ctx, id) == ["RefundRequested", "RefundDenied"]
    denied = ctx().store.history(id)[-1].event
    assert (denied.denied_by, denied.personal, aside(ctx, placed)) == (EVE, Words("It was on time."), 0)
    assert refused(lambda: approve_refund(id, True, ctx(actor=EVE))) == "invalid_transition"
    requested(ctx, placed)


def test_what_was_approved_is_not_denied(ctx):
    id = approved(ctx, paid(ctx))
    assert refused(lambda: deny_refund(id, "", ctx(actor=EVE))) == "invalid_transition"


def test_approved_and_denied_at_once_it_is_one_of_the_two(ctx, database, vault):
    placed = paid(ctx)
    id = requested(ctx, placed, 4000)
    with EventStore(database, vault) as other:
        together(
            lambda: refused(lambda: approve_refund(id, False, ctx(actor=EVE))),
            lambda: refused(lambda: deny_refund(id, "", ctx(actor=EVE, store=other))),
        )
    assert aside(ctx, placed) == {"approved": 4000, "denied": 0}[back(ctx, id).status]


def test_what_has_failed_is_tried_again_once_with_one_more_refund_at_stripe(ctx, sandbox):
    placed = paid(ctx)
    id = given_back(ctx, placed, 4000)
    settled_at_stripe(ctx, sandbox, placed, "failed")
    news(ctx, placed)
    assert (back(ctx, id).status, aside(ctx, placed), shown(ctx, placed)) == ("failed", 0, ("succeeded", "paid"))
    together(*[lambda: try_refund_again(id, ctx(actor=EVE))] * 2)
    assert (back(ctx, id).attempt, aside(ctx, placed)) == (2, 4000)
    news(ctx, placed)  # of the first attempt
    assert back(ctx, id).status == "approved"
    for _ in range(2):
        pay_back(id, ctx())
        news(ctx, placed)
    assert (back(ctx, id).status, at_stripe(ctx, sandbox, placed)) == ("completed", (2, 4000))


def test_what_was_promised_elsewhere_meanwhile_cannot_be_tried_again(ctx, sandbox):
    placed = paid(ctx)
    id = given_back(ctx, placed, 100000)
    settled_at_stripe(ctx, sandbox, placed, "failed")
    news(ctx, placed)
    requested(ctx, placed, 20000)
    assert refused(lambda: try_refund_again(id, ctx(actor=EVE))) == EXCEEDS
    assert (back(ctx, id).status, aside(ctx, placed)) == ("failed", 20000)


def test_only_what_has_failed_is_tried_again(ctx):
    placed = paid(ctx)
    assert refused(lambda: try_refund_again(requested(ctx, placed, 100), ctx())) == "invalid_transition"
    for something_else in (new_id(), placed.payment_id):
        assert refused(lambda id=something_else: try_refund_again(id, ctx())) == "not_found"
