"""The frame around every request: its id, one log line, what is counted, safe headers, and an answer whatever happens.

Pure ASGI, because it is there for each request. Neither paths nor query strings nor addresses are logged: they can be
personal or secret. The route's template stands for them.
"""

import re
import time
from collections.abc import Sequence
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.card_numbers import has_card_number
from api.errors import Problem, described, problem_of, respond
from api.metrics import REQUESTS, SECONDS

SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")  # kept in the log for ever: no mail address, no card number
WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})
PORT = re.compile(r":[0-9]+$")
LAST_SEGMENT_IS_FILE = re.compile(r"\.[a-z0-9]+$")
SAFETY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
STRICT = "default-src 'none'; frame-ancestors 'none'"
HSTS = "max-age=31536000; includeSubDomains"
access_log = structlog.get_logger("access")


class Frame:
    """Middleware around everything; `is_production` adds what only makes sense behind TLS."""

    def __init__(self, app: ASGIApp, is_production: bool = False):
        self.app = app
        self.headers = SAFETY | ({"strict-transport-security": HSTS} if is_production else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        request_id = scope["request_id"] = _request_id(scope)
        scope["path"] = with_slash(scope["path"])
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", STRICT)
            await send(message)

        try:
            await self.app(scope, receive, framed)
        except Exception as error:
            access_log.error("unhandled", request_id=request_id, **described(error))
            if status:
                raise
            await respond(problem_of(error), request_id)(scope, receive, framed)
        finally:
            _note(scope, status, time.perf_counter() - started)
        return None


class OurHosts:
    """Middleware that answers only to the names we have: `*.example.com` for all of a domain, `*` for every name.

    Who watches us asks by address.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str]):
        self.app = app
        self.names = {name.lower() for name in names}
        self.ends = tuple(name[1:] for name in self.names if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in WATCHED or self._is_ours(Headers(scope=scope).get("host", "")):
            return await self.app(scope, receive, send)
        problem = Problem("unknown_host", "Nothing of ours is at this host name.")
        return await respond(problem, scope["request_id"])(scope, receive, send)

    def _is_ours(self, told: str) -> bool:
        host = PORT.sub("", told).lower()
        return "*" in self.names or host in self.names or (bool(self.ends) and host.endswith(self.ends))


def with_slash(path: str) -> str:
    """The same path without its trailing slash answers too."""
    is_ours = path.startswith("/api/") and not path.endswith("/") and not LAST_SEGMENT_IS_FILE.search(path)
    return path + "/" if is_ours else path


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _is_sane(told := value.decode("latin-1")):
            return told
    return uuid4().hex


def _is_sane(told: str) -> bool:
    return SANE_ID.fullmatch(told) is not None and not has_card_number(told)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unknown")
    method = scope["method"] if route != "unknown" else "ANY"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(seconds)
    # Those who watch ask every moment: their lines would bury all others.
    tell = access_log.debug if route in WATCHED and status < 400 else access_log.info
    tell(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        request_id=scope["request_id"],
    )
