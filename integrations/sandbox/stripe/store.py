"""What the sandbox knows, in a Postgres schema of its own: objects by id, answers by idempotency key, deliveries due.

A request is one transaction: the objects it changed, its events' deliveries and the answer under its key are written
by one statement, so a killed sandbox has done a request entirely or not at all.
"""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import json
from psycopg import AsyncConnection
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from integrations.sandbox.stripe.faults import Faults

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
KEYS_LIVE_SECONDS = 24 * 3600
ABOUT = {
    **dict.fromkeys(("ch", "re", "du"), "payment_intent"),
    **dict.fromkeys(("pi", "pm"), "customer"),
    "txn": "source",
    "evt": "type",
}
SCHEMA = Path(__file__).with_name("schema.sql").read_text()

FLUSH = """
    with changed as (
        insert into stripe_sandbox.objects (kind, id, about, body)
        select split_part(id, '_', 1), id, about, body::jsonb
        from unnest(%(ids)s::text[], %(abouts)s::text[], %(bodies)s::text[]) as change (id, about, body)
        on conflict (kind, id) do update set about = excluded.about, body = excluded.body
    ), due as (
        insert into stripe_sandbox.deliveries (event_id, endpoint_id, due)
        select event.id, endpoint.id, now() + event.delay_ms * interval '1 ms'
        from unnest(%(events)s::text[], %(types)s::text[], %(delays_ms)s::int[]) as event (id, type, delay_ms)
        join stripe_sandbox.objects endpoint on endpoint.kind = 'we'
            and endpoint.body -> 'enabled_events' ?| array['*', event.type]
    )
    insert into stripe_sandbox.answers (key, fingerprint, status, body, at)
    select %(key)s, %(fingerprint)s, %(status)s, %(answer)s::jsonb, to_timestamp(%(now)s)
    where %(key)s::text is not null
    on conflict (key) do update set
        (fingerprint, status, body, at) = (excluded.fingerprint, excluded.status, excluded.body, excluded.at)"""

PRUNE = "delete from stripe_sandbox.answers where at <= to_timestamp(%s)"

PAGE = """
    select body from stripe_sandbox.objects
    where kind = %(kind)s and (%(about)s::text is null or about = %(about)s)
        and (%(types)s::text[] is null or about like any(%(types)s)) and body @> %(match)s::jsonb
        and (body ->> 'created')::bigint between %(since)s and %(until)s
        and seq < coalesce((select seq from stripe_sandbox.objects where kind = %(kind)s and id = %(after)s),
            9223372036854775807)
    order by seq desc limit %(limit)s"""


def new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


class Work:
    """One request's transaction: what it reads is fresh, what it changes is gathered and written at its end."""

    def __init__(self, db: AsyncConnection, store: "Store", key: str | None):
        self.db = db
        self.store = store
        self.key = key
        self.changed: dict[str, Object] = {}
        self.deliveries: list[tuple[str, str, int]] = []

    def now(self) -> int:
        """Unix seconds of the sandbox's clock."""
        return self.store.now()

    async def get(self, id: str, hold: bool = False) -> Object | None:
        """The object, or None. Whoever changes an intent or what hangs on it holds the intent.

        Held in this order: intent, customer, payment method.
        """
        if id in self.changed:
            return self.changed[id]
        asked = "select body from stripe_sandbox.objects where kind = split_part(%s, '_', 1) and id = %s"
        row = await (await self.db.execute(asked + (" for update" if hold else ""), (id, id))).fetchone()
        return row[0] if row else None

    async def page(self, asked: dict[str, Any]) -> list[Object]:
        """Newest first; what has no `created` is listed nowhere.

        `asked`: kind, about (or None), types (patterns of it, or None), match (fields as they must be), since, until
        (Unix seconds, both included), after (an id or None), limit.
        """
        rows = await self.db.execute(PAGE, asked | {"match": json.encode(asked["match"]).decode()})
        return [body for (body,) in await rows.fetchall()]

    def put(self, *changed: Object) -> None:
        self.changed |= {body["id"]: body for body in changed}

    async def delete(self, endpoint_id: str) -> None:
        """A webhook endpoint, and what was still to be delivered to it."""
        await self.db.execute("delete from stripe_sandbox.deliveries where endpoint_id = %s", (endpoint_id,))
        await self.db.execute("delete from stripe_sandbox.objects where kind = 'we' and id = %s", (endpoint_id,))

    def emit(self, type: str, about: Object) -> None:
        """An event with the object as it is at this moment, and its deliveries as the faults want them."""
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": self.key},
            "type": type,
            "data": {"object": json.decode(json.encode(about))},
        }
        self.put(event)
        self.deliveries += [(event["id"], type, delay_ms) for delay_ms in self.store.faults.delays_ms()]

    async def replayed(self) -> tuple[str, int, Any] | None:
        """Fingerprint, status and body of the answer that the request's key has, if it has one and is not a day old."""
        asked = "select fingerprint, status, body from stripe_sandbox.answers where key = %s and at > to_timestamp(%s)"
        return await (await self.db.execute(asked, (self.key, self.store.forgotten()))).fetchone()

    async def flush(self, fingerprint: str, answer: tuple[int, Any] | None) -> None:
        """Write all that was gathered; an answer (status, body) is kept under the key."""
        status, kept = answer or (None, None)
        events, types, delays_ms = zip(*self.deliveries, strict=True) if self.deliveries else ((), (), ())
        await self.db.execute(
            FLUSH,
            {
                "ids": list(self.changed),
                "abouts": [about(body) for body in self.changed.values()],
                "bodies": [json.encode(body).decode() for body in self.changed.values()],
                "events": list(events),
                "types": list(types),
                "delays_ms": list(delays_ms),
                "now": self.now(),
                "key": self.key if answer else None,
                "fingerprint": fingerprint,
                "status": status,
                "answer": json.encode(kept).decode(),
            },
        )


def about(body: Object) -> str | None:
    return body.get(ABOUT.get(body["id"].partition("_")[0], ""))


class Store:
    """The sandbox's connections. Faults and clock are kept in Postgres too: a restart does not heal or rewind them."""

    def __init__(self, database_url: str):
        # psycopg's pool doubles its pauses while the server is away; two seconds bound how late it notices its return
        self.pool = AsyncConnectionPool(
            database_url, min_size=1, max_size=8, timeout=5, reconnect_timeout=2, open=False, configure=configure
        )
        self.faults = Faults()
        self.advanced_seconds = 0

    def now(self) -> int:
        """Unix seconds of the sandbox's clock, which can be ahead of the real one."""
        return int(time.time()) + self.advanced_seconds

    def forgotten(self) -> int:
        """Answers from then and before are forgotten, so their keys mean a new call."""
        return self.now() - KEYS_LIVE_SECONDS

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with self.pool:
            async with self.pool.connection() as db:
                await db.execute(SCHEMA)
                row = await (await db.execute("select body from stripe_sandbox.faults")).fetchone()
                self.faults = Faults.of(row[0]) if row else Faults()
                row = await (await db.execute("select advanced_seconds from stripe_sandbox.clock")).fetchone()
                self.advanced_seconds = row[0] if row else 0
                await db.execute(PRUNE, (self.forgotten(),))
            yield

    @asynccontextmanager
    async def work(self, key: str | None = None) -> AsyncIterator[Work]:
        async with self.pool.connection() as db:
            yield Work(db, self, key)

    async def set_faults(self, faults: Faults) -> None:
        async with self.pool.connection() as db:
            await db.execute(
                """
                insert into stripe_sandbox.faults (body) values (%s::jsonb)
                on conflict (one) do update set body = excluded.body""",
                (json.encode(faults).decode(),),
            )
        self.faults = faults

    async def advance(self, seconds: int) -> None:
        """Move the sandbox's clock on: `created` of what comes, and the age of idempotency keys."""
        async with self.pool.connection() as db:
            moved = await db.execute(
                """
                insert into stripe_sandbox.clock (advanced_seconds) values (%s) on conflict (one) do update set
                    advanced_seconds = clock.advanced_seconds + excluded.advanced_seconds
                returning advanced_seconds""",
                (seconds,),
            )
            [self.advanced_seconds] = await moved.fetchone()
            await db.execute(PRUNE, (self.forgotten(),))


async def configure(db: AsyncConnection) -> None:
    set_json_loads(json.decode, db)
