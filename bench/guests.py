"""Guests as they are: they ask around, book, pay, are declined, give up, send twice, and try again without answer."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import zipcodes

STATES = ("NY", "CT", "NJ")
PATIENCE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 120, 0.05, 2.0
GOOD_CARD, DECLINED_CARD, SECURE_CARD = "4242424242424242", "4000000000000002", "4000002760003184"
DECLINES = {"no_capacity", "slot_taken", "blackout_day"}
PACKAGES = ("petite", "standard", "full")


@dataclass
class Outcome:
    """What a guest knows at the end: the booking's number and what it was told, or why there is none."""

    mail: str
    address: str
    number: str = ""
    day: str = ""
    service: str = ""
    price_cents: int = 0
    paid: bool = False
    position: int = 0
    refusals: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Guest:
    """One client with a mail, an address and a chance of its own; `n` tells the guests of a run apart."""

    def __init__(self, http: httpx.AsyncClient, run: str, n: int):
        self._http, self._chance = http, random.Random(f"{run}/{n}")
        address = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        self.outcome = Outcome(f"guest{n}.{run}@example.com", address)

    async def live(self, days: list[date]) -> Outcome:
        """From the first look at the calendar to the end, however that looks."""
        chance, outcome = self._chance, self.outcome
        if chance.random() < 0.2:
            await self._ask_availability(days)
        for _ in range(4):
            body = await self._wish(chance.choice(days))
            if chance.random() < 0.3:
                body["quote"] = (await self._send("POST", "/api/public/pricing-preview/", _priced(body)))[1].get(
                    "quote"
                )
            status, answer = await self._book(body)
            if status == 201:
                self._note(body, answer)
                await self._pay(answer)
                break
            outcome.refusals.append(answer.get("code", str(status)))
            if answer.get("code") not in DECLINES:
                outcome.complaints.append(f"booking refused: {status} {answer.get('code')}")
                break
        return outcome

    async def _book(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Under one idempotency key, whatever happens; some are impatient and send twice at once."""
        headers = self._key()
        sends = 2 if self._chance.random() < 0.1 else 1
        send = [self._send("POST", "/api/public/guest-booking/", body, headers) for _ in range(sends)]
        answers = await asyncio.gather(*send)
        numbers = {answer.get("booking", {}).get("booking_number") for status, answer in answers if status == 201}
        if len(numbers) > 1:
            self.outcome.complaints.append(f"one key, several bookings: {numbers}")
        return answers[0]

    def _note(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        made, outcome = answer["booking"], self.outcome
        outcome.number, outcome.day, outcome.service = made["booking_number"], made["pickup_date"], made["service_type"]
        outcome.price_cents, outcome.position = made["pricing"]["total_price_cents"], answer["position"]
        if (made["pickup_date"], made["service_type"]) != (body["pickup_date"], body["service_type"]):
            outcome.complaints.append("booked something else than was asked")

    async def _pay(self, answer: dict[str, Any]) -> None:
        match self._chance.random():
            case x if x < 0.70:
                await self._present(answer, GOOD_CARD)
            case x if x < 0.80:
                await self._present(answer, DECLINED_CARD)
                await self._present(answer | {"payment": None}, GOOD_CARD)
            case x if x < 0.85:
                await self._present(answer, DECLINED_CARD)
            case x if x < 0.88:
                await self._present(answer, SECURE_CARD)

    async def _present(self, answer: dict[str, Any], card: str) -> None:
        """Without a payment, because Stripe was away or a card was declined, the open one or a new one is asked for."""
        number = answer["booking"]["booking_number"]
        payment = answer.get("payment")
        while payment is None:
            status, made = await self._send("POST", "/api/payments/create-intent/", {"booking_number": number})
            if status != 200:
                self.outcome.complaints.append(f"create-intent: {status} {made.get('code')}")
                return
            payment = made["payment"]
        asked = {"booking_number": number, "payment_intent_id": payment["stripe_payment_intent_id"], "card": card}
        status, told = await self._send("POST", "/api/payments/mock-confirm/", asked, self._key())
        if status == 200:
            self.outcome.paid = told["payment"]["status"] == "succeeded"
            self.outcome.position = max(self.outcome.position, told["position"])
        else:
            self.outcome.complaints.append(f"paying: {status} {told.get('code')}")

    async def _ask_availability(self, days: list[date]) -> None:
        asked = f"/api/public/calendar/availability/?start_date={days[0]}&end_date={days[-1]}"
        status, answer = await self._send("GET", asked)
        if status != 200 or len(answer["days"]) != len(days):
            self.outcome.complaints.append(f"availability: {status}")

    async def status(self) -> str:
        status, answer = await self._send("GET", f"/api/public/booking-status/{self.outcome.number}/")
        return answer["status"] if status == 200 else f"unknown: {status}"

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        told = {"X-Forwarded-For": self.outcome.address} | (headers or {})

        async def once() -> httpx.Response:
            answer = await self._http.request(method, path, json=body, headers=told)
            if answer.status_code == 500:
                self.outcome.complaints.append(f"500 of {method} {path}: {answer.text}")
            return answer

        return await patiently(once, self._chance)

    def _key(self) -> dict[str, str]:
        return {"Idempotency-Key": str(UUID(int=self._chance.getrandbits(128)))}

    async def _wish(self, day: date) -> dict[str, Any]:
        chance, selection = self._chance, await self._selection(day)
        pickup, delivery = chance.sample(places(), 2)
        body = {
            "customer_info": {"first_name": "Guest", "last_name": "Simulated", "email": self.outcome.mail,
                              "phone": f"+1212555{chance.randrange(100, 10000):04d}"},
            "pickup_address": {"address_line_1": f"{chance.randrange(1, 900)} Main St", **pickup},
            "delivery_address": {"address_line_1": f"{chance.randrange(1, 900)} Dune Rd", **delivery},
            "pickup_date": day.isoformat(), "special_instructions": "Ring twice", "coi_required": chance.random() < 0.2,
            **chance.choice([{"pickup_time": "morning"}, {"pickup_time": "no_time_preference"},
                             {"pickup_time": "morning_specific", "specific_pickup_hour": chance.choice([8, 9, 10])}]),
        }  # fmt: skip
        if "blade_airport" in selection:
            del body["delivery_address"]
        return body | selection

    async def _selection(self, day: date) -> dict[str, Any]:
        chance = self._chance
        match chance.random():
            case x if x < 0.35:
                return {"service_type": "standard_delivery", "standard_delivery_item_count": chance.randrange(1, 31)}
            case x if x < 0.7:
                organizing = {name: chance.random() < 0.3 for name in ("include_packing", "include_unpacking")}
                return {"service_type": "mini_move", "mini_move_package": chance.choice(PACKAGES), **organizing}
            case x if x < 0.85:
                items = (await self._send("GET", "/api/public/services/"))[1]["specialty_items"]
                chosen = chance.sample(items, chance.randrange(1, 4))
                lines = [{"id": item["id"], "quantity": chance.randrange(1, 4)} for item in chosen]
                return {"service_type": "specialty_item", "specialty_items": lines}
        flight = {"blade_flight_date": (day + timedelta(days=chance.randrange(2))).isoformat(),
                  "blade_flight_time": f"{chance.randrange(12, 20)}:30", "blade_ready_time": "09:00"}  # fmt: skip
        airport, bags = chance.choice(["JFK", "EWR"]), chance.randrange(1, 21)
        return {"service_type": "blade_transfer", "blade_airport": airport, "blade_bag_count": bags, **flight}


async def patiently(send: Callable[[], Awaitable[httpx.Response]], chance: random.Random) -> tuple[int, dict[str, Any]]:
    """Status and body. No answer, 5xx and 429 are asked again, later and later, as a well-behaved client does."""
    deadline, pause = time.monotonic() + PATIENCE_S, FIRST_PAUSE_S
    while True:
        try:
            answer = await send()
            if answer.status_code < 500 and not (answer.status_code in (409, 429) and "Retry-After" in answer.headers):
                return answer.status_code, answer.json()
            wait = float(answer.headers.get("Retry-After", 0))
        except (httpx.TransportError, ValueError):
            answer, wait = None, 0.0
        if time.monotonic() > deadline:
            return (answer.status_code, {"code": "gave_up"}) if answer is not None else (0, {"code": "no_answer"})
        await asyncio.sleep(max(wait, pause * chance.uniform(0.5, 1)))
        pause = min(pause * 2, LONGEST_PAUSE_S)


def _priced(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("customer_info", "special_instructions")}


@cache
def places() -> list[dict[str, str]]:
    """Every real ZIP of the three states whose coordinates are known."""
    rows = [row for state in STATES for row in zipcodes.filter_by_state(state) if float(row["lat"])]
    return [{"city": row["city"], "state": row["state"], "zip_code": row["zip_code"]} for row in rows]


def window(today: date, days: int = 90) -> list[date]:
    """The days a guest may choose: from tomorrow to the end of the booking window."""
    return [today + timedelta(days=n) for n in range(1, days + 1)]
