"""A finding is told for as long as it is so, however long ago that was; each payment is looked at in its own moment."""

from datetime import timedelta
from itertools import chain, repeat
from uuid import uuid4

import pytest

from commands import payment_ref
from commands.reconciling import Comparison, has_looked_back, last_compared, reconcile
from domain.payment import DisputeOpened
from tests.commands.money_back import PRICE, SLOW, approved, given_back, intent_of, paid, settled_at_stripe
from tests.commands.stripe_missed import FAR, another_intent, emptied, noted
from tests.commands.wishes import PASSES, limit, names, place
from tests.integrations.conftest import new_sandbox
from tests.samples import NOON

DAY = timedelta(days=1)
NOTHING = Comparison(FAR)  # neither was anything made at Stripe since then, nor is a payment of ours asked about


@pytest.fixture(scope="module")
def sandbox(server):
    with new_sandbox(server) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_yet(sandbox):
    emptied(sandbox)


def found(ctx, asked_for, days=0):
    """What is noted so many days later: each finding's kind and cents."""
    done = reconcile(asked_for, lambda: ctx(NOON + days * DAY))
    assert last_compared(ctx(NOON + days * DAY)) == done
    return [(str(one.kind), one.cents) for one in done.findings]


def unknown_money(ctx, sandbox):
    held = another_intent(ctx, {"payment_id": str(uuid4())})
    return Comparison(), ("unknown_payment", PRICE), lambda: sandbox.act("refunds", intent=held.id)


def second_intent(ctx, sandbox):
    held = another_intent(ctx, {"payment_id": str(paid(ctx).payment_id)})
    return Comparison(), ("charged", PRICE), lambda: sandbox.act("refunds", intent=held.id)


def dispute_of_nobody(ctx, sandbox):
    placed = paid(ctx)

    def won():
        ctx().append([payment_ref(placed.payment_id)], lambda _: [[DisputeOpened("du_none", 0, "general")]])

    ctx().append([payment_ref(placed.payment_id)], lambda _: [[DisputeOpened("du_none", 700, "general")]])
    return Comparison(FAR, [placed.payment_id]), ("disputed", -700), won


@pytest.mark.parametrize("differing", [unknown_money, second_intent, dispute_of_nobody], ids=lambda one: one.__name__)
def test_a_finding_stays_however_old_it_grows_until_it_is_explained(ctx, sandbox, differing):
    asked_for, finding, explain = differing(ctx, sandbox)
    assert found(ctx, asked_for) == [finding]
    for days in (0, 1, 38, 77):
        assert found(ctx, NOTHING, days) == [finding]
    explain()
    assert found(ctx, NOTHING, 78) == found(ctx, NOTHING, 79) == []


def test_where_nothing_was_compared_for_long_no_last_comparison_is_known(ctx):
    assert last_compared(ctx()) is None
    found(ctx, NOTHING)
    assert last_compared(ctx(NOON + 39 * DAY)) is not None
    assert last_compared(ctx(NOON + 40 * DAY)) is None


@pytest.mark.parametrize(
    ("asked_for", "has_looked"),
    [
        (Comparison(), True),
        (Comparison(NOON - 40 * DAY), True),
        (Comparison(NOON - 39 * DAY), False),
        (Comparison(None, is_whole=False), False),
    ],
)
def test_only_a_whole_comparison_of_the_last_day_has_looked_back(ctx, asked_for, has_looked):
    assert reconcile(asked_for, ctx).is_whole == asked_for.is_whole
    reconcile(NOTHING, ctx)
    assert has_looked_back(40 * DAY, ctx(NOON + DAY)) == has_looked
    assert not has_looked_back(40 * DAY, ctx(NOON + DAY + timedelta(seconds=1)))


def test_money_that_names_something_else_of_ours_is_of_no_payment(ctx):
    placed = paid(ctx)
    before = names(ctx, placed.payment_id)
    another_intent(ctx, {"payment_id": str(placed.booking_id)})
    assert found(ctx, Comparison(None, [placed.payment_id])) == [("unknown_payment", PRICE)]
    assert names(ctx, placed.payment_id) == before


def test_what_is_learnt_after_midnight_is_of_the_new_day(ctx, sandbox):
    """The second payment is looked at on the day after the first, and the comparison is noted on it."""
    limit(ctx, 9)
    both = [place(ctx, name) for name in ("ada", "eve")]
    for placed in both:
        ctx().stripe.confirm_with_card(intent_of(ctx, placed), PASSES, "http://127.0.0.1/")
    moments = chain([NOON, NOON, NOON], repeat(NOON + DAY))  # the third is that of the first payment
    done = reconcile(Comparison(), lambda: ctx(next(moments)))
    assert (done.mended, noted(ctx()), noted(ctx(NOON + DAY))) == (2, None, done)
    assert sorted(ctx().store.history(one.payment_id)[-1].at for one in both) == [NOON, NOON + DAY]


def test_a_refund_that_stripe_is_at_work_on_for_days_is_not_stuck(ctx, sandbox):
    limit(ctx, 9)
    slow, forgotten = paid(ctx, card=SLOW), paid(ctx, "eve")
    given_back(ctx, slow, 4000)
    approved(ctx, forgotten, 4000)
    both = Comparison(None, [slow.payment_id, forgotten.payment_id])
    done = reconcile(both, lambda: ctx(NOON + 3 * DAY))
    assert [(str(one.kind), one.payment_id) for one in done.findings] == [("refund_stuck", forgotten.payment_id)]
    settled_at_stripe(ctx, sandbox, slow, "succeeded")
    assert reconcile(both, lambda: ctx(NOON + 4 * DAY)).mended == 1
