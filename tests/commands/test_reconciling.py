"""Our books are compared with Stripe's: what agrees is noted as such, what was missed is mended, once."""

from datetime import UTC, datetime

import psycopg
import pytest

from commands.payments import create_intent
from commands.reconciling import Comparison, reconcile
from commands.refunds import pay_back
from integrations.stripe import Stripe, StripeUnavailable, connect
from tests.commands.money_back import SLOW, approved, aside, given_back, intent_of, news, paid, requested, shown
from tests.commands.stripe_missed import (
    AGREED,
    FAR,
    MISSED,
    another_intent,
    compare,
    emptied,
    missed_cancel,
    missed_dispute,
    missed_refund_of_stripes,
    noted,
)
from tests.commands.wishes import limit, names, place, together
from tests.integrations.conftest import new_sandbox
from tests.integrations.stripe_account import KEY, SECRET, free_port


@pytest.fixture(scope="module")
def sandbox(server):
    with new_sandbox(server) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_yet(sandbox):
    emptied(sandbox)


def test_books_that_agree_are_noted_as_such_and_nothing_changes(ctx):
    placed = paid(ctx)
    given_back(ctx, placed, 4000)
    before = names(ctx, placed.payment_id)
    for _ in range(2):
        assert compare(ctx, placed.payment_id) == (1, 0, AGREED)
    assert names(ctx, placed.payment_id) == before


def test_what_is_in_motion_is_no_finding(ctx):
    """A refund that waits for approval, one that no job has taken yet, one that Stripe is still at work on."""
    limit(ctx, 9)
    waits, slow, open_one = paid(ctx), paid(ctx, "eve", SLOW), place(ctx, "bob")
    requested(ctx, waits, 4000)
    approved(ctx, waits, 4000)
    given_back(ctx, slow, 4000)
    ids = [one.payment_id for one in (waits, slow, open_one)]
    assert compare(ctx, *ids) == (3, 0, AGREED)


def test_what_another_shop_has_in_the_account_is_ignored(ctx):
    for metadata in ({}, {"order": "7"}, {"payment_id": "7"}):
        another_intent(ctx, metadata)
    assert compare(ctx) == (0, 0, AGREED)


@pytest.mark.parametrize("missed", MISSED, ids=lambda one: one.__name__)
def test_what_was_missed_is_mended_once(ctx, sandbox, missed):
    """Found in Stripe's lists."""
    placed, standing, given = missed(ctx, sandbox)
    known = len(names(ctx, placed.payment_id))
    assert [compare(ctx) for _ in range(2)] == [(1, 1, AGREED), (1, 0, AGREED)]
    assert len(names(ctx, placed.payment_id)) > known
    assert (shown(ctx, placed), aside(ctx, placed)) == (standing, given)


@pytest.mark.parametrize("missed", MISSED[::3], ids=lambda one: one.__name__)
def test_what_was_missed_of_an_old_payment_is_mended_because_ours_is_asked_for(ctx, sandbox, missed):
    placed, standing, given = missed(ctx, sandbox)
    assert compare(ctx, since=FAR) == (0, 0, AGREED)
    assert compare(ctx, placed.payment_id, since=FAR) == (1, 1, AGREED)
    assert (shown(ctx, placed), aside(ctx, placed)) == (standing, given)


@pytest.mark.parametrize("missed", [missed_refund_of_stripes, missed_dispute], ids=lambda one: one.__name__)
def test_a_new_refund_or_dispute_leads_to_an_older_intent(ctx, sandbox, missed):
    placed, standing, _ = missed(ctx, sandbox)
    make_older(sandbox, intent_of(ctx, placed))
    assert compare(ctx, since=datetime.fromtimestamp(5000, UTC)) == (1, 1, AGREED)
    assert shown(ctx, placed) == standing


def make_older(sandbox, intent_id):
    """The intent was made long before the refund."""
    asked = "update stripe_sandbox.objects set body = body || '{\"created\": 1000}' where id = %s"
    with psycopg.connect(sandbox.arguments[0], autocommit=True) as db:
        db.execute(asked, (intent_id,))


def test_a_further_payment_of_a_booking_is_compared_by_itself(ctx, sandbox):
    placed, *_ = missed_cancel(ctx, sandbox)
    news(ctx, placed)
    second, _ = create_intent(placed.booking_number, ctx())
    assert compare(ctx, placed.payment_id, second) == (2, 0, AGREED)


class Breaking:
    """Stripe until the first call of that name: nobody answers it."""

    def __init__(self, stripe: Stripe, name: str):
        self.stripe, self.name = stripe, name

    def __getattr__(self, name):
        if name == self.name:
            raise StripeUnavailable("away")
        return getattr(self.stripe, name)


@pytest.mark.parametrize("call", ["intents_since", "refunds_since", "disputes_since", "retrieve_intent", "disputes_of"])
def test_when_stripe_goes_away_in_the_middle_nothing_is_noted(ctx, sandbox, call):
    placed, *_ = missed_dispute(ctx, sandbox)
    with pytest.raises(StripeUnavailable):
        reconcile(Comparison(None, [placed.payment_id]), lambda: ctx(stripe=Breaking(ctx().stripe, call)))
    assert noted(ctx()) is None
    assert compare(ctx, placed.payment_id)[2] == AGREED


@pytest.mark.parametrize("is_there", [True, False], ids=["does not take our key", "is away"])
def test_a_stripe_that_cannot_be_asked_is_no_finding(ctx, sandbox, is_there):
    placed = paid(ctx)
    stripe = connect("sk_live_wrong", sandbox.url, SECRET)
    if not is_there:
        stripe = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)
    with pytest.raises(StripeUnavailable):
        reconcile(Comparison(None, [placed.payment_id]), lambda: ctx(stripe=stripe))
    assert noted(ctx()) is None


def test_several_at_once_mend_once(ctx, sandbox):
    placed, *_ = missed_refund_of_stripes(ctx, sandbox)
    done = together(*[lambda: reconcile(Comparison(None, [placed.payment_id]), ctx)] * 4)
    assert [one.findings for one in done] == [()] * 4
    assert compare(ctx, placed.payment_id) == (1, 0, AGREED)
    assert names(ctx, placed.payment_id).count("RefundPaidOut") == 1


def test_a_refund_that_goes_out_while_books_are_compared_is_no_finding(ctx, sandbox):
    placed = paid(ctx)
    for _ in range(8):
        id = approved(ctx, placed, 100)
        found, _ = together(lambda: compare(ctx, placed.payment_id)[2], lambda id=id: pay_back(id, ctx()))
        assert found == AGREED
