"""What is cleared away from time to time: keys that no longer count, ended sessions, full buckets, old webhooks."""

from datetime import datetime

from psycopg import Connection

from commands.staff import end_old_sessions
from eventlog.once import purge

FULL_BUCKETS = "delete from api.rate_limits where at < now() - interval '10 minutes'"
# Stripe sends an event again for three days, and an effect that is repeated all the same does no harm.
HEARD = "delete from api.webhook_inbox where done_at < now() - interval '30 days'"


def tidy(db: Connection, now: datetime) -> dict[str, int]:
    """How many rows of each went; on a connection with autocommit."""
    return {
        "idempotency keys": purge(db, now),
        "sessions": end_old_sessions(db, now),
        "rate limits": db.execute(FULL_BUCKETS).rowcount,
        "webhooks": db.execute(HEARD).rowcount,
    }
