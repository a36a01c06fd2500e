"""Stripe's webhooks: verified over the raw body, noted, acted on; 2xx only once the effect is durable.

Each is counted by what became of it: `acted`, `repeated` (done before), `nothing_of_ours`, `failed` (Stripe sends it
again), or why it was not believed.
"""

from typing import Any

from api.call import Call
from api.errors import Later, Problem, unavailable
from api.key_locks import PATIENCE_S
from api.metrics import WEBHOOKS
from commands import hearing
from eventlog.statements import Once
from integrations.stripe import ForgedWebhook, StripeEvent

NOTED = "insert into api.webhook_inbox (source, event_id, type) values ('stripe', %s, %s) on conflict do nothing"
IS_DONE = "select done_at is not null from api.webhook_inbox where source = 'stripe' and event_id = %s"
DONE = "update api.webhook_inbox set done_at = now() where source = 'stripe' and event_id = %s"


def webhook(call: Call) -> dict[str, Any]:
    """Where Stripe tells what happened to payments, refunds and disputes; nobody else is believed.

    What it is about is asked of Stripe, so it may come late, twice or out of order. It is answered once its effect is
    durable; with anything but 2xx Stripe sends it again. Of one event that comes many times at once, one acts.
    """
    event = _believed(call)
    _count("repeated" if _is_done(call, event) else _act_alone(call, event))
    return {"received": True}


def _believed(call: Call) -> StripeEvent:
    try:
        return call.parts.stripe.webhook_event(call.raw, call.headers.get("stripe-signature", ""))
    except ForgedWebhook as forged:
        _count(forged.reason)
        if forged.reason == "wrong_mode":
            raise Problem("wrong_mode", "This is of the other mode than our key for Stripe.") from None
        raise Problem("invalid_signature", "This was not signed with our secret in the last five minutes.") from None


def _is_done(call: Call, event: StripeEvent) -> bool:
    """Noted before anybody acts on it."""
    with call.parts.pool.connection() as db:
        db.execute(NOTED, (event.id, event.type))
        row = db.execute(IS_DONE, (event.id,)).fetchone()
    return bool(row and row[0])


def _act_alone(call: Call, event: StripeEvent) -> str:
    """What became of it. Raises Later while a twin acts."""
    locks, alone = call.parts.key_locks, Once("stripe", "webhook", event.id, b"", {})
    if not locks.try_lock(alone):
        raise Later(unavailable("The same event is being acted on."), PATIENCE_S)
    try:
        return "repeated" if _is_done(call, event) else _act(call, event)
    except Exception:
        _count("failed")
        raise
    finally:
        locks.unlock(alone)


def _act(call: Call, event: StripeEvent) -> str:
    position = hearing.hear(event, call.context())
    with call.parts.pool.connection() as db:
        db.execute(DONE, (event.id,))
    return "nothing_of_ours" if position is None else "acted"


def _count(outcome: str) -> None:
    WEBHOOKS.labels("stripe", outcome).inc()
