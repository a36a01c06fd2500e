"""What nobody asks by the API: what a person does in Stripe's dashboard, what a payer's bank does, and time."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from domain import Value
from integrations.sandbox.stripe import disputes, refunds
from integrations.sandbox.stripe.pages import as_json
from integrations.sandbox.stripe.params import Call, Params
from integrations.sandbox.stripe.refusals import Refusal
from integrations.sandbox.stripe.store import Object, Store, Work

Cents = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[int, msgspec.Meta(ge=0)]
Asked = TypeVar("Asked", bound=Value)


class Charged(Value, forbid_unknown_fields=True):
    """A payment by its intent or its charge, in part if there is an amount in cents."""

    intent: str = ""
    charge: str = ""
    amount: Cents | None = None
    reason: str | None = None
    metadata: dict[str, str] = {}
    is_inquiry: bool = False

    def params(self) -> Params:
        """The same in the words of Stripe's API."""
        asked = {"payment_intent": self.intent, "charge": self.charge, "amount": self.amount, "reason": self.reason}
        return {name: value for name, value in asked.items() if value is not None} | {"metadata": self.metadata}


class Nothing(Value, forbid_unknown_fields=True):
    pass


class Outcome(Value, forbid_unknown_fields=True):
    outcome: str


class Advance(Value, forbid_unknown_fields=True):
    advance_seconds: Seconds


class Dashboard:
    """The sandbox's own pages that change something; each takes JSON. They know no keys and no faults of calls."""

    def __init__(self, store: Store, ring: Callable[[], None]):
        self.store = store
        self.ring = ring

    async def dispute(self, request: Request) -> Response:
        """POST {intent or charge, reason ("fraudulent"), amount (all)}: the payer's bank takes the payment back.

        With `is_inquiry` it only asks.
        """

        async def act(work: Work, asked: Charged) -> Object:
            charge = await refunds.refunded_charge(work, Call(asked.params(), "", ""))
            open_it = disputes.inquire if asked.is_inquiry else disputes.open_one
            return await open_it(work, charge, asked.reason or "fraudulent", asked.amount)

        return await self.act(request, Charged, act)

    async def escalate(self, request: Request) -> Response:
        """POST {}: what the bank had asked about becomes a dispute."""
        id = request.path_params["id"]
        return await self.act(request, Nothing, lambda work, asked: disputes.escalate(work, id))

    async def close(self, request: Request) -> Response:
        """POST {outcome: won|lost}: the bank decides a dispute."""
        id = request.path_params["id"]
        return await self.act(request, Outcome, lambda work, asked: disputes.close(work, id, asked.outcome))

    async def refund(self, request: Request) -> Response:
        """POST {intent or charge, amount (all), reason, metadata}: a person refunds at Stripe itself."""

        async def act(work: Work, asked: Charged) -> Object:
            return await refunds.create(work, Call(asked.params(), "", ""))

        return await self.act(request, Charged, act)

    async def settle(self, request: Request) -> Response:
        """POST {outcome: succeeded|failed|canceled}: one refund comes to its end now, whatever its card."""
        id = request.path_params["id"]
        return await self.act(request, Outcome, lambda work, asked: refunds.settle(work, id, asked.outcome))

    async def clock(self, request: Request) -> Response:
        """GET: where it stands. POST {advance_seconds}: it is later; refunds that change by themselves have done so."""
        if request.method == "POST":
            try:
                asked = msgspec.json.decode(await request.body(), type=Advance)
            except msgspec.DecodeError as error:
                return as_json({"error": str(error)}, 400)
            await self.store.advance(asked.advance_seconds)
            await self.let_refunds_change()
        return as_json({"advanced_seconds": self.store.advanced_seconds, "now": self.store.now()})

    async def let_refunds_change(self) -> None:
        async with self.store.work() as work:
            found = await refunds.unsettled(work)
        for id, outcome in found:
            with suppress(Refusal):  # somebody else was quicker
                async with self.store.work() as work:
                    await refunds.settle(work, id, outcome)
                    await work.flush("", None)
        self.ring()

    async def act(
        self, request: Request, body: type[Asked], do: Callable[[Work, Asked], Awaitable[Object]]
    ) -> Response:
        """One transaction; nothing of it stays when it is refused."""
        try:
            asked = msgspec.json.decode(await request.body(), type=body)
            async with self.store.work() as work:
                done = await do(work, asked)
                await work.flush("", None)
        except msgspec.DecodeError as error:
            return as_json({"error": str(error)}, 400)
        except Refusal as refusal:
            return as_json({"error": refusal.error}, refusal.status)
        self.ring()
        return as_json(done)
