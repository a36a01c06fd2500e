"""What would be wrong with money, planted in a log and in Stripe's ledger: the proof of the money finds each of it."""

import pytest

from domain.booking_events import BookingCompleted
from domain.payment import PaymentRequested
from domain.payment_events import DisputeClosed, DisputeOpened, RefundPaidOut, RefundReserved
from domain.payment_events import PaymentCancelled as Cancelled
from domain.refund import RefundApproved, RefundCompleted, RefundFailed, RefundRequested
from eventlog.ids import new_id
from tests.proofs.books import wrong_money
from tests.proofs.test_planted_days import CANCELLED, CENTS, ENDED, ID, KNOWN, PAID, WITHDRAWN, booked, log_of
from tests.samples import person

PAYMENT, BACK, SECOND = PAID[0], new_id(), new_id()
HALF = CENTS // 2
ANOTHER = [(SECOND, PaymentRequested(ID, person("ada"), CENTS))]
WANTED = [(BACK, RefundRequested(PAYMENT, ID, HALF, "by_staff", "staff:ada")), (PAYMENT, RefundReserved(BACK, HALF))]
APPROVED = [(BACK, RefundApproved("staff:eve"))]
COMPLETED = [(BACK, RefundCompleted("re_1", HALF)), (PAYMENT, RefundPaidOut(BACK, HALF))]
ALL_BACK = [(PAYMENT, RefundReserved(SECOND, CENTS - HALF)), (PAYMENT, RefundPaidOut(SECOND, CENTS - HALF)),
            (SECOND, RefundRequested(PAYMENT, ID, CENTS - HALF, "by_staff", "staff:ada")),
            (SECOND, RefundCompleted("re_2", CENTS - HALF))]  # fmt: skip
UNKNOWN = [(BACK, RefundFailed("unknown", "re_1"))]
DISPUTED, LOST = [(PAYMENT, DisputeOpened("du_1", HALF, "fraudulent"))], [(PAYMENT, DisputeClosed("du_1", "lost"))]
SETTLED = [booked(), [PAID, KNOWN]]
GIVEN_BACK = [*SETTLED, WANTED, APPROVED, COMPLETED]


def line(received=CENTS, refunded=0, disputed=0, **more):
    """What Stripe's ledger says of an intent of the payment."""
    told = {"metadata": {"payment_id": str(PAYMENT)}, "charges": 1 if received else 0, "refunds": []}
    return told | {"amount_received": received, "refunded": refunded, "disputed": disputed} | more


def made(status="succeeded", **attempt):
    return {"metadata": {"refund_id": str(BACK)} | attempt, "status": status}


TWICE = {"refunds": [made(), made()]}
TRIED_TWICE = {"refunds": [made(), made(attempt="2")]}
RIGHT = {
    "paid": (SETTLED, [line()]),
    "given back in part": (GIVEN_BACK, [line(refunded=HALF, refunds=[made()])]),
    "given back in the end": (GIVEN_BACK, [line(refunded=HALF, refunds=[made("failed"), made(attempt="2")])]),
    "disputed, then lost": ([*SETTLED, DISPUTED, LOST], [line(disputed=HALF)]),
    "cancelled in time": ([booked(), ENDED, [(PAYMENT, Cancelled())]], [line(0)]),
}  # fmt: skip
PLANTED = {
    "paid, and we do not know": ([booked()], [line()], "Stripe's ledger says Cents(received=99500"),
    "known, and not paid": (SETTLED, [line(0)], "ours Cents(received=99500"),
    "a payment of nobody": (SETTLED, [line(), line(metadata={})], "in sum Stripe's ledger says"),
    "given back, and we do not know": (SETTLED, [line(refunded=1)], "refunded=1"),
    "a refund that failed, told to the payment alone": ([*GIVEN_BACK, UNKNOWN], [line()], "refunds say otherwise"),
    "a dispute that was won there": ([*SETTLED, DISPUTED], [line()], "disputed=49750"),
    "two intents": (SETTLED, [line(), line(0)], "has 2 intents"),
    "two charges": (SETTLED, [line(charges=2)], "was charged 2 times"),
    "a refund made twice": (GIVEN_BACK, [line(refunded=HALF, **TWICE)], "2 at Stripe for attempt 1"),
    "two attempts that succeeded": (GIVEN_BACK, [line(refunded=HALF, **TRIED_TWICE)], "was paid back 2 times"),
    "a promise of what never came": ([booked(), WANTED], [line(0)], "of which 0 were paid"),
    "two open payments": ([booked(), ANOTHER], [line(0)], "has 2 open payments"),
    "an approved refund": ([*SETTLED, WANTED, APPROVED], [line()], "is approved and nothing came of it"),
    "a payment that nobody wants": ([booked(), [CANCELLED, WITHDRAWN]], [line(0)], "though nobody wants it"),
    "late money": ([booked(), ENDED, [PAID]], [line()], "was never paid in time, and 99500 cents are kept"),
    "nothing left of what is done": ([*GIVEN_BACK, ALL_BACK, [(ID, BookingCompleted())]],
                                     [line(refunded=CENTS)], "is completed, though all 99500 cents went back"),
}  # fmt: skip


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_right_is_left_alone(what):
    commands, ledger = RIGHT[what]
    assert wrong_money(log_of(commands), ledger) == []


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found_out(what):
    commands, ledger, sentence = PLANTED[what]
    assert any(sentence in one for one in wrong_money(log_of(commands), ledger))
