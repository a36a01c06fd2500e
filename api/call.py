"""One request with all that a handler may ask of it: the raw body, who calls, the parts that carry it out, a clock."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from psycopg_pool import ConnectionPool
from starlette.requests import Request

from api.card_numbers import has_card_number, masked
from api.key_locks import KeyLocks
from api.policies import Policy, Who
from api.ratelimits import Networks, client_address
from api.tracing import MOST_AGENT, plain, trace_of
from commands import Context
from commands.accounts import Session
from domain.audit import Action, PersonalChangeRecorded
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.statements import Once
from eventlog.store import EventStore
from integrations.stripe import Stripe
from settings import Settings

TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True)
class Parts:
    """What is opened once for the whole process."""

    settings: Settings
    store: EventStore
    pool: ConnectionPool
    key_locks: KeyLocks
    stripe: Stripe
    trusted: Networks


class Call(Request):
    """A request on its way through its route. `session` is there on routes for users, once they are let in."""

    raw: bytes = b""
    is_too_large: bool = False
    is_admitted: bool = False
    has_waited: bool = False
    policy: Policy
    session: Session | None = None

    @cached_property
    def parts(self) -> Parts:
        return self.scope["app"].state.parts

    @cached_property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @cached_property
    def answer_headers(self) -> dict[str, str]:
        return {}

    @property
    def address(self) -> str:
        return client_address(self.scope, self.parts.trusted)

    @property
    def agent(self) -> str:
        """The program that calls, as it names itself; kept in the audit log."""
        return masked(plain(self.headers.get("user-agent", "")))[:MOST_AGENT]

    @property
    def user(self) -> Session:
        assert self.session, "the route's policy lets nobody in without a session"
        return self.session

    @property
    def caller(self) -> str:
        """Whose idempotency keys these are; callers without an account share one scope."""
        return self._named or "anonymous"

    @property
    def actor(self) -> str:
        """Who is named in the log as the one who wanted it: who has a session, Stripe for a webhook, else a guest."""
        return self._named or ("stripe" if self.policy.who is Who.STRIPE else "guest")

    @cached_property
    def acts(self) -> Action | None:
        """What the audit log calls it. Where a route does one of several things, its handler says which."""
        return self.policy.acts

    @property
    def _named(self) -> str:
        return f"{self.session.account.kind}:{self.session.account.id}" if self.session else ""

    def context(self, once: Once | None = None, change: PersonalChangeRecorded | None = None) -> Context:
        """For a command. Where staff act, its first append takes their entry in the audit log along.

        `change` is what it changes of somebody's personal data.
        """
        told = self.headers.get("traceparent", "")
        is_trace = TRACEPARENT.fullmatch(told) and not has_card_number(told)  # kept in the log for ever: nothing else
        traceparent = told if is_trace else ""
        origin = Origin(self.actor, new_id(), self.scope["request_id"], None, traceparent)
        parts, settings = self.parts, self.parts.settings
        trace = trace_of(self, change) if self.acts else None
        return Context(
            parts.store,
            parts.stripe,
            origin,
            self.now,
            settings.secret_key.encode(),
            once,
            trace,
            site=settings.base_url,
        )


async def read_body(call: Call, most: int) -> None:
    """The raw body into the call, or the note that it is too large; no more than `most` bytes are kept of it."""
    told = call.headers.get("content-length", "")
    call.is_too_large = told.isdecimal() and int(told) > most
    chunks: list[bytes] = []
    size = 0
    while not call.is_too_large:
        message: Any = await call.receive()
        if message["type"] != "http.request":
            break
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        call.is_too_large = size > most
        if not message.get("more_body"):
            break
    call.raw = b"".join(chunks)
