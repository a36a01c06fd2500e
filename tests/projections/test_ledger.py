"""The ledger: what each event posts, on its own day of New York; and whatever happens, that it balances."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import islice
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from domain import payment
from domain.payment_events import (
    DisputeClosed,
    DisputeOpened,
    PaymentRequested,
    PaymentSucceeded,
    RefundPaidOut,
    RefundReleased,
    RefundReserved,
)
from eventlog.envelope import Origin, Recorded
from eventlog.ids import new_id
from projections import ledger
from projections.ledger import Account, Lies, Posting, moved
from projections.rebuilding import Site, rebuild
from projections.schemas import enter
from tests.projections.stories import CENTS, Story, empty, follow, rows, tell
from tests.samples import NOON, person

STRIPE, _, REFUNDED, _, DISPUTED, LOST = Account
DAY, FIRST = timedelta(days=1), date(2027, 1, 4)
ONE, OTHER = uuid4(), uuid4()
PAID = PaymentSucceeded(CENTS, "ch_1", 320)
OPENED, WON, LOSS = DisputeOpened("dp_1", 500, "general"), DisputeClosed("dp_1", "won"), DisputeClosed("dp_1", "lost")


def happened(store, *days, n=1):
    """A booking is placed, and its payment's events happen, those of one day after those of the day before."""
    story = Story(store, n, f"guest{n}")
    story.place()
    tell(store, story.id, (story.payment, PaymentRequested(story.id, person(story.name), CENTS)))
    for number, events in enumerate(days):
        tell(store, story.id, *((story.payment, event) for event in events), at=NOON + number * DAY)
    return story


def posted(ask, **between):
    """By day of the story: the debit and credit of each account."""
    found = defaultdict(dict)
    for line in ask(ledger, ledger.lines, **between):
        found[line.day and (line.day - FIRST).days][line.account] = (line.debit_cents, line.credit_cents)
    return found


# What is posted


def test_a_payment_is_charged_and_stripe_keeps_its_fee(store, ask):
    happened(store, [PAID])
    assert posted(ask) == {0: {"at_stripe": (CENTS, 320), "charged": (0, CENTS), "fees": (320, 0)}}


@pytest.mark.parametrize("fee", [None, 0])
def test_a_fee_that_is_not_known_is_not_posted(store, ask, fee):
    happened(store, [PaymentSucceeded(CENTS, "ch_1", fee)])
    assert posted(ask) == {0: {"at_stripe": (CENTS, 0), "charged": (0, CENTS)}}


def test_a_refund_counts_on_its_own_day_and_turns_round_on_the_day_on_which_it_fails(store, ask):
    happened(store, [PAID], [RefundReserved(ONE, 500)], [RefundPaidOut(ONE, 500)], [RefundReleased(ONE)])
    shown = posted(ask)
    assert list(shown) == [0, 2, 3]
    assert shown[2] == {"at_stripe": (0, 500), "refunded": (500, 0)}
    assert shown[3] == {"at_stripe": (500, 0), "refunded": (0, 500)}


def test_a_refund_that_is_paid_out_again_counts_again_and_both_sides_are_kept(store, ask):
    happened(store, [PAID], [RefundPaidOut(ONE, 500), RefundReleased(ONE), RefundPaidOut(ONE, 500)])
    assert posted(ask)[1] == {"at_stripe": (500, 1000), "refunded": (1000, 500)}


def test_what_was_only_set_aside_moves_nothing(store, ask):
    happened(store, [PAID], [RefundReserved(ONE, 500)], [RefundReleased(ONE)])
    assert list(posted(ask)) == [0]


@pytest.mark.parametrize(("closed", "other"), [(WON, "at_stripe"), (LOSS, "disputes_lost")])
def test_a_dispute_is_held_by_the_bank_until_it_is_won_or_lost(store, ask, closed, other):
    happened(store, [PAID], [OPENED], [closed])
    assert posted(ask)[1] == {"at_stripe": (0, 500), "disputed": (500, 0)}
    assert posted(ask)[2] == {other: (500, 0), "disputed": (0, 500)}


def test_a_bank_that_changes_its_mind_moves_the_money_again(store, ask):
    happened(store, [PAID], [OPENED, WON], [LOSS], [WON])
    assert posted(ask)[2] == {"at_stripe": (0, 500), "disputes_lost": (500, 0)}
    assert posted(ask)[3] == {"at_stripe": (500, 0), "disputes_lost": (0, 500)}


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute_of_an_amount(store, ask):
    happened(store, [PAID], [DisputeOpened("dp_1", 0, "general")], [OPENED], [DisputeOpened("dp_1", 700, "general")])
    shown = posted(ask)
    assert list(shown) == [0, 2, 3]
    assert shown[2] == {"at_stripe": (0, 500), "disputed": (500, 0)}
    assert shown[3] == {"at_stripe": (0, 200), "disputed": (200, 0)}


@pytest.mark.parametrize(
    ("lay", "lies", "postings"),
    [
        (Lies(STRIPE, 0), Lies(REFUNDED, 5), [Posting(REFUNDED, STRIPE, 5)]),
        (Lies(REFUNDED, 5), Lies(REFUNDED, 5), []),
        (Lies(LOST, 5), Lies(DISPUTED, 7), [Posting(DISPUTED, LOST, 5), Posting(DISPUTED, STRIPE, 2)]),
        (Lies(LOST, 5), Lies(DISPUTED, 3), [Posting(DISPUTED, LOST, 5), Posting(STRIPE, DISPUTED, 2)]),
        (Lies(STRIPE, 5), Lies(DISPUTED, 7), [Posting(DISPUTED, STRIPE, 5), Posting(DISPUTED, STRIPE, 2)]),
        (Lies(STRIPE, 0), Lies(STRIPE, 0), []),
    ],
)
def test_money_is_posted_from_where_it_lay_to_where_it_lies(lay, lies, postings):
    assert moved(lay, lies) == postings


# Asking


def test_a_day_is_new_yorks(store, ask):
    story = happened(store)
    tell(store, story.id, (story.payment, PAID), at=datetime(2027, 1, 31, 4, 30, tzinfo=UTC))  # 23:30 of the 30th
    assert {line.day for line in ask(ledger, ledger.lines)} == {date(2027, 1, 30)}


def test_days_before_the_first_asked_for_are_one_and_those_after_the_last_are_not_told(store, ask):
    happened(store, [PAID], [RefundPaidOut(ONE, 500)], [RefundPaidOut(OTHER, 300)], [RefundReleased(ONE)])
    between = {"since": FIRST + 2 * DAY, "until": FIRST + 2 * DAY}
    before = {"at_stripe": (CENTS, 820), "charged": (0, CENTS), "fees": (320, 0), "refunded": (500, 0)}
    assert posted(ask, **between) == {None: before, 2: {"at_stripe": (0, 300), "refunded": (300, 0)}}


# Whatever happens

PAYMENTS = [UUID(f"0193b5a0-0000-7000-8000-0000000000c{n}") for n in range(3)]
REFUNDS = [UUID(f"0193b5a0-0000-7000-8000-0000000000d{n}") for n in range(3)]
CENTS_OF = some.sampled_from([0, 1, 300, 500])
STEPS = some.one_of(
    some.tuples(some.just("succeed"), some.sampled_from([None, 0, 320])),
    some.tuples(some.just("pay_out"), some.integers(0, 2), some.sampled_from([1, 300, 500])),
    some.tuples(some.just("release"), some.integers(0, 2)),
    some.tuples(some.just("open"), some.integers(0, 1), CENTS_OF),
    some.tuples(some.just("close"), some.integers(0, 1), some.sampled_from(["won", "lost"])),
)
STORIES = some.lists(some.tuples(some.integers(0, 2), some.integers(0, 2), STEPS), max_size=30)


def decided(paid, n, step):
    """What the domain makes of it; a dispute may open anew with another amount."""
    what, *more = step
    match what:
        case "succeed":
            return payment.succeed(paid, PaymentSucceeded(CENTS, f"ch_{n}", more[0]))
        case "pay_out":
            return payment.pay_out(paid, refund_of(n, more[0]), more[1])
        case "release":
            return payment.release_refund(paid, refund_of(n, more[0]))
        case "open":
            known = paid.disputes.get(f"dp_{n}_{more[0]}")
            opened = DisputeOpened(f"dp_{n}_{more[0]}", more[1], "general")
            return [opened] if known is None or known.amount_cents != more[1] else []
        case _:
            return payment.close_dispute(paid, DisputeClosed(f"dp_{n}_{more[0]}", more[1]))


def refund_of(n, which):
    return UUID(int=REFUNDS[which].int + 16 * n)


def log_of(steps):
    """The payments as they end, and their events in the order in which they came."""
    states = [payment.evolve(None, PaymentRequested(id, person("ada"), CENTS)) for id in PAYMENTS]
    log = []
    for n, days, step in steps:
        new = decided(states[n], n, step)
        states[n] = reduce(payment.evolve, new, states[n])
        origin = Origin("guest", new_id())
        log += [Recorded(PAYMENTS[n], 1, one, new_id(), PAYMENTS[n], NOON + days * DAY, origin, 1) for one in new]
    return states, log


def owned(states, log):
    """Where the money has to be, from the payments alone."""
    found = Counter()
    for one in states:
        ends = Counter()
        for dispute in one.disputes.values():
            ends[dispute.outcome] += dispute.amount_cents
        found.update(refunded=sum(one.paid_out.values()), disputed=ends[""], disputes_lost=ends["lost"])
        found["charged"] -= one.amount_cents if one.status is payment.Status.SUCCEEDED else 0
    found["fees"] = sum(r.event.stripe_fee_cents or 0 for r in log if isinstance(r.event, PaymentSucceeded))
    found["at_stripe"] = -sum(found.values())
    return {account: cents for account, cents in found.items() if cents}


def folded(db, log, sizes):
    """Rows and lines after the events came in batches of these sizes, and the rest at once."""
    with db.transaction(force_rollback=True):
        enter(db, "ledger")
        ahead = iter(log)
        for size in [*sizes, len(log)]:
            ledger.project(db, list(islice(ahead, size)))
        return rows(db, "ledger"), ledger.lines(db)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STORIES, sizes=some.lists(some.integers(1, 5), max_size=8))
def test_it_balances_each_day_and_says_of_the_money_what_the_payments_say_however_it_came(made, steps, sizes):
    states, log = log_of(steps)
    whole, lines = folded(made, log, [])
    assert folded(made, log, sizes) == (whole, lines)
    days, closing = Counter(), Counter()
    for line in lines:
        days[line.day] += line.debit_cents - line.credit_cents
        closing[line.account] += line.debit_cents - line.credit_cents
    assert not any(days.values())
    assert {account: cents for account, cents in closing.items() if cents} == owned(states, log)


def test_a_batch_that_comes_in_any_cut_and_a_rebuild_give_the_same_rows(store, made, database, vault):
    happened(store, [PAID], [RefundPaidOut(ONE, 500), OPENED], [RefundReleased(ONE)], [LOSS], [WON])
    happened(store, [PAID], [RefundPaidOut(OTHER, 300)], n=2)
    follow(store, made, ledger)
    whole = rows(made, "ledger")
    assert (len(whole["moved"]), len(whole["postings"]) > 10) == (3, True)
    empty(made, "ledger")
    follow(store, made, ledger, limit=2)
    assert rows(made, "ledger") == whole
    assert rebuild(Site(database, vault), ledger).differences == []
