"""What Stripe's books hold: intents with all their refunds and disputes, from its lists, or one that is asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from commands import Context
from domain import Value, refund
from domain.payment import Payment
from domain.reconciliation import Moved
from integrations.stripe import MISSING, Intent, StripeDispute, StripeRefund, StripeRefused, StripeUnavailable

BEGINNING = datetime.fromtimestamp(0, UTC)


class Entry(Value):
    """An intent with everything that was done with it."""

    intent: Intent
    refunds: list[StripeRefund]
    disputes: list[StripeDispute]

    @property
    def payment_id(self) -> UUID | None:
        """The payment that it names; None for another shop's, which may share the account."""
        return uuid_in(self.intent.metadata.get("payment_id"))


def uuid_in(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def made_since(since: datetime | None, ctx: Context) -> Iterator[Entry]:
    """Every intent of which anything was made since then; whole lists are cheaper than asking for each.

    Of an intent in the list the lists have everything; an older one is asked for.
    """
    begin = since or BEGINNING
    intents = {one.id: one for one in ctx.stripe.intents_since(begin)}
    refunds, disputes = defaultdict(list), defaultdict(list)
    for back in ctx.stripe.refunds_since(begin):
        refunds[back.intent_id or ""].append(back)
    for dispute in ctx.stripe.disputes_since(begin):
        disputes[dispute.intent_id or ""].append(dispute)
    for id, intent in intents.items():
        yield Entry(intent, refunds[id], disputes[id])
    for id in sorted({*refunds, *disputes} - intents.keys() - {""}):
        if entry := asked(id, ctx):
            yield entry


def asked(intent_id: str, ctx: Context) -> Entry | None:
    """As it is now; None when there is no such intent in this account. Raises StripeUnavailable."""
    intent = there(intent_id, ctx)
    return intent and Entry(intent, ctx.stripe.refunds_of(intent_id), ctx.stripe.disputes_of(intent_id))


def there(intent_id: str, ctx: Context) -> Intent | None:
    """The intent alone. Only that it is missing says that there is none: of any other refusal nothing follows."""
    try:
        return ctx.stripe.retrieve_intent(intent_id)
    except StripeRefused as refusal:
        if refusal.code != MISSING:
            raise StripeUnavailable(f"of the intent {intent_id} Stripe says {refusal.code}") from refusal
        return None


def moved(entry: Entry, paying: Payment | None) -> Moved:
    """Its money. A refund is ours by its mark, unless it entered as one begun at Stripe."""
    refunds: Counter[UUID] = Counter()
    for made in entry.refunds:
        if made.status == "succeeded":
            refunds[_our_id(made, paying)] += made.amount_cents
    disputes = {one.id: one.taken_cents for one in entry.disputes if one.status != "won" and one.taken_cents}
    intent = entry.intent
    return Moved(intent.id, intent.amount_cents if intent.status == "succeeded" else 0, dict(refunds), disputes)


def _our_id(made: StripeRefund, paying: Payment | None) -> UUID:
    foreign, marked = refund.begun_at_stripe(made.id), uuid_in(made.metadata.get("refund_id"))
    is_known = paying is not None and foreign in paying.paid_out
    return foreign if is_known or marked is None else marked
