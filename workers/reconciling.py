"""Reconciliation as it is begun: every hour by a job, at any time by `totetaxi reconcile`.

Which payments are ours is asked of the read model, once it has all that the log had when it was asked: one that is
behind would hide a payment. What only Stripe knows of does not depend on it.
"""

import time
from argparse import Namespace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from psycopg import Connection

from commands import Context
from commands.reconciling import Compared, Tell, reconcile, silent
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
PAUSE_S, EACH_S = 0.05, 5.0


class Behind(Exception):
    """The read model does not have all payments."""


def hourly(ctx: Context, at: datetime) -> BooksCompared:
    """At an instant in UTC. Raises Behind, StripeUnavailable."""
    event = compare(ctx, NIGHTLY_DAYS if at.hour == NIGHT else HOURLY_DAYS)
    for one in event.findings:
        log.warning("books_differ", kind=one.kind, stripe=one.stripe_id, payment=one.payment_id, cents=one.cents)
    return event


def compare(ctx: Context, days: int | None, tell: Tell = silent, patience_s: float = 3.0) -> BooksCompared:
    """What was made within these days (None: ever) and what is open. Raises Behind, StripeUnavailable."""
    since = None if days is None else ctx.now - timedelta(days=days)
    with ctx.store.recorder.connection() as db:
        ids = ours(db, since, patience_s)
    return reconcile(since, ids, ctx, tell)


def ours(db: Connection, since: datetime | None, patience_s: float) -> list[UUID]:
    """The payments to compare, from a read model that knows of all there were at this moment. Raises Behind."""
    deadline, name = time.monotonic() + patience_s, name_of(payments)
    head = (at := standing(db, name)).head
    while at.complete < head:
        if time.monotonic() > deadline:
            raise Behind(f"the read model {name} is at {at.complete} of {head}: is a projector running?")
        time.sleep(PAUSE_S)
        at = standing(db, name)
    if at.parked:
        raise Behind(f"{at.parked} keys of the read model {name} are parked: see `totetaxi projections parked`")
    with db.transaction():
        enter(db, name)
        return payment_list.to_compare(db, since)


# On the command line


def main(asked: Namespace) -> int:
    """`totetaxi reconcile`: exits with 1 when cents are unexplained."""
    days = None if asked.all else HOURLY_DAYS if asked.days is None else asked.days
    progress = Progress()
    try:
        with acting(Settings.from_env(), "reconcile") as ctx:
            event = compare(ctx, days, progress.tell, patience_s=30.0)
    except Behind as error:
        raise BadSettings(str(error)) from error
    except StripeUnavailable as error:
        raise BadSettings(f"Stripe cannot be asked, nothing was noted: {error}") from error
    print(f"{event.compared} payments compared, {event.mended} mended, {event.unexplained_cents} cents unexplained")
    return 1 if event.unexplained_cents else 0


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
