"""Clients as they are: they ask around, book, change their minds, pay, are declined, give up, and try again.

Most are guests with the manage token of their booking; some have an account, saved addresses, and book again.
"""

import asyncio
from datetime import date
from typing import Any

from bench.desk import Desk
from bench.kept import Kept, Outcome
from bench.wanting import address, person, priced, time_of_day, wanted
from bench.wire import Answer, Wire

GOOD_CARD, DECLINED_CARD, SECURE_CARD = "4242424242424242", "4000000000000002", "4000002760003184"
DECLINES = {"no_capacity", "slot_taken", "blackout_day"}
PASSWORD = "a harbour of totes"
ACCOUNTS, TURNED_BACK = 0.12, 4


class Guest:
    """One client with a mail of its own; `desk` is whom it calls when only staff can do what it wants."""

    def __init__(self, wire: Wire, desk: Desk, mail: str):
        self._wire, self._chance, self._desk = wire, wire.chance, desk
        self.outcome = Outcome(mail)

    @property
    def complaints(self) -> list[str]:
        return self._wire.complaints

    async def live(self, days: list[date]) -> Outcome:
        """From the first look at the calendar to the end, however that looks."""
        if self._chance.random() < ACCOUNTS:
            await self._come_in()
        if self._chance.random() < 0.2:
            await self._ask_availability(days)
        for _ in range(TURNED_BACK):
            answer = await self._book(await self._wish(self._chance.choice(days)))
            if made := self._keep(answer):
                await self._go_on(made, answer[1]["payment"], days)
                if self.outcome.has_account and self._chance.random() < 0.4:
                    await self._book_again(made, days)
            if answer[1].get("code") not in DECLINES:
                break
        return self.outcome

    async def _come_in(self) -> None:
        """Registers and logs in, as from a mobile; the address stays unproven."""
        asked = person(self._chance, self.outcome.mail) | {"password": PASSWORD}
        answer = await self._wire.write("/api/customer/auth/register/", asked)
        if answer[0] != 202:
            return self._wire.complain("registering", answer)
        self.outcome.has_account = True
        login = {"email": self.outcome.mail, "password": PASSWORD}
        answer = await self._wire.write("/api/customer/auth/login/", login)
        if answer[0] == 200:
            self._wire.headers["X-Session-Id"] = answer[1]["session_id"]
        else:
            self._wire.complain("logging in", answer)
        return None

    async def _wish(self, day: date) -> dict[str, Any]:
        body = await wanted(self._wire, self.outcome.mail, day)
        if self._chance.random() < 0.3:
            body["quote"] = (await self._wire.write("/api/public/pricing-preview/", priced(body)))[1].get("quote")
        if self.outcome.has_account:
            del body["customer_info"]
            if self._chance.random() < 0.6:
                body |= await self._saved(body.pop("pickup_address"))
        return body

    async def _saved(self, door: dict[str, Any]) -> dict[str, Any]:
        """The address by its id, once it is saved."""
        named = door | {"nickname": f"Home {self._chance.getrandbits(32)}"}
        answer = await self._wire.write("/api/customer/addresses/", named)
        if answer[0] == 201:
            return {"pickup_address_id": answer[1]["address"]["id"]}
        self._wire.complain("saving an address", answer)
        return {"pickup_address": door}

    async def _book(self, body: dict[str, Any]) -> Answer:
        """Under one idempotency key, whatever happens; some are impatient and send twice at once."""
        path = "/api/customer/bookings/create/" if self.outcome.has_account else "/api/public/guest-booking/"
        key, sends = self._wire.key(), 2 if self._chance.random() < 0.1 else 1
        answers = await asyncio.gather(*(self._wire.write(path, body, **key) for _ in range(sends)))
        numbers = {answer.get("booking", {}).get("booking_number") for status, answer in answers if status == 201}
        if len(numbers) > 1:
            self._wire.complaints.append(f"one key, several bookings: {numbers}")
        made = answers[0][1].get("booking", body)
        if (made["pickup_date"], made["service_type"]) != (body["pickup_date"], body["service_type"]):
            self._wire.complaints.append("booked something else than was asked")
        return answers[0]

    def _keep(self, answer: Answer) -> Kept | None:
        status, told = answer
        if status != 201:
            self._refused("booking", answer)
            return None
        made = told["booking"]
        kept = Kept(self.outcome.mail, made["booking_number"], made["id"], token=told.get("manage_token") or "")
        kept.told(told)
        self.outcome.bookings.append(kept)
        return kept

    def _refused(self, what: str, answer: Answer) -> None:
        self.outcome.refusals.append(answer[1].get("code", str(answer[0])))
        if answer[1].get("code") not in DECLINES:
            self._wire.complain(f"{what} refused", answer)

    async def _go_on(self, made: Kept, payment: dict[str, Any] | None, days: list[date]) -> None:
        match self._chance.random():
            case x if x < 0.15:
                payment = await self._reschedule(made, payment, self._chance.choice(days))
            case x if x < 0.22:
                payment = await self._move(made, payment)
            case x if x < 0.3:
                return await self._cancel(made)
            case x if x < 0.35:
                await self._desk.confirm(made)
        await self._pay(made, payment)
        if made.paid_cents:
            await self._desk.attend(made, days)
        return None

    async def _reschedule(self, made: Kept, payment: dict | None, day: date) -> dict | None:
        return await self._change(made, payment, {"pickup_date": day.isoformat(), **time_of_day(self._chance)})

    async def _move(self, made: Kept, payment: dict | None) -> dict | None:
        return await self._change(made, payment, {"pickup_address": address(self._chance, "Park Ave")})

    async def _change(self, made: Kept, payment: dict | None, body: dict[str, Any]) -> dict | None:
        """The payment that is open then; None where another price has ended it."""
        told = {"If_Match": f'"{made.version}"', **self._proof(made)}
        answer = await self._wire.write(self._path(made), body, "PATCH", **told)
        if answer[0] != 200:
            self._refused("changing", answer)
            return payment
        made.told(answer[1])
        return answer[1]["payment"]

    async def _cancel(self, made: Kept) -> None:
        answer = await self._wire.write(f"{self._path(made)}cancel/", {"reason": "We stay."}, **self._proof(made))
        if answer[0] == 200:
            made.told(answer[1])
        else:
            self._wire.complain("cancelling", answer)

    async def _book_again(self, made: Kept, days: list[date]) -> None:
        asked = {"pickup_date": self._chance.choice(days).isoformat(), **time_of_day(self._chance)}
        answer = await self._wire.write(f"{self._path(made)}rebook/", asked)
        if again := self._keep(answer):
            await self._pay(again, answer[1]["payment"])

    def _path(self, made: Kept) -> str:
        if self.outcome.has_account:
            return f"/api/customer/bookings/{made.id}/"
        return f"/api/public/bookings/{made.number}/"

    def _proof(self, made: Kept) -> dict[str, str]:
        return {"X_Manage_Token": made.token} if made.token else {}

    async def _pay(self, made: Kept, payment: dict[str, Any] | None) -> None:
        match self._chance.random():
            case x if x < 0.70:
                await self._present(made, payment, GOOD_CARD)
            case x if x < 0.80:
                await self._present(made, payment, DECLINED_CARD)
                await self._present(made, None, GOOD_CARD)
            case x if x < 0.85:
                await self._present(made, payment, DECLINED_CARD)
            case x if x < 0.88:
                await self._present(made, payment, SECURE_CARD)

    async def _present(self, made: Kept, payment: dict[str, Any] | None, card: str) -> None:
        """Without a payment, because Stripe was away or a card was declined, the open one or a new one is asked for."""
        number = {"booking_number": made.number}
        while payment is None:
            answer = await self._wire.write("/api/payments/create-intent/", number)
            if answer[0] != 200:
                return self._wire.complain("create-intent", answer)
            payment = answer[1]["payment"]
        asked = number | {"payment_intent_id": payment["stripe_payment_intent_id"], "card": card}
        answer = await self._wire.write("/api/payments/mock-confirm/", asked)
        if answer[0] != 200:
            return self._wire.complain("paying", answer)
        made.position = max(made.position, answer[1]["position"])
        if answer[1]["payment"]["status"] == "succeeded":
            made.paid_cents, made.status = answer[1]["payment"]["amount_cents"], "paid"
        return None

    async def _ask_availability(self, days: list[date]) -> None:
        asked = {"start_date": days[0].isoformat(), "end_date": days[-1].isoformat()}
        status, answer = await self._wire.get("/api/public/calendar/availability/", asked)
        if status != 200 or len(answer["days"]) != len(days):
            self._wire.complaints.append(f"availability: {status}")

    async def status(self, made: Kept) -> str:
        status, answer = await self._wire.get(f"/api/public/booking-status/{made.number}/")
        return answer["status"] if status == 200 else f"unknown: {status}"

    async def statistics(self) -> dict[str, Any]:
        """As the customer sees their own, once all that they did is in it."""
        last = max((made.position for made in self.outcome.bookings), default=0)
        told = {"X-Consistency-Position": str(last)} if last else {}
        status, answer = await self._wire.get("/api/customer/dashboard/", **told)
        return answer["statistics"] if status == 200 else {}
