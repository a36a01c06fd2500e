"""What becomes of a refund at Stripe, also of one begun there; and of the booking whose money has all gone back."""

import pytest

from commands.changing import ByStaff
from commands.differences import settle_difference
from commands.paying_back import record_refund
from commands.payments import create_intent
from commands.refunds import deny_refund, pay_back, refuse_refund, try_refund_again
from domain.booking import Status
from domain.ids import payment_id
from domain.refund import RefundDenied
from integrations.stripe import RefundAsked
from tests.commands.changes import AT_NINE, STAFF, change, start_booking
from tests.commands.money_back import (
    EVE,
    FAILING,
    PRICE,
    SLOW,
    approved,
    aside,
    at_stripe,
    back,
    begun_at_stripe,
    given_back,
    intent_of,
    news,
    paid,
    requested,
    settled_at_stripe,
    shown,
)
from tests.commands.wishes import booking, day, names, payment, together

FOREIGN = ["RefundRequested", "RefundApproved", "RefundCompleted"]


def test_a_part_that_went_back_leaves_the_booking_as_it_is(ctx):
    placed = paid(ctx)
    given_back(ctx, placed, 4000)
    assert (shown(ctx, placed), aside(ctx, placed)) == (("partially_refunded", "paid"), 4000)


def test_when_all_has_gone_back_a_paid_booking_is_cancelled_and_its_place_is_free(ctx):
    placed = paid(ctx)
    given_back(ctx, placed, 100000)
    last = given_back(ctx, placed, 17000)
    assert shown(ctx, placed) == ("refunded", "cancelled")
    assert placed.booking_id not in day(ctx).places
    gone, refunded = (ctx().store.history(id)[-1] for id in (placed.booking_id, last))
    assert (gone.event.reason, abs(gone.position - refunded.position) <= 3) == ("refunded", True)


def test_when_all_has_gone_back_a_completed_booking_is_refunded(ctx):
    placed = paid(ctx)
    change(ctx, placed, by_staff=ByStaff(Status.COMPLETED))
    given_back(ctx, placed)
    assert shown(ctx, placed) == ("refunded", "refunded")
    assert ctx().store.history(placed.booking_id)[-1].event.amount_cents == PRICE


def test_with_the_cancelled_booking_its_open_further_payment_is_withdrawn(ctx):
    placed = paid(ctx)
    change(ctx, placed, AT_NINE, by_staff=STAFF)
    settle_difference(placed.booking_id, ctx())
    create_intent(placed.booking_number, ctx())
    given_back(ctx, placed)
    assert booking(ctx, placed).status == "cancelled"
    assert payment(ctx, placed, payment_id(placed.booking_id, 2)).is_withdrawn


def test_a_refund_that_takes_days_stays_approved_until_a_webhook_tells_of_its_end(ctx, sandbox):
    """It is no job that tries again and again, and is given up."""
    placed = paid(ctx, card=SLOW)
    id = approved(ctx, placed, 4000)
    for _ in range(2):
        pay_back(id, ctx())
    assert (back(ctx, id).status, at_stripe(ctx, sandbox, placed)[0]) == ("approved", 1)
    settled_at_stripe(ctx, sandbox, placed, "succeeded")
    news(ctx, placed, "refund.updated")
    assert (back(ctx, id).status, shown(ctx, placed)[0]) == ("completed", "partially_refunded")


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_a_slow_refund_that_comes_to_nothing_has_failed_and_releases_its_money(ctx, sandbox, outcome):
    placed = paid(ctx, card=SLOW)
    id = given_back(ctx, placed)
    settled_at_stripe(ctx, sandbox, placed, outcome)
    pay_back(id, ctx())
    pay_back(id, ctx())
    assert (back(ctx, id).status, aside(ctx, placed), shown(ctx, placed)) == ("failed", 0, ("succeeded", "paid"))


def test_a_refund_that_had_succeeded_fails_and_the_booking_stays_what_it_is(ctx, sandbox):
    placed = paid(ctx, card=FAILING)
    id = given_back(ctx, placed)
    settled_at_stripe(ctx, sandbox, placed, "failed")
    for _ in range(2):
        news(ctx, placed, "charge.refund.updated")
    assert names(ctx, id)[-2:] == ["RefundCompleted", "RefundFailed"]
    assert (shown(ctx, placed), aside(ctx, placed)) == (("succeeded", "cancelled"), 0)
    try_refund_again(id, ctx(actor=EVE))
    pay_back(id, ctx())
    assert (shown(ctx, placed), at_stripe(ctx, sandbox, placed)) == (("refunded", "cancelled"), (2, PRICE))


def test_old_news_of_a_refund_that_has_failed_say_nothing(ctx, sandbox):
    """Whoever asked Stripe before it failed writes down the answer after it."""
    placed = paid(ctx, card=FAILING)
    id = given_back(ctx, placed, 4000)
    (old,) = ctx().stripe.refunds_of(intent_of(ctx, placed))
    settled_at_stripe(ctx, sandbox, placed, "failed")
    news(ctx, placed)
    record_refund(id, old, ctx())
    assert (back(ctx, id).status, aside(ctx, placed)) == ("failed", 0)
    try_refund_again(id, ctx(actor=EVE))
    (gone,) = ctx().stripe.refunds_of(intent_of(ctx, placed))
    for each in (old, gone):
        record_refund(id, each, ctx())
    assert (back(ctx, id).status, aside(ctx, placed)) == ("approved", 4000)


def test_what_was_begun_at_stripe_enters_once_and_nobody_is_asked(ctx, sandbox):
    placed = paid(ctx)
    id = begun_at_stripe(ctx, sandbox, placed, 4000)
    together(*[lambda kind=kind: news(ctx, placed, kind) for kind in ("charge.refunded", "refund.created", "") * 2])
    assert names(ctx, id) == FOREIGN
    asked = ctx().store.history(id)[0].event
    assert (asked.reason, asked.requested_by, asked.amount_cents) == ("begun_at_stripe", "stripe", 4000)
    pay_back(id, ctx())  # the job that follows from an approval
    assert (shown(ctx, placed)[0], at_stripe(ctx, sandbox, placed)) == ("partially_refunded", (1, 4000))


def test_all_begun_at_stripe_cancels_the_booking_too(ctx, sandbox):
    placed = paid(ctx)
    begun_at_stripe(ctx, sandbox, placed)
    news(ctx, placed)
    assert shown(ctx, placed) == ("refunded", "cancelled")


def test_a_slow_one_begun_at_stripe_enters_when_its_money_goes_and_fails_once(ctx, sandbox):
    placed = paid(ctx, card=SLOW)
    id = begun_at_stripe(ctx, sandbox, placed, 4000)
    news(ctx, placed)
    assert back(ctx, id) is None
    for outcome, then in (("succeeded", ("completed", 4000)), ("failed", ("failed", 0))):
        settled_at_stripe(ctx, sandbox, placed, outcome)
        for _ in range(2):
            news(ctx, placed)
        assert (back(ctx, id).status, aside(ctx, placed)) == then
    try_refund_again(id, ctx(actor=EVE))
    news(ctx, placed)
    assert back(ctx, id).status == "approved"
    pay_back(id, ctx())
    settled_at_stripe(ctx, sandbox, placed, "succeeded")
    news(ctx, placed)
    assert (back(ctx, id).status, aside(ctx, placed)) == ("completed", 4000)


def test_what_stripe_gave_away_ends_the_newest_requests_that_no_longer_fit(ctx, sandbox):
    placed = paid(ctx)
    asked = [requested(ctx, placed, cents) for cents in (10000, 20000, 30000)]
    id = begun_at_stripe(ctx, sandbox, placed, 100000)
    for _ in range(2):
        news(ctx, placed)
    assert [str(back(ctx, one).status) for one in (*asked, id)] == ["requested", "denied", "denied", "completed"]
    assert ctx().store.history(asked[2])[-1].event == RefundDenied("system", reason="refunded_at_stripe")
    assert aside(ctx, placed) == 110000
    given_back(ctx, placed, 7000)


def test_an_approved_one_ends_only_when_no_request_is_left_to_be_denied(ctx, sandbox):
    placed = paid(ctx)
    done = given_back(ctx, placed, 7000)
    waits, approved_one, newest = requested(ctx, placed, 10000), approved(ctx, placed, 40000), requested(ctx, placed, 1)
    begun_at_stripe(ctx, sandbox, placed, 100000)
    news(ctx, placed)
    stages = [str(back(ctx, one).status) for one in (done, waits, approved_one, newest)]
    assert stages == ["completed", "denied", "failed", "denied"]
    pay_back(approved_one, ctx())
    assert (aside(ctx, placed), at_stripe(ctx, sandbox, placed)) == (107000, (2, 107000))


def test_what_was_denied_in_the_moment_it_was_given_away_is_released_once(ctx, sandbox):
    placed = paid(ctx)
    id = requested(ctx, placed, 50000)
    begun_at_stripe(ctx, sandbox, placed, 100000)
    together(lambda: news(ctx, placed), lambda: deny_refund(id, "", ctx(actor=EVE)), lambda: news(ctx, placed))
    assert (names(ctx, id), aside(ctx, placed)) == (["RefundRequested", "RefundDenied"], 100000)


def test_one_that_was_given_up_and_went_all_the_same_counts(ctx):
    """It was believed never made; then Stripe shows it."""
    placed = paid(ctx)
    id = approved(ctx, placed, 60000)
    ctx().stripe.refund(RefundAsked(id, intent_of(ctx, placed), 60000))
    refuse_refund(id, 1, "refunded_at_stripe", ctx())
    assert (back(ctx, id).status, aside(ctx, placed)) == ("failed", 0)
    requested(ctx, placed, 60000)
    news(ctx, placed)
    assert (back(ctx, id).status, aside(ctx, placed), shown(ctx, placed)[0]) == (
        "completed",
        60000,
        "partially_refunded",
    )


def test_under_way_with_all_given_back_it_is_cancelled(ctx):
    placed = paid(ctx)
    start_booking(placed.booking_id, ctx())
    given_back(ctx, placed)
    assert shown(ctx, placed) == ("refunded", "cancelled")
