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
ABOUT = {"ch": "payment_intent", "re": "payment_intent", "evt": "type", "pi": "customer"}
SCHEMA = Path(__file__).with_name("schema.sql").read_text()

FLUSH = """
    with changed as (
        insert into stripe_sandbox.objects (kind, id, about, body)
        select split_part(id, '_', 1), id, about, body::jsonb
        from unnest(%(ids)s::text[], %(abouts)s::text[], %(bodies)s::text[]) as change (id, about, body)
        on conflict (kind, id) do update set about = excluded.about, body = excluded.body
    ), due as (
        insert into stripe_sandbox.deliveries (event_id, endpoint_id, due)
        select event.id, endpoint.id, now() + %(delay_ms)s * interval '1 ms'
        from unnest(%(events)s::text[], %(types)s::text[], %(copies)s::int[]) as event (id, type, copies)
        join stripe_sandbox.objects endpoint on endpoint.kind = 'we'
            and endpoint.body -> 'enabled_events' ?| array['*', event.type]
        cross join lateral generate_series(1, event.copies)
    )
    insert into stripe_sandbox.answers (key, fingerprint, status, body)
    select %(key)s, %(fingerprint)s, %(status)s, %(answer)s::jsonb where %(key)s::text is not null"""

PAGE = """
    select body from stripe_sandbox.objects
    where kind = %(kind)s and (%(about)s::text is null or about = %(about)s)
        and (body ->> 'created')::bigint between %(since)s and %(until)s
        and seq < coalesce((select seq from stripe_sandbox.objects where kind = %(kind)s and id = %(after)s),
            9223372036854775807)
    order by seq desc limit %(limit)s"""


def new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def now() -> int:
    return int(time.time())


class Work:
    """One request's transaction: what it reads is fresh, what it changes is gathered and written at its end."""

    def __init__(self, db: AsyncConnection, faults: Faults, key: str | None):
        self.db = db
        self.faults = faults
        self.key = key
        self.changed: dict[str, Object] = {}
        self.events: list[tuple[str, str, int]] = []

    async def get(self, id: str, hold: bool = False) -> Object | None:
        """The object, or None. Whoever changes an intent or what hangs on it holds the intent."""
        if id in self.changed:
            return self.changed[id]
        asked = "select body from stripe_sandbox.objects where kind = split_part(%s, '_', 1) and id = %s"
        row = await (await self.db.execute(asked + (" for update" if hold else ""), (id, id))).fetchone()
        return row[0] if row else None

    async def page(self, asked: dict[str, Any]) -> list[Object]:
        """Newest first. `asked`: kind, about (or None), since, until (Unix seconds), after (an id), limit."""
        return [body for (body,) in await (await self.db.execute(PAGE, asked)).fetchall()]

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
            "created": now(),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": self.key},
            "type": type,
            "data": {"object": json.decode(json.encode(about))},
        }
        self.put(event)
        self.events.append((event["id"], type, self.faults.copies()))

    async def replayed(self) -> tuple[str, int, Any] | None:
        """Fingerprint, status and body of the answer that the request's key has, if it has one."""
        asked = "select fingerprint, status, body from stripe_sandbox.answers where key = %s"
        return await (await self.db.execute(asked, (self.key,))).fetchone()

    async def flush(self, fingerprint: str, answer: tuple[int, Any] | None) -> None:
        """Write all that was gathered; an answer (status, body) is kept under the key."""
        status, kept = answer or (None, None)
        events, types, copies = zip(*self.events, strict=True) if self.events else ((), (), ())
        await self.db.execute(
            FLUSH,
            {
                "ids": list(self.changed),
                "abouts": [about(body) for body in self.changed.values()],
                "bodies": [json.encode(body).decode() for body in self.changed.values()],
                "events": list(events),
                "types": list(types),
                "copies": list(copies),
                "delay_ms": self.faults.webhooks.delay_ms,
                "key": self.key if answer else None,
                "fingerprint": fingerprint,
                "status": status,
                "answer": json.encode(kept).decode(),
            },
        )


def about(body: Object) -> str | None:
    return body.get(ABOUT.get(body["id"].partition("_")[0], ""))


class Store:
    """The sandbox's connections. `faults` are kept in Postgres too, so that a restart does not heal them."""

    def __init__(self, database_url: str):
        # psycopg's pool doubles its pauses while the server is away; two seconds bound how late it notices its return
        self.pool = AsyncConnectionPool(
            database_url, min_size=1, max_size=8, timeout=5, reconnect_timeout=2, open=False, configure=configure
        )
        self.faults = Faults()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with self.pool:
            async with self.pool.connection() as db:
                await db.execute(SCHEMA)
                row = await (await db.execute("select body from stripe_sandbox.faults")).fetchone()
                self.faults = Faults.of(row[0]) if row else Faults()
            yield

    @asynccontextmanager
    async def work(self, key: str | None = None) -> AsyncIterator[Work]:
        async with self.pool.connection() as db:
            yield Work(db, self.faults, key)

    async def set_faults(self, faults: Faults) -> None:
        async with self.pool.connection() as db:
            await db.execute(
                """
                insert into stripe_sandbox.faults (body) values (%s::jsonb)
                on conflict (one) do update set body = excluded.body""",
                (json.encode(faults).decode(),),
            )
        self.faults = faults


async def configure(db: AsyncConnection) -> None:
    set_json_loads(json.decode, db)
