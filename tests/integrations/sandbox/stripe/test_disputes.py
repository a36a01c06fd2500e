"""Disputes: the bank takes a payment back, and the shop gets it again if it wins."""

import pytest
import stripe as package

PAY = {"amount": 10000, "currency": "usd", "confirm": True}
OPENED = ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


@pytest.fixture(scope="module")
def v1(sandbox):
    return sandbox.package()


def paid(v1, token="pm_card_visa"):
    return v1.payment_intents.create(PAY | {"payment_method": token}).id


def moved(v1, dispute):
    found = v1.balance_transactions.list({"source": dispute}).data
    return [(txn.reporting_category, txn.amount, txn.fee, txn.net) for txn in found][::-1]


def line(sandbox, intent):
    return next(line for line in sandbox.ledger() if line["id"] == intent)


def test_a_payment_is_undisputed_unless_somebody_disputes_it(sandbox, v1):
    intent = paid(v1)
    assert v1.disputes.list({"payment_intent": intent}).data == []
    assert v1.charges.list({"payment_intent": intent}).data[0].disputed is False
    assert (line(sandbox, intent)["disputed"], line(sandbox, intent)["disputes"]) == (0, [])


def test_a_dispute_takes_the_money_and_a_fee(sandbox, v1):
    intent = paid(v1)
    made = sandbox.act("disputes", intent=intent, reason="product_not_received").json()["id"]
    [found] = v1.disputes.list({"payment_intent": intent}).data
    assert found == v1.disputes.retrieve(made)
    assert (found.amount, found.status, found.reason) == (10000, "needs_response", "product_not_received")
    assert v1.charges.retrieve(found.charge).disputed
    assert moved(v1, made) == [("dispute", -10000, 1500, -11500)]
    assert sandbox.event_types(made) == OPENED
    assert (line(sandbox, intent)["disputed"], line(sandbox, intent)["disputes"][0]["id"]) == (10000, made)


def test_a_card_disputes_what_it_paid_at_once(sandbox, v1):
    intent = paid(v1, "pm_card_createDispute")
    [found] = v1.disputes.list({"payment_intent": intent}).data
    assert (found.reason, found.amount, found.status) == ("fraudulent", 10000, "needs_response")
    assert v1.payment_intents.retrieve(intent).status == "succeeded"


@pytest.mark.parametrize(
    ("outcome", "events", "back", "disputed"),
    [
        ("lost", ["charge.dispute.closed"], [], 4000),
        ("won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"], [("dispute_reversal", 4000, 0, 4000)], 0),
    ],
)
def test_the_bank_decides_a_dispute_once(sandbox, v1, outcome, events, back, disputed):
    intent = paid(v1)
    charge = v1.payment_intents.retrieve(intent).latest_charge
    made = sandbox.act("disputes", charge=charge, amount=4000).json()["id"]
    assert sandbox.act(f"disputes/{made}/close", outcome=outcome).json()["status"] == outcome
    assert sandbox.act(f"disputes/{made}/close", outcome="won").status_code == 400
    assert v1.disputes.retrieve(made).status == outcome
    assert moved(v1, made) == [("dispute", -4000, 1500, -5500), *back]
    assert sandbox.event_types(made) == OPENED + events
    assert line(sandbox, intent)["disputed"] == disputed


def test_what_the_bank_only_asks_about_takes_nothing_until_it_is_escalated(sandbox, v1):
    intent = paid(v1)
    asked = sandbox.act("disputes", intent=intent, is_inquiry=True).json()
    assert (asked["status"], asked["amount"], moved(v1, asked["id"])) == ("warning_needs_response", 10000, [])
    assert (line(sandbox, intent)["disputed"], sandbox.event_types(asked["id"])) == (0, OPENED[:1])
    for status in (200, 400):
        assert sandbox.act(f"disputes/{asked['id']}/escalate").status_code == status
    assert v1.disputes.retrieve(asked["id"]).status == "needs_response"
    assert moved(v1, asked["id"]) == [("dispute", -10000, 1500, -11500)]
    assert sandbox.event_types(asked["id"]) == [OPENED[0], "charge.dispute.updated", OPENED[1]]
    assert line(sandbox, intent)["disputed"] == 10000


def test_what_the_bank_only_asks_about_is_refunded_and_comes_to_nothing(sandbox, v1):
    intent = paid(v1)
    asked = sandbox.act("disputes", intent=intent, is_inquiry=True).json()["id"]
    assert v1.refunds.create({"payment_intent": intent}).status == "succeeded"
    assert sandbox.act(f"disputes/{asked}/close", outcome="lost").json()["status"] == "warning_closed"
    assert sandbox.act(f"disputes/{asked}/escalate").status_code == 400
    assert (moved(v1, asked), line(sandbox, intent)["disputed"]) == ([], 0)


@pytest.mark.parametrize("outcome", ["", "lost", "won"])
def test_what_the_bank_has_or_may_keep_is_not_refunded(sandbox, v1, outcome):
    intent = paid(v1)
    made = sandbox.act("disputes", intent=intent).json()["id"]
    if outcome:
        sandbox.act(f"disputes/{made}/close", outcome=outcome)
    if outcome == "won":
        assert v1.refunds.create({"payment_intent": intent}).status == "succeeded"
        return
    with pytest.raises(package.InvalidRequestError) as refusal:
        v1.refunds.create({"payment_intent": intent})
    assert refusal.value.code == "charge_disputed"
    assert line(sandbox, intent)["refunded"] == 0


def test_what_was_refunded_already_is_not_disputed(sandbox, v1):
    intent = paid(v1)
    v1.refunds.create({"payment_intent": intent, "amount": 2500})
    assert sandbox.act("disputes", intent=intent).json()["amount"] == 7500
    assert sandbox.act("disputes", intent=intent).status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"reason": "x"}, {"amount": 10001}, {"amount": 0}, {"intent": "pi_none"}, {"intent": ""}, {"x": 1}]
)
def test_what_cannot_be_disputed_is_not(sandbox, v1, wrong):
    intent = paid(v1)
    assert sandbox.act("disputes", **({"intent": intent} | wrong)).status_code == 400
    assert line(sandbox, intent)["disputes"] == []


def test_what_was_not_paid_is_not_disputed(sandbox, v1):
    opened = v1.payment_intents.create({"amount": 10000, "currency": "usd"}).id
    assert sandbox.act("disputes", intent=opened).status_code == 400
    assert sandbox.act("disputes/du_none/close", outcome="won").status_code == 404
