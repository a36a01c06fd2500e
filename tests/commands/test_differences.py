"""A change after payment is settled to the cent, once: what is too much goes back, what is missing is asked for."""

import pytest

from commands import booking_ref
from commands.changing import ByStaff
from commands.differences import settle_difference
from commands.ending import Cancellation, cancel_as_seen
from commands.hearing import hear
from commands.payments import cancel_intent, create_intent, pay_in_sandbox
from commands.readdressing import Ends
from commands.refunds import deny_refund, pay_back
from domain.booking import Status, due_cents
from domain.ids import payment_id
from eventlog.store import EventStore
from integrations.stripe import StripeUnavailable
from tests.commands.changes import AT_NINE, NEAR, SATURDAY, STAFF, change, on
from tests.commands.money_back import (
    ADA,
    EVE,
    PRICE,
    aside,
    at_stripe,
    given_back,
    intent_of,
    news,
    paid,
    requested,
    shown,
)
from tests.commands.wishes import PASSES, TOWN, booking, names, payment, place, together, told
from workers.jobs import COMMANDS
from workers.reactions import react

MORE = 5000


def dearer(ctx, placed):
    change(ctx, placed, AT_NINE, by_staff=STAFF)


def cheaper(ctx, placed, by_staff=STAFF) -> int:
    """By how much."""
    change(ctx, placed, ends=Ends(TOWN, NEAR), by_staff=by_staff)
    less = -due(ctx, placed)
    assert less > 0
    return less


def due(ctx, placed) -> int:
    return due_cents(booking(ctx, placed))


def settle(ctx, placed):
    return settle_difference(placed.booking_id, ctx(actor="system"))


def returned(ctx, placed) -> list:
    """The refunds of differences, first one first."""
    return [r.event.refund_id for r in ctx().store.history(placed.booking_id) if r.name == "DifferenceReturned"]


def second(placed):
    return payment_id(placed.booking_id, 2)


def test_what_became_cheaper_goes_back_once_approved_by_the_system(ctx, sandbox):
    placed = paid(ctx)
    less = cheaper(ctx, placed)
    for _ in range(2):
        settle(ctx, placed)
    (id,) = returned(ctx, placed)
    asked, by = (r.event for r in ctx().store.history(id))
    assert (asked.reason, asked.requested_by, asked.amount_cents) == ("price_difference", "system", less)
    assert (by.approved_by, due(ctx, placed), aside(ctx, placed)) == ("system", 0, less)
    pay_back(id, ctx())
    assert shown(ctx, placed) == ("partially_refunded", "paid")
    assert at_stripe(ctx, sandbox, placed) == (1, less)


def test_settled_by_many_at_once_it_goes_back_once(ctx, database, vault):
    placed = paid(ctx)
    less = cheaper(ctx, placed)
    with EventStore(database, vault) as other:
        stores = (ctx().store, other) * 3
        together(*[lambda s=s: settle_difference(placed.booking_id, ctx(store=s)) for s in stores])
    assert (len(returned(ctx, placed)), aside(ctx, placed), due(ctx, placed)) == (1, less, 0)


def test_what_became_dearer_is_one_further_payment_of_exactly_the_difference(ctx, sandbox):
    placed = paid(ctx)
    dearer(ctx, placed)
    for _ in range(2):
        settle(ctx, placed)
    further = payment(ctx, placed, second(placed))
    assert (further.amount_cents, booking(ctx, placed).payments, due(ctx, placed)) == (MORE, 2, MORE)
    assert create_intent(placed.booking_number, ctx())[0] == second(placed)
    pay_in_sandbox(intent_of(ctx, placed, second(placed)), placed.booking_number, PASSES, ctx())
    assert (due(ctx, placed), names(ctx, placed.booking_id)[-1]) == (0, "BookingBalancePaid")
    settle(ctx, placed)
    assert (booking(ctx, placed).payments, returned(ctx, placed)) == (2, [])


def test_changed_again_before_the_further_payment_was_paid_all_that_is_due_is_asked_for(ctx):
    placed = paid(ctx)
    dearer(ctx, placed)
    settle(ctx, placed)
    change(ctx, placed, on(SATURDAY), by_staff=STAFF)
    with pytest.raises(StripeUnavailable):  # the payment of the old price has to end first
        settle(ctx, placed)
    cancel_intent(second(placed), ctx())
    settle(ctx, placed)
    assert payment(ctx, placed, payment_id(placed.booking_id, 3)).amount_cents == due(ctx, placed) != MORE


def test_money_of_the_old_price_that_comes_late_counts_and_the_rest_is_asked_for(ctx):
    placed = place(ctx)
    ctx().stripe.confirm_with_card(intent_of(ctx, placed), PASSES, "http://127.0.0.1/")
    change(ctx, placed, AT_NINE)
    hear(told(intent_of(ctx, placed)), ctx())
    assert (shown(ctx, placed), due(ctx, placed)) == (("succeeded", "paid"), MORE)
    settle(ctx, placed)
    assert payment(ctx, placed, second(placed)).amount_cents == MORE


@pytest.mark.parametrize("is_done", [False, True])
def test_money_of_the_old_price_that_was_too_much_goes_back_also_when_all_is_done(ctx, is_done):
    placed = place(ctx)
    ctx().stripe.confirm_with_card(intent_of(ctx, placed), PASSES, "http://127.0.0.1/")
    change(ctx, placed, ends=Ends(TOWN, NEAR))
    for status in (Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED) if is_done else ():
        change(ctx, placed, by_staff=ByStaff(status))
    hear(told(intent_of(ctx, placed)), ctx())
    less = -due(ctx, placed)
    settle(ctx, placed)
    assert (aside(ctx, placed), due(ctx, placed), less > 0) == (less, 0, True)


def test_a_difference_greater_than_any_one_payment_goes_back_from_all(ctx):
    placed = paid(ctx)
    dearer(ctx, placed)
    settle(ctx, placed)
    create_intent(placed.booking_number, ctx())
    pay_in_sandbox(intent_of(ctx, placed, second(placed)), placed.booking_number, PASSES, ctx())
    requested(ctx, placed, PRICE - 1000)
    less = cheaper(ctx, placed)
    settle(ctx, placed)
    left = {id: sum(payment(ctx, placed, id).refunds.values()) for id in (placed.payment_id, second(placed))}
    assert left == {placed.payment_id: PRICE, second(placed): MORE}
    assert due(ctx, placed) == 6000 - less
    settle(ctx, placed)
    assert len(returned(ctx, placed)) == 2


def test_of_a_disputed_payment_nothing_goes_back(ctx, sandbox):
    placed = paid(ctx)
    sandbox.act("disputes", intent=intent_of(ctx, placed))
    news(ctx, placed)
    less = cheaper(ctx, placed)
    settle(ctx, placed)
    assert (returned(ctx, placed), due(ctx, placed)) == ([], -less)


def test_once_the_dispute_is_won_what_could_not_go_back_goes_back(ctx, sandbox):
    placed = paid(ctx)
    sandbox.act("disputes", intent=intent_of(ctx, placed))
    news(ctx, placed)
    less = cheaper(ctx, placed)
    settle(ctx, placed)
    [made] = ctx().stripe.disputes_of(intent_of(ctx, placed))
    sandbox.act(f"disputes/{made.id}/close", outcome="won")
    news(ctx, placed)
    [(task, about, *_)] = react(ctx().store.history(placed.payment_id)[-1])
    for _ in range(2):
        COMMANDS[task](about, ctx(actor="system"))
    assert (len(returned(ctx, placed)), aside(ctx, placed), due(ctx, placed)) == (1, less, 0)


def test_a_difference_of_money_that_was_set_aside_goes_back_once_that_came_to_nothing(ctx):
    placed = paid(ctx)
    wished = requested(ctx, placed)
    less = cheaper(ctx, placed)
    settle(ctx, placed)
    assert returned(ctx, placed) == []
    deny_refund(wished, "It came on time.", ctx(actor=EVE))
    for recorded in ctx().store.history(placed.payment_id)[-1:]:
        for job in react(recorded):
            COMMANDS[job.task](job.about, ctx(actor="system"))
    assert (len(returned(ctx, placed)), due(ctx, placed), aside(ctx, placed)) == (1, 0, less)


def test_of_a_cancelled_or_unpaid_booking_nothing_is_settled(ctx):
    unpaid, gone = place(ctx), paid(ctx, "eve")
    change(ctx, unpaid, AT_NINE)
    cheaper(ctx, gone)
    cancel_as_seen(booking_ref(gone.booking_id), Cancellation("No", True, 0), ctx(actor=ADA))
    for placed in (unpaid, gone):
        settle(ctx, placed)
        assert (booking(ctx, placed).payments, returned(ctx, placed), aside(ctx, placed)) == (1, [], 0)


def test_cancelled_after_a_difference_went_back_the_rest_goes_back(ctx):
    placed = paid(ctx)
    cheaper(ctx, placed)
    settle(ctx, placed)
    cancel_as_seen(booking_ref(placed.booking_id), Cancellation("No", True), ctx(actor=ADA))
    assert aside(ctx, placed) == PRICE


def test_the_difference_and_then_the_rest_given_back_is_all(ctx):
    placed = paid(ctx)
    less = cheaper(ctx, placed)
    settle(ctx, placed)
    pay_back(returned(ctx, placed)[0], ctx())
    given_back(ctx, placed, PRICE - less)
    assert shown(ctx, placed) == ("refunded", "cancelled")
