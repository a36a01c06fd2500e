"""Reconciliation: our record of money against Stripe's, in both directions; what we missed is learnt, the rest is told.

Nothing is believed of a list: where it differs from our record, Stripe is asked about that intent as for a webhook, and
then both are compared again. While Stripe cannot be asked, nothing is found out and nothing is noted.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import structs

from commands import Context, payment_ref
from commands.hearing import OUTCOMES, learn
from commands.overdue import overdue
from commands.paying_back import COME_TO_NOTHING, stands_for_nothing
from commands.payments import ours
from commands.settling import news
from commands.stripe_books import Entry, asked, made_since, moved
from domain import Value, reconciliation
from domain.payment import Payment
from domain.reconciliation import BooksCompared, Finding, Kind
from eventlog.store import Ref

TRIES = 5
REMEMBERED_DAYS = 40


class Compared(Value):
    """One payment; `is_mended` when our record had missed something and has it now."""

    payment_id: UUID
    stripe_id: str
    is_mended: bool = False
    findings: list[Finding] = []


class Comparison(Value):
    """All at Stripe since then (None: ever), and these payments of ours; `is_whole` unless some may be missing."""

    since: datetime | None = None
    payments: Sequence[UUID] = ()
    is_whole: bool = True


Making = Callable[[], Context]  # a context of this moment: a comparison may go on past midnight
Tell = Callable[[Compared], None]


def silent(_: Compared) -> None:
    """Nobody wants to know."""


def reconcile(asked_for: Comparison, making: Making, tell: Tell = silent) -> BooksCompared:
    """Compares that, and whatever the last comparison found, however old; notes what it found now in the log.

    One that is repeated does no harm. Raises StripeUnavailable: then nothing is noted.
    """
    ids, mended, findings = set(), 0, []
    last = last_compared(making())
    for one in _each(asked_for, last.findings if last else (), making):
        tell(one)
        ids.add(one.payment_id)
        mended += one.is_mended
        findings += one.findings
    event = reconciliation.compared(len(ids), mended, findings, asked_for.since)
    event, ctx = structs.replace(event, is_whole=asked_for.is_whole), making()
    ctx.append([_day_ref(ctx.today)], lambda _: [[event]])
    return event


def last_compared(ctx: Context) -> BooksCompared | None:
    """What the last comparison found; None where there was none for so many days."""
    days = (ctx.today - timedelta(days=n) for n in range(REMEMBERED_DAYS))
    found = (ctx.store.load(_day_ref(day)).state for day in days)
    return next((one for one in found if one), None)


def has_looked_back(span: timedelta, ctx: Context) -> bool:
    """Whether within a day a whole comparison went back as far as that."""
    days = [reconciliation.stream(ctx.today - timedelta(days=n)) for n in range(2)]
    noted = [one for day in days for one in ctx.store.history(day) if ctx.now - one.at <= timedelta(days=1)]
    return any(one.event.is_whole and (one.event.since is None or one.at - one.event.since >= span) for one in noted)


def _day_ref(day: date) -> Ref:
    return Ref(reconciliation, reconciliation.stream(day))


def _each(asked_for: Comparison, found: Sequence[Finding], making: Making) -> Iterator[Compared]:
    """From Stripe to us, then from us to Stripe, where Stripe did not show a payment's intent by itself."""
    shown = set()
    for entry in _there(asked_for.since, found, making()):
        if id := entry.payment_id:
            shown.add(entry.intent.id)
            yield _compared(id, entry, making())
    for id in sorted({*asked_for.payments, *(one.payment_id for one in found if one.payment_id)}):
        ctx = making()
        paying = ours(id, ctx)
        if paying and paying.intent_id not in shown:
            entry = asked(paying.intent_id, ctx) if paying.intent_id else None
            yield _compared(id, entry, ctx) if entry else _unknown_there(id, paying, ctx)


def _there(since: datetime | None, found: Sequence[Finding], ctx: Context) -> Iterator[Entry]:
    """What Stripe's lists show, and the intents of what was found."""
    shown = set()
    for entry in made_since(since, ctx):
        shown.add(entry.intent.id)
        yield entry
    for id in sorted({one.intent_id for one in found} - shown - {""}):
        if entry := asked(id, ctx):
            yield entry


def _unknown_there(id: UUID, paying: Payment, ctx: Context) -> Compared:
    found = reconciliation.not_at_stripe(id, paying)
    return Compared(id, paying.intent_id, False, found + overdue(id, paying, [], ctx))


def _compared(id: UUID, entry: Entry, ctx: Context) -> Compared:
    intent_id, paying = entry.intent.id, ours(id, ctx)
    if paying is None or paying.intent_id not in ("", intent_id):
        kind = Kind.CHARGED if paying else Kind.UNKNOWN_PAYMENT
        return Compared(id, intent_id, False, reconciliation.of_nobody(kind, id, moved(entry, None)))
    before = ctx.store.load(payment_ref(id))
    found = reconciliation.differences(id, before.state, moved(entry, before.state))
    stands = stands_for_nothing(before.state, ctx)
    if not found and not stands and not _is_news(entry, before.state):
        return Compared(id, intent_id, False, overdue(id, before.state, entry.refunds, ctx))
    found = _looked_into(id, intent_id, ctx)
    now = ctx.store.load(payment_ref(id))
    is_mended = stands or now.version > before.version
    return Compared(id, intent_id, is_mended, found + overdue(id, now.state, entry.refunds, ctx))


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
