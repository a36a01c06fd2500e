"""What is cleared away from time to time: keys that no longer count, sessions that have ended, full buckets."""

from datetime import datetime

from psycopg import Connection

from commands.staff import end_old_sessions
from eventlog.once import purge

FULL_BUCKETS = "delete from api.rate_limits where at < now() - interval '10 minutes'"


def tidy(db: Connection, now: datetime) -> dict[str, int]:
    """How many rows of each went; on a connection with autocommit."""
    return {
        "idempotency keys": purge(db, now),
        "sessions": end_old_sessions(db, now),
        "rate limits": db.execute(FULL_BUCKETS).rowcount,
    }
