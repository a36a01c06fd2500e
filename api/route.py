"""A route with its policy. Refusals come in one order: 401, 403, 429, 413, 415, 400, 422, then what the handler says.

FastAPI reads the handlers' signatures for the reference of the API; it parses nothing itself, because it would look at
a body before anybody asked who sends it. A handler is a plain function that runs in a thread: it takes the call, then
what the path names, then `asked`, the body or the query.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, get_type_hints

import structlog
from fastapi.routing import APIRoute
from msgspec import json
from pydantic import TypeAdapter
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.call import Call, read_body
from api.card_refusals import refuse_card_numbers
from api.errors import FieldError, Later, Problem, described, problem_of, respond, unavailable
from api.policies import Limit, Policy, Who, lacking
from api.ratelimits import bucket_of, take_token
from api.sessions import refuse_foreign, session_for
from api.tracing import note_read
from api.validation import read_json, read_query
from commands.accounts import Kind
from commands.passwords import TooManyAtOnce

MAX_BODY_BYTES = 64 * 1024
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25
KINDS = {Who.CUSTOMER: Kind.CUSTOMER, Who.STAFF: Kind.STAFF}
PATIENCE_S = 5.0
log = structlog.get_logger("api")


class Route(APIRoute):
    """`where` is method and path, as in "POST /api/public/guest-booking/"; a route without a policy cannot be made."""

    def __init__(self, where: str, handler: Callable[..., Any], policy: Policy, status: int = 200):
        method, path = where.split(" ")
        group = path.split("/")[2] if path.startswith("/api/") else "system"
        super().__init__(path, handler, methods=[method], status_code=status, response_model=None, tags=[group])
        self.where, self.method, self.policy, self.handler, self.status = where, method, policy, handler, status
        self.body = TypeAdapter(get_type_hints(handler, include_extras=True)["asked"]) if self.body_field else None
        queries = self.dependant.query_params
        self.query = TypeAdapter(queries[0].field_info.annotation) if queries else None
        self.app = self.answer

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(scope, receive)
        call.policy = self.policy
        if self.method != "GET":
            await read_body(call, MAX_BODY_BYTES)
        response = self._answered(call) if self.policy.is_instant else await self._in_thread(call)
        await response(scope, receive, send)

    async def _in_thread(self, call: Call) -> Response:
        """Who waits for a twin or for a read model takes no thread meanwhile."""
        pause_s, began = FIRST_PAUSE_S, time.monotonic()
        while isinstance(response := await run_in_threadpool(self._answered, call), Later):
            if time.monotonic() - began > response.patience_s:
                return self._refused(call, response.problem)
            call.has_waited = True
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return response

    def _answered(self, call: Call) -> Any:
        """The response; or a Later, as which the request is to be tried again."""
        try:
            answer = self._handle(call)
            if self.policy.acts and not self.policy.is_write:
                note_read(call)
        except Later as later:
            return later
        except TooManyAtOnce:
            return Later(unavailable("Too many passwords are looked at in this moment."), PATIENCE_S)
        except Exception as error:
            return self._refused(call, error)
        if isinstance(answer, Response):
            return answer
        return Response(json.encode(answer), self.status, call.answer_headers, "application/json")

    def _refused(self, call: Call, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500:
            told = described(error) if problem.status == 500 else {"error": type(error).__name__}
            log.error("failed", route=self.path, request_id=call.scope["request_id"], **told)
        problem.headers = call.answer_headers | problem.headers
        return respond(problem, call.scope["request_id"])

    def _handle(self, call: Call) -> Any:
        is_first = not call.is_admitted
        if is_first:
            self._admit(call)
            call.is_admitted = True
        elif self.policy.who is Who.STAFF or not self.policy.is_write:
            self._let_in(call)  # whoever waited may have gone meanwhile; a write's twin is answered all the same
        if call.is_too_large:
            raise Problem("body_too_large", f"At most {MAX_BODY_BYTES} bytes.")
        if self.body:
            _look_before_reading(call)
        if is_first:  # what was sent stays the same while the call waits
            refuse_card_numbers(call, has_query=self.query is not None)
        given = call.scope.get("path_params") or {}
        if self.body:
            return self.handler(call, **given, asked=read_json(self.body, call.raw))
        if self.query:
            return self.handler(call, **given, asked=read_query(self.query, dict(call.query_params)))
        return self.handler(call, **given)

    def _admit(self, call: Call) -> None:
        """Logged in, if need be, allowed to, and not too often."""
        policy = self.policy
        self._let_in(call)
        if policy.limit and call.parts.settings.rate_limits == "on":
            per_minute = call.parts.settings.limits[policy.limit]
            with call.parts.pool.connection() as db:
                call.answer_headers.update(take_token(db, self._bucket(call, policy.limit), per_minute))

    def _let_in(self, call: Call) -> None:
        policy = self.policy
        if policy.who in KINDS:
            call.session = session_for(call, KINDS[policy.who], policy.is_write)
        elif policy.limit is Limit.AUTH:
            refuse_foreign(call)  # to log somebody in, as somebody else, from a page of somebody else
        if policy.may and policy.may not in call.user.account.permissions:
            raise Problem("not_allowed", lacking(policy.may))

    def _bucket(self, call: Call, limit: Limit) -> str:
        """One for a user, or for an address; each way to log in has one of its own."""
        whose = str(call.session.account.id) if call.session and limit is not Limit.AUTH else bucket_of(call.address)
        return f"{limit} {self.path} {whose}" if limit is Limit.AUTH else f"{limit} {whose}"


def _look_before_reading(call: Call) -> None:
    media_type = call.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("unsupported_media_type", "Send the body as application/json.")
    if call.policy.by_field:
        _refuse_fields(call)


def _refuse_fields(call: Call) -> None:
    """A field that the caller may not change is refused before anybody looks at what is in it."""
    try:
        told = from_json(call.raw)  # as pydantic reads it: what another parser sees otherwise would slip through
    except ValueError:
        return  # it is no JSON, and refused as such
    needed = call.policy.by_field
    for name in sorted(needed.keys() & told.keys() if isinstance(told, dict) else ()):
        if needed[name] not in call.user.account.permissions:
            words = f"{name}: {lacking(needed[name])}"
            raise Problem("not_allowed", words, [FieldError(f"/{name}", "not_allowed", words)])
