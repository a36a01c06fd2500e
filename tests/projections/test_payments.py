"""Payments and refunds as staff list them: each line from its events, as the domain has it; narrowed, page by page."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from commands.booking_file import refund_sheet
from domain import payment, refund
from domain.payment_events import (
    DisputeClosed,
    DisputeOpened,
    PaymentActionRequired,
    PaymentCancelled,
    PaymentFailed,
    PaymentOpened,
    PaymentProcessing,
    PaymentRequested,
    PaymentSecret,
    PaymentSucceeded,
    PaymentWithdrawn,
    RefundPaidOut,
    RefundReleased,
    RefundReserved,
)
from eventlog.store import Ref
from projections import payments
from projections.payment_list import Wish
from projections.payment_list import payments as list_payments
from projections.payment_list import refunds as list_refunds
from projections.rebuilding import Site, rebuild
from tests.projections.stories import CENTS, Story, empty, follow, rows, tell
from tests.samples import NOON, person

DAY = timedelta(days=1)
ONE, OTHER = uuid4(), uuid4()
PAID = PaymentSucceeded(CENTS, "ch_1", 320)
COURSES = {
    "fails, asks for more, comes, goes back in two parts": (
        PaymentOpened("pi_1", person("ada"), PaymentSecret("secret")), PaymentProcessing(),
        PaymentFailed("card_declined", "ch_0"), PaymentActionRequired(), PAID,
        RefundReserved(ONE, 500), RefundPaidOut(ONE, 500), RefundReserved(OTHER, CENTS - 500),
        RefundPaidOut(OTHER, CENTS - 500), RefundReleased(ONE), RefundReleased(OTHER)),
    "disputed twice, won, lost": (
        PAID, DisputeOpened("dp_1", CENTS, "fraudulent"), RefundReserved(ONE, 500), RefundPaidOut(ONE, 500),
        DisputeOpened("dp_2", CENTS, "general"), DisputeClosed("dp_1", "won"), DisputeClosed("dp_2", "won"),
        DisputeClosed("dp_2", "lost")),
    "asked about, refunded in part, disputed, lost": (
        PAID, DisputeOpened("dp_1", 0, "general"), RefundReserved(ONE, 500), RefundPaidOut(ONE, 500),
        DisputeOpened("dp_1", CENTS, "general"), DisputeClosed("dp_1", "lost")),
    "asked about, to no end": (PAID, DisputeOpened("dp_1", 0, "general"), DisputeClosed("dp_1", "won")),
    "withdrawn and cancelled, and paid all the same": (
        PaymentOpened("pi_1", person("ada")), PaymentWithdrawn("expired"), PaymentCancelled(), PAID),
}  # fmt: skip


def lines(ask, **wish):
    return ask(payments, list_payments, Wish(**wish)).lines


def returned(ask, **wish):
    return ask(payments, list_refunds, Wish(**wish)).lines


def ask_back(story, id, cents=100, at=NOON):
    tell(
        story.store,
        story.id,
        (id, refund.RefundRequested(story.payment, story.id, cents, "by_staff", "staff:1")),
        at=at,
    )


def request(story, at=NOON):
    """Placed, with a payment that waits."""
    story.place()
    tell(story.store, story.id, (story.payment, PaymentRequested(story.id, person(story.name), CENTS)), at=at)
    return story


@pytest.mark.parametrize("course", COURSES)
def test_the_status_is_what_the_domain_says_after_each_event(store, ask, course):
    story = request(Story(store))
    for n, event in enumerate(COURSES[course], 1):
        tell(store, story.id, (story.payment, event), at=NOON + n * DAY)
        state = store.load(Ref(payment, story.payment)).state
        [line] = lines(ask)
        assert (line["status"], line["refunded_cents"]) == (payment.standing(state), sum(state.paid_out.values()))
        assert (line["stripe_payment_intent_id"] or "", line["stripe_charge_id"] or "") == (
            state.intent_id, state.charge_id)  # fmt: skip
        assert (line["failure_reason"] or "") == state.failure_reason


def test_a_line_shows_what_was_paid_for_which_booking_and_what_stripe_took(store, ask):
    story = request(Story(store))
    tell(store, story.id, (story.payment, PAID), at=NOON + DAY)
    assert lines(ask) == [{
        "id": story.payment, "booking_id": story.id, "booking_number": "TT00000001", "stripe_payment_intent_id": None,
        "stripe_charge_id": "ch_1", "amount_cents": CENTS, "refunded_cents": 0, "status": "succeeded",
        "failure_reason": None, "stripe_fee_cents": 320, "requested_at": NOON, "processed_at": NOON + DAY}]  # fmt: skip


def test_a_refund_is_followed_through_its_life_also_where_it_fails_after_it_was_completed(store, ask):
    story = request(Story(store))
    ask_back(story, ONE, 500)
    course = (refund.RefundApproved("staff:2"), refund.RefundCompleted("re_1", 500), refund.RefundFailed("lost_card"),
              refund.RefundTriedAgain("staff:2", 2), refund.RefundFailed("expired_card"),
              refund.RefundTriedAgain("staff:2", 3), refund.RefundCompleted("re_2", 500))  # fmt: skip
    seen = []
    for n, event in enumerate(course, 1):
        tell(store, story.id, (ONE, event), at=NOON + n * DAY)
        [line] = returned(ask)
        assert line["status"] == store.load(Ref(refund, ONE)).state.status
        assert (line["approved_by"], line["approved_at"], line["denied_by"]) == ("staff:2", NOON + DAY, None)
        seen.append((line["failure_reason"], line["stripe_refund_id"], line["completed_at"]))
        assert seen[-1] == shown_on_its_sheet(store, ONE)
    assert seen == [
        (None, None, None), (None, "re_1", NOON + 2 * DAY), ("lost_card", "re_1", NOON + 2 * DAY), (None, None, None),
        ("expired_card", None, None), (None, None, None), (None, "re_2", NOON + 7 * DAY)]  # fmt: skip
    assert (line["requested_by"], line["requested_at"], line["completed_at"]) == ("staff:1", NOON, NOON + 7 * DAY)


def shown_on_its_sheet(store, id):
    sheet = refund_sheet(store.history(id))
    at = sheet["completed_at"]
    return sheet["failure_reason"], sheet["stripe_refund_id"], at and datetime.fromisoformat(at)


def test_a_refund_that_the_system_denied_says_why(store, ask):
    story = request(Story(store))
    ask_back(story, ONE)
    tell(store, story.id, (ONE, refund.RefundDenied("system", reason="refunded_at_stripe")))
    [line] = returned(ask)
    assert (line["status"], line["failure_reason"]) == ("denied", "refunded_at_stripe")
    assert shown_on_its_sheet(store, ONE) == ("refunded_at_stripe", None, None)


def test_a_refund_that_was_denied_was_approved_by_nobody(store, ask):
    story = request(Story(store))
    ask_back(story, ONE)
    tell(store, story.id, (ONE, refund.RefundDenied("staff:2", person("ada"))), at=NOON + DAY)
    [line] = returned(ask)
    assert (line["status"], line["denied_by"], line["denied_at"]) == ("denied", "staff:2", NOON + DAY)
    assert (line["approved_by"], line["approved_at"], line["completed_at"]) == (None, None, None)
    assert line["failure_reason"] is None


def test_payments_are_narrowed_by_status_booking_and_time_together(store, ask):
    stories = [request(Story(store, n, f"guest{n}"), at=NOON + n * DAY) for n in range(1, 5)]
    tell(store, stories[0].id, (stories[0].payment, PAID))

    def found(**wish):
        return [line["booking_number"][-1] for line in lines(ask, **wish)]

    assert found() == list("4321")
    assert (found(status="succeeded"), found(status="pending")) == (["1"], list("432"))
    assert (found(booking_id=stories[1].id), found(booking_id=uuid4())) == (["2"], [])
    assert found(since=NOON + 2 * DAY, until=NOON + 4 * DAY) == list("32")
    assert found(since=NOON + 2 * DAY, status="succeeded") == []


def test_refunds_are_narrowed_by_status_booking_and_payment(store, ask):
    story, other = request(Story(store)), request(Story(store, 2, "eve"))
    ask_back(story, ONE)
    ask_back(other, OTHER, at=NOON + DAY)
    tell(store, story.id, (ONE, refund.RefundApproved("staff:2")))

    def found(**wish):
        return [line["id"] for line in returned(ask, **wish)]

    assert found() == [OTHER, ONE]
    assert (found(status="requested"), found(status="approved")) == ([OTHER], [ONE])
    assert found(booking_id=story.id) == found(payment_id=story.payment) == [ONE]
    assert found(payment_id=story.payment, status="requested") == []


def test_pages_hold_every_line_once_also_when_others_come_between(store, ask):
    for n in range(1, 6):
        request(Story(store, n, f"guest{n}"), at=NOON + n // 2 * DAY)
    whole, seen, after = [line["id"] for line in lines(ask)], [], None
    for n in range(6, 10):
        page = ask(payments, list_payments, replace(Wish(limit=2), after=after))
        seen += [line["id"] for line in page.lines]
        if (after := page.next) is None:
            break
        request(Story(store, n, f"guest{n}"), at=NOON + n * DAY)
    assert seen == whole


def test_a_batch_that_comes_in_any_cut_and_a_rebuild_give_the_same_rows(store, made, database, vault):
    for n, course in enumerate(COURSES.values()):
        story = request(Story(store, n, f"guest{n}"))
        tell(store, story.id, *((story.payment, event) for event in course))
        ask_back(story, uuid4())
    follow(store, made, payments)
    whole = rows(made, "payments")
    assert [len(whole[table]) for table in ("numbers", "payments", "refunds")] == [len(COURSES)] * 3
    empty(made, "payments")
    follow(store, made, payments, limit=2)
    assert rows(made, "payments") == whole
    assert rebuild(Site(database, vault), payments).differences == []
