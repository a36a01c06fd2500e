"""Payers and the staff who look after their money: clients over HTTP only, each with a story of its own.

What is not answered, or answered with 5xx, is unknown to them: they ask again under the same Idempotency-Key.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from typing import Any

import httpx

from bench.desk import today
from bench.wanting import person, window
from bench.wire import Answer, Wire, patiently

GOOD, MASTERCARD, DECLINED, SECURE = "4242424242424242", "5555555555554444", "4000000000000002", "4000002760003184"
DISPUTED, SLOW_BACK, FAILING_BACK = "4000000000000259", "4000000000007726", "4000000000005126"
TOWN = {"address_line_1": "1 Main St", "city": "New York", "state": "NY", "zip_code": "10013"}
BEACH = {"address_line_1": "2 Dune Rd", "city": "Southampton", "state": "NY", "zip_code": "11968"}
REFUNDS = "/api/payments/refunds/"
# What a client may be told where several ask at once, or Stripe or a bank was quicker; everything else is an error.
TOLD = {"invalid_transition", "refund_exceeds_payment", "payment_not_refundable", "not_allowed", "no_capacity",
        "version_conflict"}  # fmt: skip
PATIENCE_S, LOOK_S = 15, 0.2


class Staff:
    """One member of staff at the desk."""

    def __init__(self, wire: Wire):
        self.wire = wire

    @classmethod
    async def enter(cls, http: httpx.AsyncClient, mail: str, password: str) -> "Staff":
        wire = Wire(http, random.Random(mail))
        status, answer = await wire.write("/api/staff/auth/login/", {"email": mail, "password": password})
        assert status == 200, answer
        wire.headers["X-Session-Id"] = answer["session_id"]
        return cls(wire)

    async def hire(self, http: httpx.AsyncClient, name: str, **flags: bool) -> "Staff":
        """A colleague, who can refund if their flags say so."""
        mail, password = f"{name}@example.com", "a harbour of totes"
        asked = {"name": name.title(), "email": mail, "password": password, "role": "operator"} | flags
        status, answer = await self.wire.write("/api/staff/accounts/", asked)
        assert status == 201, answer
        return await Staff.enter(http, mail, password)

    async def turns(self, **settings: int) -> None:
        version = (await self.wire.get("/api/staff/settings/"))[1]["version"]
        answer = await self.wire.write("/api/staff/settings/", settings, "PATCH", If_Match=f'"{version}"')
        self.told(answer, "turning settings")

    async def file(self, id: str) -> dict[str, Any]:
        return (await self.wire.get(f"/api/staff/bookings/{id}/"))[1]

    async def asks_back(self, payment_id: str, cents: int) -> str | None:
        """The id of the refund, if it was not refused."""
        body = {"payment_id": payment_id, "amount_cents": cents, "reason": "A tote was scratched"}
        answer = self.told(await self.wire.write(f"{REFUNDS}create/", body), "asking for a refund")
        return answer["refund"]["id"] if "refund" in answer else None

    async def decides(self, id: str, action: str) -> None:
        self.told(await self.wire.write(f"{REFUNDS}process/", {"refund_id": id, "action": action}), action)

    async def cancels(self, id: str, **more: int) -> None:
        asked = {"reason": "The van broke down"} | more
        self.told(await self.wire.write(f"/api/staff/bookings/{id}/cancel/", asked), "cancelling")

    async def moves(self, id: str, day: date) -> None:
        asked = {"pickup_date": day.isoformat(), "reason": "Snow on the road"}
        self.told(await self.wire.write(f"/api/staff/bookings/{id}/reschedule/", asked), "moving")

    async def carries_out(self, id: str) -> None:
        for status in ("in_progress", "completed"):
            version = (await self.file(id))["booking"]["version"]
            told = {"If_Match": f'"{version}"'}
            answer = await self.wire.write(f"/api/staff/bookings/{id}/", {"status": status}, "PATCH", **told)
            self.told(answer, status)

    def told(self, answer: Answer, what: str) -> dict[str, Any]:
        if answer[0] >= 400 and answer[1].get("code") not in TOLD:
            self.wire.complain(what, answer)
        return answer[1]


class AtStripe:
    """What is done at Stripe and not with us: by the payer's browser, their bank, or a person in Stripe's dashboard."""

    def __init__(self, http: httpx.AsyncClient, chance: random.Random):
        self._http, self._chance = http, chance

    async def pays(self, intent: str, number: str) -> dict[str, Any]:
        card = {"type": "card", "card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2034"}
        method = (await self._form("/v1/payment_methods", card))["id"]
        asked = {"payment_method": method, "return_url": "http://127.0.0.1/"}
        return await self._form(f"/v1/payment_intents/{intent}/confirm", asked)

    async def passes_3ds(self, intent: str, result: str = "complete") -> None:
        await self._http.post(f"/sandbox/3ds/{intent}", data={"result": result})

    async def acts(self, path: str, **asked: Any) -> dict[str, Any]:
        """On pages of the sandbox's own, which always answer."""
        return (await self._http.post(f"/sandbox/{path}", json=asked)).json()

    async def line(self, intent: str) -> dict[str, Any]:
        lines = (await self._http.get("/sandbox/ledger")).json()["intents"]
        return next(line for line in lines if line["id"] == intent)

    async def _form(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        headers = {"authorization": "Bearer sk_test_browser"}

        async def once() -> httpx.Response:
            return await self._http.post(path, data=form, headers=headers)

        return (await patiently(once, self._chance))[1]


class Payer:
    """A guest with one booking; `wire` is theirs alone."""

    def __init__(self, wire: Wire, stripe: AtStripe, n: int):
        self.wire, self.stripe, self.n, self.chance = wire, stripe, n, wire.chance
        self.id = self.number = self.token = self.payment_id = self.intent = ""
        self.cents = 0

    async def books(self, weekend: bool = False) -> bool:
        """On another day where one is full; a booking whose intent is not there yet asks for it."""
        body = {
            "customer_info": person(self.chance, f"payer{self.n}@example.com"), "service_type": "mini_move",
            "mini_move_package": "petite", "pickup_address": TOWN, "delivery_address": BEACH,
            "pickup_time": "morning",
        }  # fmt: skip
        answer: dict[str, Any] = {"code": "no_capacity"}
        while answer.get("code") == "no_capacity":
            on = {"pickup_date": self.a_day(weekend).isoformat()}
            answer = self.told(await self.wire.write("/api/public/guest-booking/", body | on), "booking")
        if "booking" not in answer:
            return False
        made, self.token = answer["booking"], answer["manage_token"]
        self.id, self.number = made["id"], made["booking_number"]
        return await self.opens()

    async def opens(self) -> bool:
        """The payment that is to be paid next, if any is."""
        asked = {"booking_number": self.number}
        answer = self.told(await self.wire.write("/api/payments/create-intent/", asked), "opening")
        if "payment" not in answer:
            return False
        opened = answer["payment"]
        self.payment_id, self.intent = opened["id"], opened["stripe_payment_intent_id"]
        self.cents = opened["amount_cents"]
        return True

    async def pays(self, card: str = GOOD) -> bool:
        """Through us; whether it succeeded."""
        asked = {"booking_number": self.number, "payment_intent_id": self.intent, "card": card}
        answer = self.told(await self.wire.write("/api/payments/mock-confirm/", asked), "paying")
        return answer.get("payment", {}).get("status") == "succeeded"

    async def tells(self) -> None:
        asked = {"booking_number": self.number, "payment_intent_id": self.intent}
        self.told(await self.wire.write("/api/payments/confirm/", asked), "confirming")

    async def cancels(self) -> None:
        path, token = f"/api/public/bookings/{self.number}/cancel/", {"X_Manage_Token": self.token}
        self.told(await self.wire.write(path, {"reason": "We stay."}, **token), "cancelling")

    async def looks(self) -> dict[str, Any]:
        return (await self.wire.get(f"/api/payments/status/{self.number}/"))[1]

    def a_day(self, weekend: bool) -> date:
        return self.chance.choice([day for day in window(today())[1:-1] if (day.weekday() >= 5) is weekend])

    def told(self, answer: Answer, what: str) -> dict[str, Any]:
        if answer[0] >= 400 and answer[1].get("code") not in TOLD:
            self.wire.complain(what, answer)
        return answer[1]


async def comes_true(ask: Callable[[], Awaitable[Any]], patience_s: float = PATIENCE_S) -> Any:
    """What it gives once it is true, or nothing: things are in a bad way, and nobody looks for ever."""
    deadline = time.monotonic() + patience_s
    while not (found := await ask()) and time.monotonic() < deadline:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), LOOK_S)
    return found
