"""What no longer counts is cleared away, what counts stays."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from commands.upkeep import tidy

OLD = "insert into eventlog.idempotency (caller, route, key, body_hash, ids, position, made_at) values"

ADA = (
    "insert into api.accounts (id, kind, mail, mail_id, password_hash, password_changed_at, made_at)"
    " values (%s, 'customer', 'ada@example.com', %s, 'hash', now(), now())"
)
ID = UUID(int=1)


@pytest.fixture
def db(database):
    with psycopg.connect(database, autocommit=True) as db:
        yield db


def test_only_what_no_longer_counts_goes(db):
    db.execute(
        f"{OLD} ('a', 'r', 'old', '', '{{}}', 1, now() - interval '25 hours'), ('a', 'r', 'new', '', '{{}}', 1, now())"
    )
    db.execute("insert into api.rate_limits values ('old', 1, now() - interval '1 hour'), ('new', 1, now())")
    db.execute(
        "insert into api.webhook_inbox (source, event_id, type, received_at, done_at) values"
        " ('stripe', 'old', 't', now() - interval '31 days', now() - interval '31 days'),"
        " ('stripe', 'new', 't', now(), now()), ('stripe', 'not done', 't', now() - interval '31 days', null)"
    )
    gone = tidy(db, datetime.now(UTC))
    assert [gone[what] for what in ("idempotency keys", "rate limits", "webhooks")] == [1, 1, 1]
    assert db.execute("select event_id from api.webhook_inbox order by 1").fetchall() == [("new",), ("not done",)]
    assert db.execute("select key from eventlog.idempotency").fetchall() == [("new",)]
    assert db.execute("select bucket from api.rate_limits").fetchall() == [("new",)]


def test_who_comes_in_is_known_as_long_as_it_counts(db):
    db.execute(ADA, (ID, ID))
    db.execute(
        "insert into api.sessions (session_hash, account_id, made_at, expires_at) values"
        " ('old', %(id)s, now(), now()), ('new', %(id)s, now(), now() + interval '1 minute')",
        {"id": ID},
    )
    db.execute(
        "insert into api.tokens (token_hash, id, purpose, account_id, mail, made_at, expires_at) values"
        " ('old', gen_random_uuid(), 'verify_mail', %(id)s, 'm', now(), now()),"
        " ('new', gen_random_uuid(), 'verify_mail', %(id)s, 'm', now(), now() + interval '1 minute')",
        {"id": ID},
    )
    db.execute(
        "insert into api.login_failures (mail_id, kind, failures, at) values"
        " (%(id)s, 'staff', 1, now() - interval '25 hours'), (%(id)s, 'customer', 1, now())",
        {"id": ID},
    )
    gone = tidy(db, datetime.now(UTC))
    assert [gone[what] for what in ("sessions", "tokens", "login failures")] == [1, 1, 1]
    for what in ("session_hash from api.sessions", "token_hash from api.tokens"):
        assert db.execute(f"select {what}").fetchall() == [(b"new",)]
    assert db.execute("select kind from api.login_failures").fetchall() == [("customer",)]
