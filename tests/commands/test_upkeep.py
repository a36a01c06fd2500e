"""What no longer counts is cleared away, what counts stays."""

from datetime import UTC, datetime

import psycopg
import pytest

from commands.staff import create_staff, log_in
from commands.upkeep import tidy

OLD = "insert into eventlog.idempotency (caller, route, key, body_hash, ids, position, made_at) values"


@pytest.fixture
def db(database):
    with psycopg.connect(database, autocommit=True) as db:
        yield db


def test_only_what_no_longer_counts_goes(db):
    db.execute(
        f"{OLD} ('a', 'r', 'old', '', '{{}}', 1, now() - interval '25 hours'), ('a', 'r', 'new', '', '{{}}', 1, now())"
    )
    db.execute("insert into api.rate_limits values ('old', 1, now() - interval '1 hour'), ('new', 1, now())")
    create_staff(db, "staff@example.com", "a long password")
    for _ in range(2):
        log_in(db, "staff@example.com", "a long password", datetime.now(UTC))
    db.execute(
        "update api.staff_sessions set expires_at = now() where session_hash = (select min(session_hash::text)::bytea"
        " from api.staff_sessions)"
    )
    db.execute(
        "insert into api.webhook_inbox (source, event_id, type, received_at, done_at) values"
        " ('stripe', 'old', 't', now() - interval '31 days', now() - interval '31 days'),"
        " ('stripe', 'new', 't', now(), now()), ('stripe', 'not done', 't', now() - interval '31 days', null)"
    )
    assert tidy(db, datetime.now(UTC)) == {"idempotency keys": 1, "sessions": 1, "rate limits": 1, "webhooks": 1}
    assert db.execute("select event_id from api.webhook_inbox order by 1").fetchall() == [("new",), ("not done",)]
    assert db.execute("select key from eventlog.idempotency").fetchall() == [("new",)]
    assert db.execute("select bucket from api.rate_limits").fetchall() == [("new",)]
