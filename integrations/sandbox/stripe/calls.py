"""One call of the API: who may call, its transaction, its idempotency key, and the faults that proofs ask for."""

import asyncio
import base64
import binascii
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from msgspec import json
from psycopg import Error
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from integrations.sandbox.stripe.faults import happens
from integrations.sandbox.stripe.lists import expanded
from integrations.sandbox.stripe.params import Call, listed, only, parse
from integrations.sandbox.stripe.refusals import Refusal, broken, key_in_use, key_used_otherwise, unauthorized
from integrations.sandbox.stripe.store import API_VERSION, Object, Store, Work, new_id

Handler = Callable[[Work, Call], Awaitable[Object]]
Asked = tuple[Handler, frozenset[str]]  # and the parameters it knows
Answer = tuple[int, Any, bool]  # status, body, whether it is a replay
NONE: frozenset[str] = frozenset()

log = logging.getLogger(__name__)


class Api:
    """Stripe's side of each call: one transaction, with its answer kept under the call's key."""

    def __init__(self, store: Store, ring: Callable[[], None]):
        self.store = store
        self.ring = ring
        self.in_use: set[str] = set()

    def route(self, method: str, path: str, handler: Handler, known: frozenset[str] = NONE) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self.call(request, handler, known)

        return Route(f"/v1/{path}", endpoint, methods=[method])

    async def call(self, request: Request, handler: Handler, known: frozenset[str]) -> Response:
        await request.body()  # before any delay: what a caller sent is carried out even when he hangs up meanwhile
        try:
            authorize(request.headers.get("authorization", ""))
            if happens(self.store.faults.fail):
                raise broken("An error occurred on our end. (switched on: fail)")
            async with self.key_of(request) as key:
                await asyncio.sleep(self.store.faults.delay_ms / 1000)
                status, body, replay = await self.answer(request, key, (handler, known))
        except Refusal as refusal:
            return answered(refusal.status, {"error": refusal.error})
        except (Error, OSError) as error:
            log.warning("500, the database is away: %s", error)
            return answered(500, {"error": broken("An error occurred on our end.").error})
        if happens(self.store.faults.lose_replies):
            return CutOff() if happens(0.5) else answered(500, {"error": broken("The reply was lost.").error})
        return answered(status, body, replay)

    @asynccontextmanager
    async def key_of(self, request: Request) -> AsyncIterator[str | None]:
        """The call's idempotency key, which no other call uses at the same time."""
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key in self.in_use:
            raise key_in_use()
        if key:
            self.in_use.add(key)
        try:
            yield key
        finally:
            self.in_use.discard(key or "")

    async def answer(self, request: Request, key: str | None, asked: Asked) -> Answer:
        raw = await request.body() or request.url.query.encode()
        fingerprint = sha256(f"{request.method} {request.url.path} ".encode() + raw).hexdigest()
        async with self.store.work(key) as work:
            if key and (kept := await work.replayed()):
                if kept[0] != fingerprint:
                    raise key_used_otherwise(key)
                return kept[1], kept[2], True
            status, body = await carried_out(work, request, raw, asked)
            if request.method != "GET":
                await work.flush(fingerprint, (status, body) if key else None)
        if work.deliveries:
            self.ring()
        return status, body, False


async def carried_out(work: Work, request: Request, raw: bytes, asked: Asked) -> tuple[int, Any]:
    """Status and body. A refusal that is kept is an answer like any other, with its effects; others undo all."""
    handler, known = asked
    params = parse(raw)
    only(params, known | {"expand"})
    call = Call(params, request.path_params.get("id", ""), str(request.base_url).rstrip("/"))
    try:
        body = await handler(work, call)
    except Refusal as refusal:
        if not refusal.kept:
            raise
        return refusal.status, {"error": refusal.error}
    for path in listed(params, "expand"):
        body = await expanded(work, body, path)
    return 200, body


def authorize(header: str) -> None:
    scheme, _, given = header.partition(" ")
    if scheme == "Basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not given:
        raise unauthorized("You did not provide an API key.")
    if not given.startswith(("sk_test_", "rk_test_")):
        raise unauthorized(f"Invalid API Key provided: {given[:8]}***")


def answered(status: int, body: Any, replay: bool = False) -> Response:
    headers = {"request-id": new_id("req"), "stripe-version": API_VERSION}
    if replay:
        headers["idempotent-replayed"] = "true"
    return Response(json.encode(body), status, headers, "application/json")


class CutOff(Response):
    """Promises an answer and hangs up: the server closes the connection of an answer that ends too early."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
