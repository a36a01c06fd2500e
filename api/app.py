"""The API as one application: its parts opened, its routes mounted, the frame around everything, by plain calls."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import FastAPI
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from api.call import Parts
from api.errors import Problem, respond
from api.frame import Frame, OurHosts
from api.key_locks import KeyLocks
from api.openapi.document import document
from api.policies import Policy
from api.ratelimits import networks
from api.route import Route
from api.routes import (
    audit,
    catalogue,
    customer_addresses,
    customer_auth,
    customer_bookings,
    customer_overview,
    customer_payment_methods,
    customers,
    guest_bookings,
    inbox,
    payments,
    public,
    read_models,
    reference,
    second_factor,
    staff,
    staff_accounts,
    staff_auth,
    staff_booking_lists,
    staff_bookings,
    staff_capacity,
    staff_catalog,
    staff_customers,
    staff_payments,
    staff_settings,
    staff_work,
    system,
)
from commands.passwords import nobodys
from commands.service_area import look_up
from eventlog.pool import check_alive
from eventlog.store import EventStore
from eventlog.vault import Vault
from integrations.stripe import connect
from settings import Settings

GROUPS = (
    catalogue,
    customer_auth,
    customers,
    customer_addresses,
    customer_payment_methods,
    customer_overview,
    public,
    guest_bookings,
    payments,
    customer_bookings,
    staff_auth,
    staff,
    staff_booking_lists,
    staff_bookings,
    staff_customers,
    staff_accounts,
    staff_catalog,
    staff_capacity,
    staff_settings,
    staff_payments,
    audit,
    second_factor,
    read_models,
    staff_work,
    system,
    reference,
)
ANY_ZIP = "10013"
POOL = {"min_size": 1, "max_size": 16, "timeout": 3.0, "reconnect_timeout": 5.0, "open": False}
LIMITS = ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
EXPOSED = ["X-Request-Id", "ETag", "Content-Disposition", *LIMITS]


def create(settings: Settings | None = None, extra: Sequence[Route] = ()) -> FastAPI:
    """The application for these settings (those of the environment when none are given); `extra` are further routes."""
    settings = settings or Settings.from_env()
    app = FastAPI(lifespan=_lifespan, openapi_url=None, redirect_slashes=False)
    app.state.settings = settings
    app.router.routes += routes(settings)
    app.router.routes += extra
    app.add_exception_handler(HTTPException, _not_routed)
    _add_middleware(app, settings)
    policies(app)
    app.openapi = cache(lambda: document([route for route in app.routes if isinstance(route, Route)], settings))
    return app


def routes(settings: Settings) -> list[Route]:
    found = [route for group in GROUPS for route in group.ROUTES]
    if settings.production:
        return found
    return found + inbox.ROUTES + (payments.SANDBOX_ROUTES if settings.sandbox else [])


def policies(app: FastAPI) -> dict[str, Policy]:
    """The policy of each route, by method and path. Raises TypeError for a route that has none."""
    found = {}
    for route in app.routes:
        if not isinstance(route, Route):
            raise TypeError(f"{route} has no policy: mount it as an api.route.Route")
        found[f"{route.method} {route.path}"] = route.policy
    return found


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.parts = parts = await run_in_threadpool(open_parts, app.state.settings)
    try:
        yield
    finally:
        await run_in_threadpool(close_parts, parts)


def open_parts(settings: Settings) -> Parts:
    """Opens what does not need Postgres to be there already: without it requests get 503 until it comes.

    The list of ZIP codes is read here, so that the first guest need not wait for it, and nobody's password is hashed:
    the first who tries an unknown address would wait for that, and see that it is unknown.
    """
    pool = ConnectionPool(settings.database_url, kwargs={"autocommit": True}, check=check_alive, **POOL)
    pool.open()
    look_up(ANY_ZIP)
    nobodys()
    return Parts(
        settings,
        EventStore(settings.database_url, Vault(settings.master_keys, settings.identity_key)),
        pool,
        KeyLocks(settings.database_url),
        connect(settings.stripe_secret_key or "none", settings.stripe_api_url or None, settings.stripe_webhook_secret),
        networks(settings.trusted_proxies),
    )


def close_parts(parts: Parts) -> None:
    parts.key_locks.close()
    parts.pool.close()
    parts.store.close()


async def _not_routed(request: Request, error: Any) -> Response:
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_value")
    problem = Problem(code, "There is nothing at this address.", status=error.status_code)
    allowed = {"allow": ", ".join(_methods(request))} if error.status_code == 405 else {}
    return respond(problem.with_headers((error.headers or {}) | allowed), request.scope["request_id"])


def _methods(request: Request) -> list[str]:
    """What can be done at this address: each method has a route of its own."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return sorted(route.method for route in routes if route.matches(request.scope)[0] is not Match.NONE)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The frame is added last, so that it is around all the others."""
    if settings.cors_allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
            allow_credentials=True,
        )
    if settings.production:
        app.add_middleware(OurHosts, names=settings.allowed_hosts)
    app.add_middleware(Frame, is_production=settings.production)
