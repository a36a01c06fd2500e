"""The hand-written pages of the model are held to the code: what they draw exists, and what exists is drawn."""

import ast
import inspect
import re
from functools import partial
from typing import get_args

import pytest

from docs.generate import DOCS
from domain import Refused, payment, payment_events, reconciliation, refund
from domain.payment import DisputeOpened, PaymentWithdrawn, RefundPaidOut, RefundReserved, givable_cents, standing
from domain.refund import approve, complete, deny, fail, try_again
from eventlog.envelope import EVENTS
from tests import Given
from tests.domain.test_payment import ACTION, CANCELLED, ONE, OPEN, PROCESSING, SUCCEEDED, failed
from tests.domain.test_refund import APPROVED, BY_ADA, COMPLETED, DENIED, FAILED
from workers import reactions
from workers.jobs import COMMANDS

PAGES = {name: (DOCS / "model" / name).read_text() for name in ("flow.md", "money.md")}
MONEY = PAGES["money.md"]
CAMEL = re.compile(r"\b(?:[A-Z][a-z]+){2,}\b")
NO_EVENTS = {"PaymentIntent"}
LINK = re.compile(r"\]\(([^)#:]*)(?:#([\w-]+))?\)")
PART = RefundReserved(ONE, 100), RefundPaidOut(ONE, 100)
ALL = RefundReserved(ONE, SUCCEEDED.amount_cents), RefundPaidOut(ONE, SUCCEEDED.amount_cents)
PAYMENTS = {
    "pending": (),
    "requires_action": (ACTION,),
    "processing": (PROCESSING,),
    "failed": (failed(),),
    "cancelled": (PaymentWithdrawn("by_customer"), CANCELLED),
    "succeeded": (SUCCEEDED,),
    "partially_refunded": (SUCCEEDED, *PART),
    "refunded": (SUCCEEDED, *ALL),
    "disputed": (SUCCEEDED, DisputeOpened("dp_1", 100, "fraudulent")),
}
REFUNDS = {
    "requested": (),
    "approved": (APPROVED,),
    "denied": (DENIED,),
    "completed": (APPROVED, COMPLETED),
    "failed": (APPROVED, FAILED),
}
DECISIONS = (
    partial(approve, by="staff:eve", may_approve_own=True),
    partial(deny, denied=DENIED),
    partial(complete, stripe_refund_id="re_2"),
    partial(fail, reason="lost"),
    partial(try_again, by="staff:eve"),
)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table of money.md whose first column is called so."""
    lines = MONEY.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table = iter(lines[begin + 2 :])
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in iter(lambda: next(table, ""), "")]


def reacted_to() -> set[str]:
    """The events that are named in the match of the reactions."""
    cases = [
        node for node in ast.walk(ast.parse(inspect.getsource(reactions.react))) if isinstance(node, ast.MatchClass)
    ]
    return {case.cls.id for case in cases}


def test_every_status_of_a_payment_is_told_with_what_may_be_given_back():
    left = {0: "nothing", SUCCEEDED.amount_cents - 100: "the rest", SUCCEEDED.amount_cents: "all"}
    shown = {status: Given(payment, *OPEN, *history).state for status, history in PAYMENTS.items()}
    assert {status: str(standing(paying)) for status, paying in shown.items()} == {status: status for status in shown}
    assert set(shown) == set(payment.Status)
    assert {row[0]: row[2] for row in rows("status")} == {name: left[givable_cents(one)] for name, one in shown.items()}


@pytest.mark.parametrize("status", sorted(refund.Status))
def test_what_a_refund_becomes_is_what_the_decisions_answer(status):
    back = Given(refund, BY_ADA, *REFUNDS[status]).state
    assert back.status == status
    becomes = {str(refund.evolve(back, event).status) for decide in DECISIONS for event in answers(decide, back)}
    assert {row[0]: set(row[1].split(", ")) - {""} for row in rows("refund")}[status] == becomes


def answers(decide, back):
    try:
        return decide(back)
    except Refused:
        return []


def test_every_reaction_and_every_job_is_on_the_page_with_its_event():
    table = rows("event")
    assert reacted_to() == {name for row in table for name in CAMEL.findall(row[0])}
    asked = {name for row in table for name in re.findall(r"`(\w+)`", row[1])}
    assert asked >= COMMANDS.keys() | {"erase_person", "reconcile", reactions.HOLD}


@pytest.mark.parametrize("aggregate", [payment_events, refund, reconciliation], ids=lambda module: module.__name__)
def test_every_event_of_money_is_drawn(aggregate):
    events = [event.__name__ for event in get_args(aggregate.Event) or (aggregate.Event,)]
    assert not [event for event in events if event not in CAMEL.findall(MONEY)]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_what_is_drawn_exists(page):
    assert set(CAMEL.findall(PAGES[page])) - EVENTS.keys() <= NO_EVENTS


def test_every_event_is_drawn_somewhere():
    drawn = {name for page in PAGES.values() for name in CAMEL.findall(page)}
    assert not [name for name in EVENTS if name not in drawn]


def test_links_between_the_pages_lead_somewhere():
    pages = sorted(DOCS.rglob("*.md"))
    found = [(page, path, part) for page in pages for path, part in LINK.findall(page.read_text())]
    assert len(found) > 20
    for page, path, part in found:
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {path}"
        assert not part or part in anchors(there.read_text()), f"{page.name}: {path}#{part}"


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}
