"""Webhooks: endpoints, and the signed deliveries to them, retried until they are taken or three days old."""

import asyncio
import hmac
import logging
import time
from contextlib import suppress
from typing import Any, NamedTuple

import httpx
from msgspec import json
from psycopg import Error

from integrations.sandbox.stripe.params import Call, fields, listed, text
from integrations.sandbox.stripe.refusals import missing, no_such
from integrations.sandbox.stripe.store import API_VERSION, Object, Store, Work, new_id

CREATE = frozenset({"url", "enabled_events", "metadata", "description", "api_version"})
CONFIGURED = "we_configured"
BACKOFF_SECONDS = (0.2, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
THREE_DAYS_OF_ATTEMPTS = len(BACKOFF_SECONDS) + 71
AT_ONCE = 32
GATHER_SECONDS = 0.02
REST_SECONDS = 1.0

DUE = """
    select delivery.id, delivery.attempts, endpoint.body ->> 'url', endpoint.body ->> 'secret', event.body
    from stripe_sandbox.deliveries delivery
    join stripe_sandbox.objects endpoint on endpoint.kind = 'we' and endpoint.id = delivery.endpoint_id
    join stripe_sandbox.objects event on event.kind = 'evt' and event.id = delivery.event_id
    where delivery.due <= now() and delivery.id <> all(%s)
    order by delivery.due, delivery.id limit %s"""
TAKEN = "delete from stripe_sandbox.deliveries where id = any(%s)"
AGAIN = """
    update stripe_sandbox.deliveries set attempts = attempts + 1, due = now() + again.seconds * interval '1 s'
    from unnest(%s::bigint[], %s::float[]) as again (id, seconds) where deliveries.id = again.id"""
NEXT = """
    select extract(epoch from min(due) - now())::float from stripe_sandbox.deliveries
    where id <> all(%s) and endpoint_id in (select id from stripe_sandbox.objects where kind = 'we')"""

log = logging.getLogger(__name__)


async def create(work: Work, call: Call) -> Object:
    """POST /v1/webhook_endpoints: the only answer that shows the secret."""
    url, enabled = text(call.params, "url"), listed(call.params, "enabled_events")
    if not url or not enabled:
        raise missing("enabled_events" if url else "url")
    made = endpoint(new_id("we"), url, new_id("whsec"), work.now()) | {
        "enabled_events": enabled,
        "metadata": fields(call.params, "metadata"),
        "description": text(call.params, "description"),
    }
    work.put(made)
    return made


async def delete(work: Work, call: Call) -> Object:
    """DELETE /v1/webhook_endpoints/{id}"""
    if not call.id.startswith("we_") or not await work.get(call.id):
        raise no_such("webhook endpoint", call.id)
    await work.delete(call.id)
    return {"id": call.id, "object": "webhook_endpoint", "deleted": True}


async def configure(store: Store, url: str | None, secret: str | None) -> None:
    """The endpoint named when the sandbox is started: every event goes there; none when there is no address."""
    async with store.work() as work:
        if url and secret:
            work.put(endpoint(CONFIGURED, url, secret, work.now()))
            await work.flush("", None)
        else:
            await work.delete(CONFIGURED)


def endpoint(id: str, url: str, secret: str, at: int) -> Object:
    return {
        "id": id,
        "object": "webhook_endpoint",
        "url": url,
        "secret": secret,
        "enabled_events": ["*"],
        "status": "enabled",
        "livemode": False,
        "metadata": {},
        "created": at,
        "api_version": API_VERSION,
        "application": None,
        "description": None,
    }


def signature(payload: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over the time, a dot and the raw body."""
    return f"t={at},v1={hmac.digest(secret.encode(), b'%d.%s' % (at, payload), 'sha256').hex()}"


class Delivery(NamedTuple):
    id: int
    attempts: int
    url: str
    secret: str
    event: dict[str, Any]


class Postman:
    """Delivers what is due, some at once. What it was doing when it is killed is still due after it."""

    def __init__(self, store: Store):
        self.store = store
        self.rung = asyncio.Event()
        self.flying: dict[int, asyncio.Task[None]] = {}
        self.taken: list[int] = []
        self.again: dict[int, float] = {}

    def ring(self) -> None:
        """Something may have become due."""
        self.rung.set()

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                try:
                    pause = await self.round(client)
                except (Error, OSError) as error:
                    log.warning("no deliveries, the database is away: %s", error)
                    pause = REST_SECONDS
                await asyncio.sleep(GATHER_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.rung.wait(), pause)
                self.rung.clear()

    async def round(self, client: httpx.AsyncClient) -> float:
        """Write down how deliveries ended, start those that are due, and say how long nothing will be due."""
        async with self.store.pool.connection() as db:
            await self.write_down(db)
            if len(self.flying) >= AT_ONCE:
                return REST_SECONDS
            due = await (await db.execute(DUE, (list(self.flying), AT_ONCE - len(self.flying)))).fetchall()
            for row in due:
                delivery = Delivery(*row)
                self.flying[delivery.id] = asyncio.create_task(self.deliver(client, delivery))
            seconds = (await (await db.execute(NEXT, (list(self.flying),))).fetchone())[0]
        return min(max(seconds, 0.0) if seconds is not None else REST_SECONDS, REST_SECONDS)

    async def write_down(self, db: Any) -> None:
        taken, again = list(self.taken), dict(self.again)
        if taken:
            await db.execute(TAKEN, (taken,))
        if again:
            await db.execute(AGAIN, (list(again), list(again.values())))
        await db.commit()
        self.taken = [id for id in self.taken if id not in taken]
        self.again = {id: seconds for id, seconds in self.again.items() if id not in again}
        for id in (*taken, *again):
            self.flying.pop(id, None)

    async def deliver(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        # signed in real time, which is what the receiver checks, wherever the sandbox's clock stands
        payload, at = json.encode(delivery.event), int(time.time())
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Stripe/1.0",
            "stripe-signature": signature(payload, delivery.secret, at),
        }
        try:
            taken = (await client.post(delivery.url, content=payload, headers=headers)).is_success
        except Exception as error:  # a receiver that is killed breaks connections in ways that httpx has no name for
            taken = False
            if not isinstance(error, httpx.HTTPError | httpx.InvalidURL):
                log.warning("delivery %s is made again: %r", delivery.id, error)
        if taken or delivery.attempts >= THREE_DAYS_OF_ATTEMPTS:
            self.taken.append(delivery.id)
        else:
            self.again[delivery.id] = BACKOFF_SECONDS[min(delivery.attempts, len(BACKOFF_SECONDS) - 1)]
        self.ring()
