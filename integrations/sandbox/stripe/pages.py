"""What is the sandbox's own, under /sandbox: the 3-D Secure page, the switches, and the ledger to compare with."""

from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.sandbox.stripe import intents
from integrations.sandbox.stripe.faults import Faults
from integrations.sandbox.stripe.refusals import Refusal
from integrations.sandbox.stripe.store import Store


def shown(*names: str) -> str:
    """SQL for a JSON object with these fields of a body."""
    pairs = ", ".join(f"'{name}', body -> '{name}'" for name in names)
    return f"jsonb_build_object({pairs})"


LEDGER = """
    select intent.id, (intent.body ->> 'amount')::bigint, (intent.body ->> 'amount_received')::bigint,
        coalesce(refunds.cents, 0)::bigint, coalesce(disputes.cents, 0)::bigint,
        coalesce(charges.succeeded, 0)::bigint, intent.body ->> 'status', intent.body -> 'metadata',
        coalesce(refunds.each, '[]'), coalesce(disputes.each, '[]')
    from stripe_sandbox.objects intent
    left join (select about, jsonb_agg({refund} order by seq) as each,
        sum((body ->> 'amount')::bigint) filter (where body ->> 'status' = 'succeeded') as cents
        from stripe_sandbox.objects where kind = 're' group by about) refunds on refunds.about = intent.id
    left join (select about, jsonb_agg({dispute} order by seq) as each,
        sum((body ->> 'amount')::bigint) filter (where body ->> 'status' in ('needs_response', 'lost')) as cents
        from stripe_sandbox.objects where kind = 'du' group by about) disputes on disputes.about = intent.id
    left join (select about, count(*) as succeeded from stripe_sandbox.objects
        where kind = 'ch' and body ->> 'status' = 'succeeded' group by about) charges on charges.about = intent.id
    where intent.kind = 'pi' order by intent.seq""".format(
    refund=shown("id", "amount", "status", "metadata"), dispute=shown("id", "amount", "status", "reason")
)
LINE = (
    *("id", "amount", "amount_received", "refunded", "disputed", "charges", "status", "metadata"),
    *("refunds", "disputes"),
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>3-D Secure (sandbox)</title>
<h1>3-D Secure (sandbox)</h1><p>{about}</p>{form}"""
FORM = """<form method="post"><button name="result" value="complete">Complete</button>
<button name="result" value="fail">Fail</button></form>"""


ABOUT = """Stripe as a sandbox. /v1/… is Stripe's API, with any secret key that begins with sk_test_.

What is here besides, as JSON (docs/sandbox.md tells more, and which test card does what):
"""


def overview(own: Sequence[Route]) -> Callable[[Request], Awaitable[Response]]:
    """GET / answers with the sandbox's own addresses, each with what its handler says it does."""
    lines = [f"{route.path}\n    {(route.endpoint.__doc__ or '').strip().splitlines()[0]}" for route in own]

    async def shown(request: Request) -> Response:
        return PlainTextResponse("\n".join([ABOUT, *lines, ""]))

    return shown


def as_json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


class Pages:
    """The pages of one sandbox; `ring` tells the postman that there may be something to deliver."""

    def __init__(self, store: Store, ring: Any):
        self.store = store
        self.ring = ring

    async def healthz(self, request: Request) -> Response:
        async with self.store.pool.connection() as db:
            await db.execute("select 1")
        return as_json({"status": "ok"})

    async def switches(self, request: Request) -> Response:
        """GET: the switches as they are. POST: all of them anew; what is not named is off."""
        if request.method == "POST":
            try:
                await self.store.set_faults(msgspec.json.decode(await request.body(), type=Faults))
            except msgspec.DecodeError as error:
                return as_json({"error": str(error)}, 400)
        return as_json(self.store.faults)

    async def ledger(self, request: Request) -> Response:
        """GET: every intent in the order of making, amounts in cents, succeeded charges, status, metadata.

        `refunded` is what succeeded refunds gave back, `disputed` what banks have taken or may keep; each refund and
        dispute is told with its id.
        """
        async with self.store.pool.connection() as db:
            lines = await (await db.execute(LEDGER)).fetchall()
        return as_json({"intents": [dict(zip(LINE, line, strict=True)) for line in lines]})

    async def authentication(self, request: Request) -> Response:
        """GET: the page of 3-D Secure. POST a form, result=complete or fail: sends the payer back to the shop."""
        id = request.path_params["id"]
        try:
            if request.method == "POST":
                return await self.authenticated(id, await request.body())
            async with self.store.work() as work:
                intent = await intents.existing(work, id)
        except Refusal as refusal:
            return as_json({"error": refusal.error}, refusal.status)
        asks = intent["status"] == "requires_action"
        about = f"{id}: ${intent['amount'] / 100:.2f}, {intent['status']}"
        return HTMLResponse(PAGE.format(about=escape(about), form=FORM if asks else ""))

    async def authenticated(self, id: str, body: bytes) -> Response:
        result = parse_qs(body.decode("ascii", "replace")).get("result")
        if result not in (["complete"], ["fail"]):
            return as_json({"error": "result must be complete or fail"}, 400)
        async with self.store.work() as work:
            intent, back = await intents.authenticate(work, id, result == ["complete"])
            await work.flush("", None)
        self.ring()
        if back:
            return RedirectResponse(back, 303)
        return HTMLResponse(PAGE.format(about=escape(f"{id}: {intent['status']}"), form=""))
