"""The sandbox as an application: the addresses of Stripe's API that it knows, and its own under /sandbox."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox.stripe import cards, customers, intents, methods, refunds, webhooks
from integrations.sandbox.stripe.calls import Api, answered
from integrations.sandbox.stripe.dashboard import Dashboard
from integrations.sandbox.stripe.lists import PAGING, listing, one
from integrations.sandbox.stripe.pages import Pages, overview
from integrations.sandbox.stripe.store import Store

API = (
    ("POST", "customers", customers.create, customers.FIELDS),
    ("GET", "customers", listing("cus", "/v1/customers"), PAGING | {"email"}),
    ("GET", "customers/{id}", customers.retrieve),
    ("POST", "customers/{id}", customers.update, customers.FIELDS),
    ("DELETE", "customers/{id}", customers.delete),
    ("GET", "customers/{id}/payment_methods", methods.of_customer, PAGING | {"type"}),
    ("POST", "payment_methods", cards.create, cards.CREATE),
    ("GET", "payment_methods", methods.by_customer, PAGING | {"customer", "type"}),
    ("GET", "payment_methods/{id}", one("pm", "PaymentMethod")),
    ("POST", "payment_methods/{id}/attach", methods.attach, frozenset({"customer"})),
    ("POST", "payment_methods/{id}/detach", methods.detach),
    ("POST", "payment_intents", intents.create, intents.CREATE),
    ("GET", "payment_intents", listing("pi", "/v1/payment_intents"), PAGING | {"customer"}),
    ("GET", "payment_intents/{id}", intents.retrieve, frozenset({"client_secret"})),
    ("POST", "payment_intents/{id}/confirm", intents.confirm, intents.CONFIRM),
    ("POST", "payment_intents/{id}/cancel", intents.cancel, intents.CANCEL),
    ("GET", "charges", listing("ch", "/v1/charges"), PAGING | {"payment_intent", "customer"}),
    ("GET", "charges/{id}", one("ch", "charge")),
    ("POST", "refunds", refunds.create, refunds.CREATE),
    ("GET", "refunds", listing("re", "/v1/refunds"), PAGING | {"payment_intent", "charge"}),
    ("GET", "refunds/{id}", one("re", "refund")),
    ("POST", "refunds/{id}/cancel", refunds.cancel),
    ("GET", "disputes", listing("du", "/v1/disputes"), PAGING | {"payment_intent", "charge"}),
    ("GET", "disputes/{id}", one("du", "dispute")),
    ("GET", "balance_transactions", listing("txn", "/v1/balance_transactions"), PAGING | {"type", "source"}),
    ("GET", "balance_transactions/{id}", one("txn", "balance transaction")),
    ("GET", "events", listing("evt", "/v1/events"), PAGING | {"type", "types"}),
    ("GET", "events/{id}", one("evt", "event")),
    ("POST", "webhook_endpoints", webhooks.create, webhooks.CREATE),
    ("GET", "webhook_endpoints", listing("we", "/v1/webhook_endpoints"), PAGING),
    ("DELETE", "webhook_endpoints/{id}", webhooks.delete),
)


async def unknown(request: Request, error: HTTPException) -> Response:
    message = f"Unrecognized request URL ({request.method}: {request.url.path})."
    return answered(404, {"error": {"type": "invalid_request_error", "message": message}})


def create_app(database_url: str, webhook_url: str | None = None, webhook_secret: str | None = None) -> Starlette:
    """The sandbox on a database, where it keeps a schema of its own (`stripe_sandbox`, made at start).

    With an address and a secret every event is sent there, signed. One process only: it alone knows which
    idempotency keys are in use and which deliveries are on their way.
    """
    store = Store(database_url)
    postman = webhooks.Postman(store)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with store.opened():
            await webhooks.configure(store, webhook_url, webhook_secret)
            delivering = asyncio.create_task(postman.run())
            yield
            delivering.cancel()
            await asyncio.gather(delivering, *postman.flying.values(), return_exceptions=True)

    return Starlette(
        routes=routes(store, postman.ring),
        lifespan=lifespan,
        exception_handlers={404: unknown, 405: unknown},
    )


def routes(store: Store, ring: Callable[[], None]) -> list[Route]:
    api, pages, dashboard = Api(store, ring), Pages(store, ring), Dashboard(store, ring)
    own = [
        Route("/sandbox/switches", pages.switches, methods=["GET", "POST"]),
        Route("/sandbox/ledger", pages.ledger),
        Route("/sandbox/3ds/{id}", pages.authentication, methods=["GET", "POST"]),
        Route("/sandbox/clock", dashboard.clock, methods=["GET", "POST"]),
        Route("/sandbox/disputes", dashboard.dispute, methods=["POST"]),
        Route("/sandbox/disputes/{id}/escalate", dashboard.escalate, methods=["POST"]),
        Route("/sandbox/disputes/{id}/close", dashboard.close, methods=["POST"]),
        Route("/sandbox/refunds", dashboard.refund, methods=["POST"]),
        Route("/sandbox/refunds/{id}/settle", dashboard.settle, methods=["POST"]),
    ]
    return [*(api.route(*line) for line in API), Route("/healthz", pages.healthz), Route("/", overview(own)), *own]
