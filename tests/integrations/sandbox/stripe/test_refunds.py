"""Refunds that take their time, fail after all, are called off, or were begun by a person at Stripe."""

import pytest
import stripe as package

PAY = {"amount": 10000, "currency": "usd", "confirm": True}
PENDING, FAILING, PLAIN = "pm_card_pendingRefund", "pm_card_refundFail", "pm_card_visa"


@pytest.fixture(scope="module")
def v1(sandbox):
    return sandbox.package()


def refunded(v1, token, amount=4000):
    intent = v1.payment_intents.create(PAY | {"payment_method": token}).id
    return v1.refunds.create({"payment_intent": intent, "amount": amount, "metadata": {"refund_id": "r1"}})


def line(sandbox, refund):
    return next(line for line in sandbox.ledger() if line["id"] == refund.payment_intent)


def left(v1, refund):
    charge = v1.charges.retrieve(refund.charge)
    return charge.amount_captured - charge.amount_refunded


def moved(v1, refund):
    found = v1.balance_transactions.list({"source": refund.id}).data
    return [(txn.type, txn.net) for txn in found][::-1]


def test_a_refund_is_done_at_once_and_shown_in_the_ledger(sandbox, v1):
    made = refunded(v1, PLAIN)
    assert (made.status, left(v1, made), moved(v1, made)) == ("succeeded", 6000, [("refund", -4000)])
    told = {"id": made.id, "amount": 4000, "status": "succeeded", "metadata": {"refund_id": "r1"}}
    assert (line(sandbox, made)["refunded"], line(sandbox, made)["refunds"]) == (4000, [told])
    assert sandbox.event_types(made.id) == ["refund.created"]
    assert sandbox.event_types(made.charge) == ["charge.succeeded", "charge.refunded"]


def test_a_pending_refund_holds_its_amount_and_succeeds_later(sandbox, v1):
    made = refunded(v1, PENDING)
    assert (made.status, left(v1, made), moved(v1, made)) == ("pending", 6000, [])
    assert line(sandbox, made)["refunded"] == 0
    assert sandbox.act(f"refunds/{made.id}/settle", outcome="succeeded").json()["status"] == "succeeded"
    assert (v1.refunds.retrieve(made.id).status, moved(v1, made)) == ("succeeded", [("refund", -4000)])
    assert line(sandbox, made)["refunded"] == 4000
    assert sandbox.event_types(made.id) == ["refund.created", "refund.updated", "charge.refund.updated"]


@pytest.mark.parametrize(
    ("token", "entries"), [(FAILING, [("refund", -4000), ("refund_failure", 4000)]), (PENDING, [])]
)
def test_a_refund_that_fails_gives_its_amount_back_to_the_charge(sandbox, v1, token, entries):
    made = refunded(v1, token, 4000)
    assert sandbox.act(f"refunds/{made.id}/settle", outcome="failed").is_success
    after = v1.refunds.retrieve(made.id)
    assert (after.status, after.failure_reason, left(v1, made), moved(v1, made)) == (
        "failed",
        "unknown",
        10000,
        entries,
    )
    assert line(sandbox, made)["refunded"] == 0
    types = ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
    assert sandbox.event_types(made.id) == types
    assert v1.refunds.create({"payment_intent": made.payment_intent}).amount == 10000


def test_a_pending_refund_is_called_off_and_no_other(v1):
    pending, done = refunded(v1, PENDING), refunded(v1, PLAIN)
    assert v1.refunds.cancel(pending.id).status == "canceled"
    assert (left(v1, pending), moved(v1, pending)) == (10000, [])
    for made in (pending, done):
        with pytest.raises(package.InvalidRequestError):
            v1.refunds.cancel(made.id)
    assert left(v1, done) == 6000


def test_an_end_that_cannot_be_is_refused(sandbox, v1):
    done = refunded(v1, PLAIN)
    for id, outcome, status in ((done.id, "succeeded", 400), (done.id, "lost", 400), ("re_none", "failed", 404)):
        assert sandbox.act(f"refunds/{id}/settle", outcome=outcome).status_code == status
    assert v1.refunds.retrieve(done.id) == done


def test_a_person_refunds_at_stripe_itself_within_the_same_bounds(sandbox, v1):
    ours = refunded(v1, PLAIN)
    theirs = sandbox.act("refunds", intent=ours.payment_intent, amount=1000, reason="duplicate").json()
    assert [made.id for made in v1.refunds.list({"payment_intent": ours.payment_intent}).data] == [
        theirs["id"],
        ours.id,
    ]
    assert (theirs["metadata"], theirs["reason"], left(v1, ours)) == ({}, "duplicate", 5000)
    [event] = v1.events.list({"type": "refund.created", "limit": 1}).data
    assert (event.data.object["id"], event.request.idempotency_key) == (theirs["id"], None)
    told = sandbox.act("refunds", intent=ours.payment_intent, amount=5001)
    assert (told.status_code, told.json()["error"]["code"]) == (400, "amount_too_large")
    assert line(sandbox, ours)["refunded"] == 5000
