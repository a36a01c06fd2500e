"""Reconciliation as it is begun: every hour by a job, at any time by `totetaxi reconcile`.

Which payments are ours is asked of the read model, which is given time to get what the log had when it was asked. When
it stays behind, or has parked keys, those it has are compared, and it is noted that some may be missing. What Stripe
knows of does not depend on it.
"""

import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from psycopg import Connection

from commands.reconciling import Compared, Comparison, Making, Tell, has_looked_back, last_compared, reconcile, silent
from domain.reconciliation import BooksCompared, Finding
from integrations.stripe import StripeUnavailable
from projections import payment_list, payments
from projections.schemas import enter, name_of
from projections.state import standing
from settings import BadSettings, Settings
from workers.upkeep import acting

log = structlog.get_logger()
# A refund may come back weeks later: once a night they are looked at, too.
HOURLY_DAYS, NIGHTLY_DAYS, NIGHT = 3, 40, 8
PAUSE_S, EACH_S, LONGEST_S, LOCK = 0.05, 5.0, 30.0, 7_042_009


def hourly(making: Making, at: datetime) -> BooksCompared:
    """At an instant in UTC: far back at night, or when nobody has looked there for a day. Raises StripeUnavailable."""
    is_far = at.hour == NIGHT or not has_looked_back(timedelta(NIGHTLY_DAYS), making())
    event = compare(making, NIGHTLY_DAYS if is_far else HOURLY_DAYS)
    for one in event.findings:
        log.warning("books_differ", kind=one.kind, stripe=one.stripe_id, payment=one.payment_id, cents=one.cents)
    if event.left_out:
        log.warning("more_books_differ", left_out=event.left_out)
    if not event.is_whole:
        log.warning("payments_may_be_missing_from_books")
    return event


def compare(making: Making, days: int | None, tell: Tell = silent, patience_s: float = 3.0) -> BooksCompared:
    """What was made within these days (None: ever) and what is open; one at a time, for each goes on from the last.

    Ever, too, where there is no last one, or it had more findings than are kept. Raises StripeUnavailable.
    """
    ctx = making()
    with ctx.store.recorder.connection() as db, _alone(db):
        last = last_compared(ctx)
        ever = days is None or last is None or last.left_out
        since = None if ever else ctx.now - timedelta(days=days)
        ids, is_whole = ours(db, since, patience_s)
        return reconcile(Comparison(since, ids, is_whole), making, tell)


@contextmanager
def _alone(db: Connection) -> Iterator[None]:
    db.execute("select pg_advisory_lock(%s)", (LOCK,))
    try:
        yield
    finally:
        db.execute("select pg_advisory_unlock(%s)", (LOCK,))


def ours(db: Connection, since: datetime | None, patience_s: float) -> tuple[list[UUID], bool]:
    """The payments to compare that the read model has; whether it has all there were at this moment."""
    deadline, name = time.monotonic() + patience_s, name_of(payments)
    head = (at := standing(db, name)).head
    while at.complete < head and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
        at = standing(db, name)
    with db.transaction():
        enter(db, name)
        return payment_list.to_compare(db, since), at.complete >= head and not at.parked


# On the command line


def main(asked: Namespace) -> int:
    """`totetaxi reconcile`: exits with 1 when cents are unexplained, with 2 when payments of ours may be missing."""
    days = None if asked.all else HOURLY_DAYS if asked.days is None else asked.days
    progress = Progress()
    try:
        with acting(Settings.from_env(), "reconcile") as ctx:
            event = compare(lambda: replace(ctx, now=datetime.now(UTC)), days, progress.tell, patience_s=LONGEST_S)
    except StripeUnavailable as error:
        raise BadSettings(f"Stripe cannot be asked, nothing was noted: {error}") from error
    print(f"{event.compared} payments compared, {event.mended} mended, {event.unexplained_cents} cents unexplained")
    if event.left_out:
        print(f"{event.left_out} findings more than are kept; the next comparison looks at everything")
    if not event.is_whole:
        print("payments of ours may be missing: is a projector running? see `totetaxi projections parked`")
    return 1 if event.unexplained_cents else 0 if event.is_whole else 2


class Progress:
    """A line for each payment that was mended and each finding; how far it is, every few seconds."""

    def __init__(self) -> None:
        self.count, self.began = 0, time.monotonic()
        self.told = self.began

    def tell(self, one: Compared) -> None:
        self.count += 1
        if one.is_mended:
            print(f"mended  payment {one.payment_id} {one.stripe_id}")
        for found in one.findings:
            print(line(found))
        if (now := time.monotonic()) - self.told > EACH_S:
            print(f"{self.count} payments, {self.count / (now - self.began):.0f}/s", flush=True)
            self.told = now


def line(found: Finding) -> str:
    about = f" refund {found.refund_id}" if found.refund_id else ""
    return f"differs {found.kind} payment {found.payment_id}{about} {found.stripe_id}: {found.cents} cents"
