"""Reconciliation: our record of money against Stripe's, in both directions; what we missed is learnt, the rest is told.

Nothing is believed of a list: where it differs from our record, Stripe is asked about that intent as for a webhook, and
then both are compared again. While Stripe cannot be asked, nothing is found out and nothing is noted.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from commands import Context, payment_ref
from commands.hearing import OUTCOMES, learn
from commands.overdue import overdue
from commands.paying_back import COME_TO_NOTHING
from commands.settling import news
from commands.stripe_books import Entry, asked, made_since, moved
from domain import Value, reconciliation
from domain.payment import Payment
from domain.reconciliation import BooksCompared, Finding, Kind
from eventlog.store import Ref

TRIES = 5


class Compared(Value):
    """One payment; `is_mended` when our record had missed something and has it now."""

    payment_id: UUID
    stripe_id: str
    is_mended: bool = False
    findings: list[Finding] = []


Tell = Callable[[Compared], None]


def silent(_: Compared) -> None:
    """Nobody wants to know."""


def reconcile(since: datetime | None, payments: Iterable[UUID], ctx: Context, tell: Tell = silent) -> BooksCompared:
    """Compares what Stripe has made since (None: ever), and these payments of ours; notes what it found in the log.

    Two at once, or one that is repeated, do no harm. Raises StripeUnavailable: then nothing is noted.
    """
    ids, mended, findings = set(), 0, []
    for one in _each(since, payments, ctx):
        tell(one)
        ids.add(one.payment_id)
        mended += one.is_mended
        findings += one.findings
    event = reconciliation.compared(len(ids), mended, findings, since)
    ref = Ref(reconciliation, reconciliation.stream(ctx.today))
    ctx.append([ref], lambda last: [reconciliation.note(last, event)])
    return event


def _each(since: datetime | None, payments: Iterable[UUID], ctx: Context) -> Iterator[Compared]:
    """From Stripe to us, then from us to Stripe, where its lists did not show a payment's intent."""
    shown = set()
    for entry in made_since(since, ctx):
        if id := entry.payment_id:
            shown.add(entry.intent.id)
            yield _compared(id, entry, ctx)
    for id in payments:
        paying: Payment = ctx.store.load(payment_ref(id)).state
        if paying.intent_id not in shown:
            entry = asked(paying.intent_id, ctx) if paying.intent_id else None
            yield _compared(id, entry, ctx) if entry else _unknown_there(id, paying, ctx)


def _unknown_there(id: UUID, paying: Payment, ctx: Context) -> Compared:
    found = reconciliation.not_at_stripe(id, paying)
    return Compared(id, paying.intent_id, False, found + overdue(id, paying, ctx))


def _compared(id: UUID, entry: Entry, ctx: Context) -> Compared:
    before = ctx.store.load(payment_ref(id))
    paying: Payment | None = before.state
    intent_id = entry.intent.id
    if paying is None:
        return Compared(id, intent_id, False, reconciliation.of_nobody(Kind.UNKNOWN_PAYMENT, id, moved(entry, None)))
    if paying.intent_id not in ("", intent_id):
        return Compared(id, intent_id, False, reconciliation.of_nobody(Kind.CHARGED, id, moved(entry, None)))
    found = reconciliation.differences(id, paying, moved(entry, paying))
    if not found and not _is_news(entry, paying):
        return Compared(id, intent_id, False, overdue(id, paying, ctx))
    found = _looked_into(id, intent_id, ctx)
    now = ctx.store.load(payment_ref(id))
    return Compared(id, intent_id, now.version > before.version, found + overdue(id, now.state, ctx))


def _is_news(entry: Entry, paying: Payment) -> bool:
    """What moves no money, and is told by Stripe all the same: how far an intent, a refund or a dispute came."""
    if not paying.intent_id or news(paying, entry.intent):
        return True
    waits = paying.refunds.keys() - paying.paid_out.keys()
    if waits and any(made.status in COME_TO_NOTHING for made in entry.refunds):
        return True
    ours = {id: one.outcome for id, one in paying.disputes.items()}
    return ours != {one.id: OUTCOMES.get(one.status, "") for one in entry.disputes}


def _looked_into(id: UUID, intent_id: str, ctx: Context) -> list[Finding]:
    """Learnt, and compared while our record stood still; of a payment that never does the next comparison tells."""
    for _ in range(TRIES):
        before = ctx.store.load(payment_ref(id))
        entry = asked(intent_id, ctx)
        learn(intent_id, ctx)
        if entry is None:
            return reconciliation.not_at_stripe(id, before.state)
        if ctx.store.load(payment_ref(id)).version == before.version:
            return reconciliation.differences(id, before.state, moved(entry, before.state))
    return []
