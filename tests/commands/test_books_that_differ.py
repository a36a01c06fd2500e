"""What no webhook explains is told to the cent, for as long as it is so: each kind of finding, and how it goes away."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands import payment_ref
from commands.ending import cancel_booking
from commands.reconciling import Comparison, reconcile
from domain import payment, refund
from domain.payment import DisputeOpened, PaymentOpened, PaymentSucceeded, RefundPaidOut, RefundReleased, RefundReserved
from domain.reconciliation import MOST_FINDINGS, Finding, Kind, compared
from domain.refund import RefundFailed
from eventlog.store import Ref
from tests.commands.money_back import PRICE, approved, given_back, intent_of, paid
from tests.commands.stripe_missed import AGREED, another_intent, compare, differing, emptied, noted
from tests.commands.wishes import limit, place
from tests.commands.wishes import payment as payment_of
from tests.integrations.conftest import new_sandbox
from tests.samples import NOON

BELIEVED = PaymentSucceeded(PRICE, "ch_1")


@pytest.fixture(scope="module")
def sandbox(server):
    with new_sandbox(server) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_yet(sandbox):
    emptied(sandbox)


def record(ctx, placed, *events):
    """Into our log alone."""
    ctx().append([payment_ref(placed.payment_id)], lambda _: [list(events)])


def refund_at_stripe(ctx, sandbox, placed, cents, id):
    """Marked as ours."""
    asked = {"intent": intent_of(ctx, placed), "amount": cents, "metadata": {"refund_id": str(id)}}
    assert sandbox.act("refunds", **asked).is_success


def test_money_for_a_payment_that_nobody_asked_for(ctx, sandbox):
    id = uuid4()
    held = another_intent(ctx, {"payment_id": str(id)})
    assert differing(ctx) == [("unknown_payment", PRICE)]
    [found] = noted(ctx()).findings
    assert (found.stripe_id, found.payment_id) == (held.id, UUID(str(id)))
    assert sandbox.act("refunds", intent=held.id).is_success
    assert compare(ctx) == (1, 0, AGREED)


def test_a_second_intent_of_a_payment_is_told_for_as_long_as_it_holds_money(ctx, sandbox):
    placed = paid(ctx)
    second = another_intent(ctx, {"payment_id": str(placed.payment_id)})
    assert differing(ctx, placed.payment_id) == [("charged", PRICE)]
    assert noted(ctx()).findings[0].stripe_id == second.id
    assert sandbox.act("refunds", intent=second.id).is_success
    assert compare(ctx) == (1, 0, AGREED)


@pytest.mark.parametrize("cents", [PRICE - 1, PRICE + 1])
def test_another_amount_than_the_payment_has(ctx, sandbox, cents):
    placed = place(ctx)
    emptied(sandbox)
    made = another_intent(ctx, {"payment_id": str(placed.payment_id)}, cents)
    record(ctx, placed, PaymentOpened(made.id, payment_of(ctx, placed).person_id))
    assert differing(ctx, placed.payment_id) == [("charged", cents)]
    record(ctx, placed, BELIEVED)
    assert differing(ctx, placed.payment_id) == [("charged", cents - PRICE)]


def test_money_of_an_intent_that_stripe_does_not_know(ctx, sandbox):
    limit(ctx, 9)
    placed, unpaid = paid(ctx), place(ctx, "eve")
    emptied(sandbox)
    assert differing(ctx, placed.payment_id, unpaid.payment_id) == [("not_at_stripe", -PRICE)]


def test_money_that_we_believe_in_and_that_never_came(ctx):
    placed = place(ctx)
    record(ctx, placed, BELIEVED)
    assert differing(ctx, placed.payment_id) == [("charged", -PRICE)]


@pytest.mark.parametrize("theirs", [4000, 5000])
def test_a_refund_that_is_only_marked_as_ours_is_begun_at_stripe_and_no_difference(ctx, sandbox, theirs):
    """Of another amount, or beside the one that was made."""
    placed = paid(ctx)
    refund_at_stripe(ctx, sandbox, placed, theirs, given_back(ctx, placed, 5000))
    assert compare(ctx, placed.payment_id) == (1, 1, AGREED)
    assert sum(payment_of(ctx, placed).paid_out.values()) == 5000 + theirs
    assert compare(ctx, placed.payment_id) == (1, 0, AGREED)


def test_a_refund_that_stripe_does_not_know(ctx):
    placed, id = paid(ctx), uuid4()
    record(ctx, placed, RefundReserved(id, 700), RefundPaidOut(id, 700))
    assert differing(ctx, placed.payment_id) == [("refunded", -700)]
    assert noted(ctx()).findings[0].refund_id == id


def test_differences_of_two_refunds_do_not_hide_each_other(ctx):
    """Stripe knows nothing of the one, and says that the other has not failed."""
    placed, id = paid(ctx), uuid4()
    record(ctx, placed, RefundReserved(id, 1000), RefundPaidOut(id, 1000))
    failed = given_back(ctx, placed, 1000)
    [made] = ctx().stripe.refunds_of(intent_of(ctx, placed))
    ctx().append([Ref(refund, failed)], lambda _: [[RefundFailed("lost", made.id)]])
    record(ctx, placed, RefundReleased(failed))
    assert sorted(differing(ctx, placed.payment_id)) == [("refunded", -1000), ("refunded", 1000)]
    assert noted(ctx()).unexplained_cents == 2000


def test_a_dispute_that_stripe_does_not_know(ctx):
    placed = paid(ctx)
    record(ctx, placed, DisputeOpened("du_none", 700, "general"))
    assert differing(ctx, placed.payment_id) == [("disputed", -700)]


def test_what_should_have_ended_a_day_ago_is_told_without_cents(ctx):
    limit(ctx, 9)
    refunded, withdrawn = paid(ctx), place(ctx, "eve")
    id, ids = approved(ctx, refunded, 4000), [refunded.payment_id, withdrawn.payment_id]
    cancel_booking(withdrawn.booking_id, "", False, ctx())
    assert compare(ctx, *ids) == (2, 0, AGREED)
    done = reconcile(Comparison(None, ids), lambda: ctx(NOON + timedelta(hours=24)))
    found = {(one.kind, one.payment_id, one.refund_id, one.cents) for one in done.findings}
    assert found == {(Kind.REFUND_STUCK, ids[0], id, 0), (Kind.PAYMENT_STUCK, ids[1], None, 0)}


def test_of_very_many_findings_the_largest_are_kept_and_all_are_summed():
    findings = [Finding(Kind.CHARGED, f"pi_{n}", cents=-n) for n in range(MOST_FINDINGS + 2)]
    noted = compared(200, 0, findings, None)
    assert (len(noted.findings), noted.findings[0].cents) == (MOST_FINDINGS, -MOST_FINDINGS - 1)
    assert (noted.unexplained_cents, noted.left_out) == (sum(range(MOST_FINDINGS + 2)), 2)


def test_the_payment_of_a_finding_stays_as_our_log_has_it(ctx, sandbox):
    placed = place(ctx)
    record(ctx, placed, BELIEVED)
    differing(ctx, placed.payment_id)
    assert payment_of(ctx, placed).status is payment.Status.SUCCEEDED
