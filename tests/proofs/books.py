"""What must be true of all money, by the whole log and by Stripe's own ledger; says what is not.

The checks read both as they are, and nothing that the programs believe about them: `wrong_money` is the sum of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple, get_args
from uuid import UUID

from domain import booking, payment, refund
from domain.booking_status import ACTIVE, OWING, Status
from eventlog.envelope import Recorded

AGGREGATES: dict[type, ModuleType] = {
    event: aggregate for aggregate in (booking, payment, refund) for event in get_args(aggregate.Event)
}
COUNTED = (refund.Status.REQUESTED, refund.Status.APPROVED, refund.Status.COMPLETED)
NOT_MADE = ("failed", "canceled")
Ledger = list[dict[str, Any]]


class Cents(NamedTuple):
    """What came of a payment, what went back of it, and what the payer's bank holds."""

    received: int
    refunded: int
    disputed: int


class Books:
    """All bookings, payments and refunds, as the events up to some moment tell."""

    def __init__(self, log: list[Recorded] = ()):
        self.states: dict[UUID, Any] = {}
        self.payments: dict[UUID, payment.Payment] = {}
        self.refunds: dict[UUID, refund.Refund] = {}
        self.bookings: dict[UUID, booking.Booking] = {}
        self.of_payment: dict[UUID, set[UUID]] = defaultdict(set)  # refunds
        self.of_booking: dict[UUID, set[UUID]] = defaultdict(set)  # payments
        for recorded in log:
            self.enter(recorded)

    def enter(self, recorded: Recorded) -> None:
        id, aggregate = recorded.originator_id, AGGREGATES.get(type(recorded.event))
        if aggregate is None:
            return
        state = self.states[id] = aggregate.evolve(self.states.get(id), recorded.event)
        match state:
            case payment.Payment():
                self.payments[id] = state
                self.of_booking[state.booking_id].add(id)
            case refund.Refund():
                self.refunds[id] = state
                self.of_payment[state.payment_id].add(id)
            case _:
                self.bookings[id] = state

    def cents(self, id: UUID) -> Cents:
        """Of a payment; what went back is what refunds say that are completed."""
        paid = self.payments[id]
        backs = [self.refunds[one] for one in self.of_payment[id]]
        back = sum(one.amount_cents for one in backs if one.status is refund.Status.COMPLETED)
        held = sum(one.amount_cents for one in paid.disputes.values() if one.outcome != "won")
        return Cents(received(paid), back, held)


def received(paid: payment.Payment) -> int:
    return paid.amount_cents if paid.status is payment.Status.SUCCEEDED else 0


def wrong_money(log: list[Recorded], ledger: Ledger) -> list[str]:
    """Every sentence about money that should not be true once all is at rest."""
    books = Books(log)
    at_any_moment = [*promised_too_much(log), *open_twice(log)]
    in_the_end = [*unequal(books, ledger), *charged_twice(ledger), *refunded_twice(ledger), *left_over(books)]
    return at_any_moment + in_the_end


def unequal(books: Books, ledger: Ledger) -> Iterator[str]:
    """Payment by payment and in sum, to the cent; what Stripe has for nobody of ours included."""
    theirs: dict[str, list[Cents]] = defaultdict(list)
    for line in ledger:
        sums = Cents(line["amount_received"], line["refunded"], line["disputed"])
        theirs[line["metadata"].get("payment_id", "")].append(sums)
    for id, paid in books.payments.items():
        told = total(theirs[str(id)])
        if told != books.cents(id):
            yield f"payment {id}: Stripe's ledger says {told}, ours {books.cents(id)}"
        if sum(paid.paid_out.values()) != books.cents(id).refunded:
            yield f"payment {id}: {sum(paid.paid_out.values())} cents were paid out, refunds say otherwise"
    ours, all_theirs = total(map(books.cents, books.payments)), total(map(total, theirs.values()))
    if ours != all_theirs:
        yield f"in sum Stripe's ledger says {all_theirs}, ours {ours}"


def total(of: Any) -> Cents:
    return Cents(*map(sum, zip(Cents(0, 0, 0), *of, strict=True)))


def charged_twice(ledger: Ledger) -> Iterator[str]:
    """A payment has one intent, and no more than one charge of it succeeded."""
    intents = Counter(line["metadata"].get("payment_id") for line in ledger)
    yield from (f"payment {id} has {count} intents at Stripe" for id, count in intents.items() if count > 1)
    charges: Counter[str] = Counter()
    for line in ledger:
        charges[line["metadata"].get("payment_id", "")] += line["charges"]
    yield from (f"payment {id} was charged {count} times" for id, count in charges.items() if count > 1)


def refunded_twice(ledger: Ledger) -> Iterator[str]:
    """One refund at Stripe for each attempt of ours, and one in all that did not come to nothing."""
    marks = [(one["metadata"], one["status"]) for line in ledger for one in line["refunds"]]
    own = [(mark["refund_id"], mark.get("attempt", "1"), status) for mark, status in marks if "refund_id" in mark]
    attempts = Counter((id, attempt) for id, attempt, _ in own)
    yield from (f"refund {id} has {n} at Stripe for attempt {at}" for (id, at), n in attempts.items() if n > 1)
    made = Counter(id for id, _, status in own if status not in NOT_MADE)
    yield from (f"refund {id} was paid back {count} times" for id, count in made.items() if count > 1)


def promised_too_much(log: list[Recorded]) -> Iterator[str]:
    """After each command: what is requested, approved and completed of a payment is no more than was paid."""
    for position, touched, books in moments(log):
        for id in touched & books.payments.keys():
            backs = [books.refunds[one] for one in books.of_payment[id]]
            cents = sum(one.amount_cents for one in backs if one.status in COUNTED)
            if cents > (paid := received(books.payments[id])):
                yield f"at {position} {cents} cents of payment {id} are to go back, of which {paid} were paid"


def open_twice(log: list[Recorded]) -> Iterator[str]:
    """After each command: of the payments of a booking no more than one can still bring money."""
    for position, touched, books in moments(log):
        for on in {books.payments[id].booking_id for id in touched & books.payments.keys()}:
            open_ones = [id for id in books.of_booking[on] if books.payments[id].status not in payment.ENDED]
            if len(open_ones) > 1:
                yield f"at {position} booking {on} has {len(open_ones)} open payments"


def moments(log: list[Recorded]) -> Iterator[tuple[int, set[UUID], Books]]:
    """The position after each command, the payments that it was about, and the books then."""
    books, touched = Books(), defaultdict(set)
    ends = {recorded.origin.command_id: recorded.position for recorded in log}  # what happens at once is interleaved
    for recorded in log:
        books.enter(recorded)
        state, command = books.states.get(recorded.originator_id), recorded.origin.command_id
        touched[command].add(state.payment_id if isinstance(state, refund.Refund) else recorded.originator_id)
        if ends[command] == recorded.position:
            yield recorded.position, touched[command], books


def left_over(books: Books) -> Iterator[str]:
    """What has not come to its end, though nobody has to decide anything and no payer is awaited."""
    for id, back in books.refunds.items():
        if back.status is refund.Status.APPROVED:
            yield f"refund {id} is approved and nothing came of it"
    for id, paid in books.payments.items():
        made = books.bookings[paid.booking_id]
        if paid.status not in payment.ENDED and (paid.is_withdrawn or made.status not in OWING):
            yield f"payment {id} is {paid.status}, though nobody wants it: booking {paid.booking_id} is {made.status}"
    for id, made in books.bookings.items():
        yield from _left_over_of(id, made, books)


def _left_over_of(id: UUID, made: booking.Booking, books: Books) -> Iterator[str]:
    payments = [books.payments[one] for one in books.of_booking[id]]
    came, back = sum(map(received, payments)), sum(sum(one.paid_out.values()) for one in payments)
    due, givable = booking.due_cents(made), sum(map(payment.givable_cents, payments))
    if made.status is Status.CANCELLED and not made.is_paid and givable:
        yield f"booking {id} was never paid in time, and {givable} cents are kept"
    if made.status in OWING and made.is_paid and due < 0 and givable:
        yield f"booking {id} was paid {-due} cents too much, and {givable} are kept"
    if made.status in OWING and made.is_paid and due > 0 and all(one.status in payment.ENDED for one in payments):
        yield f"booking {id} lacks {due} cents that nobody is asked for"
    if made.status in ACTIVE | {Status.COMPLETED} and 0 < came <= back:
        yield f"booking {id} is {made.status}, though all {came} cents went back"
