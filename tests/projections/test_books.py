"""What comparisons of our books found, a row for each day; and which payments a comparison is about."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain import reconciliation
from domain.payment_events import (
    DisputeClosed,
    DisputeOpened,
    PaymentCancelled,
    PaymentFailed,
    PaymentRequested,
    PaymentSucceeded,
)
from domain.reconciliation import BooksCompared, Finding, Kind
from domain.refund import RefundApproved, RefundDenied, RefundFailed, RefundRequested, RefundTriedAgain
from projections import books, payments
from projections.payment_list import to_compare
from projections.rebuilding import Site, rebuild
from tests.projections.stories import CENTS, Story, empty, follow, rows, tell
from tests.samples import NOON, person

DAY = timedelta(days=1)
PAID, WON = PaymentSucceeded(CENTS, "ch_1"), DisputeClosed("dp_1", "won")
OPENED, INQUIRY = DisputeOpened("dp_1", CENTS, "general"), DisputeOpened("dp_1", 0, "general")
FOUND = Finding(Kind.REFUNDED, "pi_1", uuid4(), uuid4(), -700)


def compared(store, at=NOON, findings=(FOUND,), mended=1):
    event = reconciliation.compared(12, mended, findings, at - DAY)
    stream = reconciliation.stream(at.date())
    return tell(store, stream, (stream, event), at=at)


def test_there_is_none_before_the_first(ask):
    assert ask(payments, books.last) is None


def test_the_last_one_of_the_newest_day_is_shown_whatever_came_first(store, ask):
    compared(store, NOON + DAY)
    compared(store, NOON)
    compared(store, NOON + DAY + timedelta(hours=1), [], mended=0)
    shown = ask(payments, books.last)
    assert shown == {
        "compared_at": NOON + DAY + timedelta(hours=1),
        "compared": 12,
        "mended": 0,
        "unexplained_cents": 0,
        "findings": [],
        "left_out": 0,
        "is_whole": True,
    }


def test_a_finding_is_shown_as_it_was_noted(store, ask):
    compared(store)
    [found] = ask(payments, books.last)["findings"]
    assert found == {
        "kind": "refunded",
        "stripe_id": "pi_1",
        "payment_id": str(FOUND.payment_id),
        "refund_id": str(FOUND.refund_id),
        "cents": -700,
    }


def test_findings_left_out_and_payments_that_may_be_missing_are_told(store, ask):
    stream = reconciliation.stream(NOON.date())
    tell(store, stream, (stream, BooksCompared(3, 0, left_out=2, is_whole=False)), at=NOON)
    shown = ask(payments, books.last)
    assert (shown["left_out"], shown["is_whole"]) == (2, False)


def test_days_in_any_order_a_rebuild_and_a_batch_that_comes_again_give_the_same_rows(store, made, database, vault):
    for n in (3, 1, 2, 1):
        compared(store, NOON + n * DAY)
    follow(store, made, payments)
    whole = rows(made, "payments")
    assert len(whole["books"]) == 3
    empty(made, "payments")
    follow(store, made, payments, limit=1)
    assert rows(made, "payments") == whole
    assert rebuild(Site(database, vault), payments).differences == []


def test_an_event_without_findings_is_a_comparison_too(store, ask):
    stream = reconciliation.stream(NOON.date())
    tell(store, stream, (stream, BooksCompared(0, 0)), at=NOON)
    assert ask(payments, books.last)["compared"] == 0


# Which payments


def request(store, *events, at=NOON):
    """A payment and what became of it; its id."""
    story = Story(store)
    story.place()
    tell(store, story.id, (story.payment, PaymentRequested(story.id, person(story.name), CENTS)), at=at)
    for event in events:
        tell(store, story.id, (story.payment, event), at=at)
    return story


@pytest.mark.parametrize(
    ("events", "is_open"),
    [
        ([], True),
        ([PaymentFailed("card_declined", "ch_0")], True),
        ([PaymentCancelled()], False),
        ([PAID], False),
        ([PAID, OPENED], True),
        ([PAID, INQUIRY], True),
        ([PAID, OPENED, WON], False),
    ],
)
def test_old_payments_are_compared_while_anything_of_them_is_open(store, ask, events, is_open):
    story = request(store, *events)
    assert ask(payments, to_compare, NOON + DAY) == [story.payment] * is_open
    assert ask(payments, to_compare, NOON) == ask(payments, to_compare, None) == [story.payment]


@pytest.mark.parametrize(
    ("events", "is_open"),
    [
        ([], False),
        ([RefundApproved("system")], True),
        ([RefundDenied("system")], False),
        ([RefundApproved("system"), RefundFailed("declined")], False),
        ([RefundApproved("system"), RefundFailed("declined"), RefundTriedAgain("staff:1", 2)], True),
    ],
)
def test_an_approved_refund_keeps_its_payment_compared(store, ask, events, is_open):
    story, id = request(store, PAID), uuid4()
    asked = RefundRequested(story.payment, story.id, 100, "by_staff", "staff:1")
    for event in (asked, *events):
        tell(store, story.id, (id, event), at=NOON)
    assert ask(payments, to_compare, NOON + DAY) == [story.payment] * is_open
