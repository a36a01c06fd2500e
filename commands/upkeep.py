"""What is cleared away from time to time: keys that no longer count, ended sessions and tokens, full buckets."""

from datetime import datetime

from psycopg import Connection

from eventlog.once import purge

SESSIONS = "delete from api.sessions where expires_at <= %s"
TOKENS = "delete from api.tokens where expires_at <= %s"
# Who has not tried for a day begins anew; no lock lasts that long.
FAILURES = "delete from api.login_failures where at <= %s::timestamptz - interval '1 day'"
FULL_BUCKETS = "delete from api.rate_limits where at < now() - interval '10 minutes'"
# Stripe sends an event again for three days, and an effect that is repeated all the same does no harm.
HEARD = "delete from api.webhook_inbox where done_at < now() - interval '30 days'"


def tidy(db: Connection, now: datetime) -> dict[str, int]:
    """How many rows of each went; on a connection with autocommit."""
    return {
        "idempotency keys": purge(db, now),
        "sessions": db.execute(SESSIONS, (now,)).rowcount,
        "tokens": db.execute(TOKENS, (now,)).rowcount,
        "login failures": db.execute(FAILURES, (now,)).rowcount,
        "rate limits": db.execute(FULL_BUCKETS).rowcount,
        "webhooks": db.execute(HEARD).rowcount,
    }
