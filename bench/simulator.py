"""`totetaxi simulate`: guests drive the public API as clients do; then the read models are held against their count."""

import asyncio
import os
import random
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from bench.counting import Booked, Seen, differences, history_wrong, holds_ended, told_wrong
from bench.guests import Guest, patiently, window
from settings import RUNNING, BadSettings, read_env_file

NEW_YORK = ZoneInfo("America/New_York")
# Histories are two reads each, of which staff have 300 a minute: more of them would only wait.
HISTORIES, AT_ONCE, CATCH_UP_S = 140, 64, 60
COMPARED = ("bookings", "revenue", "customers")


@dataclass(frozen=True)
class Plan:
    """How many guests come, how many a second (0: as fast as served), where, and who looks at the read models.

    No more come once there are `enough`.
    """

    base_url: str
    staff_mail: str
    staff_password: str
    bookings: int = 100
    rate: float = 0
    every_history: bool = False
    enough: Callable[[], bool] = lambda: False


def main(asked: Namespace) -> int:
    """`totetaxi simulate`: against the platform of the data folder, or `--url` with `--staff MAIL:PASSWORD`."""
    told = read_env_file(Path(os.environ.get("TOTETAXI_DATA", ".dev")) / RUNNING)
    url = asked.url or told.get("TOTETAXI_BASE_URL", "")
    mail, _, password = asked.staff.partition(":")
    mail, password = mail or told.get("TOTETAXI_STAFF_EMAIL", ""), password or told.get("TOTETAXI_STAFF_PASSWORD", "")
    if not url or not password:
        raise BadSettings(
            "nothing to simulate against: start `make run` first (with another DATA: TOTETAXI_DATA names that folder),"
            " or name --url and --staff MAIL:PASSWORD"
        )
    try:
        httpx.get(f"{url}/healthz", timeout=10)
    except httpx.TransportError as error:
        raise BadSettings(f"{url} does not answer ({error}): start `make run` first, or name another --url") from error
    return simulate(Plan(url, mail, password, asked.bookings, asked.rate, asked.every_history))


def simulate(plan: Plan) -> int:
    """0 when dashboard, calendar and histories agree with the guests; 1 and every difference otherwise."""
    return asyncio.run(_simulate(plan))


async def _simulate(plan: Plan) -> int:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=plan.base_url, timeout=30, limits=limits) as http:
        staff = await Staff.log_in(http, plan)
        await staff.caught_up()
        before = await staff.look()
        guests = await _let_in(http, plan)
        booked, wrong = await _settled(guests, staff, before)
        wrong += [complaint for guest in guests for complaint in guest.outcome.complaints]
        wrong += told_wrong(booked) + await staff.histories_wrong(booked, plan)
    return _report(guests, booked, wrong)


def today() -> date:
    return datetime.now(NEW_YORK).date()


async def _settled(guests: list[Guest], staff: "Staff", before: Seen) -> tuple[list[Booked], list[str]]:
    """The bookings and what differs, once the read models have caught up: what differs after that long is wrong."""
    deadline = time.monotonic() + CATCH_UP_S
    while True:
        known = [guest for guest in guests if guest.outcome.number]
        statuses = await asyncio.gather(*(guest.status() for guest in known))
        booked = [Booked(guest.outcome, status) for guest, status in zip(known, statuses, strict=True)]
        after = await staff.look()
        wrong = differences(before, after, booked)
        if not wrong or time.monotonic() > deadline:
            if ended := holds_ended(before, after, booked):
                print(f"  {ended} holds from before ended meanwhile", file=sys.stderr, flush=True)
            return booked, wrong
        await asyncio.sleep(1)


async def _let_in(http: httpx.AsyncClient, plan: Plan) -> list[Guest]:
    """All guests, at most `AT_ONCE` at the same time; a line of progress every second."""
    run, days = uuid4().hex[:8], window(today())
    guests: list[Guest] = []
    room, done, began = asyncio.Semaphore(AT_ONCE), Counter(), time.monotonic()

    async def visit(guest: Guest) -> None:
        async with room:
            outcome = await guest.live(days)
        done["paid" if outcome.paid else "booked" if outcome.number else "refused"] += 1

    async def arrive() -> None:
        async with asyncio.TaskGroup() as group:
            async for n in _arriving(plan):
                guests.append(Guest(http, run, n))
                group.create_task(visit(guests[-1]))

    arriving = asyncio.create_task(arrive())
    while not arriving.done():
        await asyncio.wait([arriving], timeout=1)
        _progress(done, plan.bookings, time.monotonic() - began)
    await arriving
    return guests


async def _arriving(plan: Plan) -> AsyncIterator[int]:
    began = time.monotonic()
    for n in range(plan.bookings):
        if plan.rate:
            await asyncio.sleep(max(0.0, began + n / plan.rate - time.monotonic()))
        if plan.enough():
            return
        yield n + 1


def _progress(done: Counter, of: int, seconds: float) -> None:
    count = sum(done.values())
    told = ", ".join(f"{number} {name}" for name, number in sorted(done.items()))
    print(f"  {count}/{of} guests, {count / seconds:.0f}/s: {told}", file=sys.stderr, flush=True)


class Staff:
    """A member of staff who looks at the read models, by the header session."""

    def __init__(self, http: httpx.AsyncClient, session: str):
        self._http, self._headers, self._chance = http, {"X-Session-Id": session}, random.Random()

    @classmethod
    async def log_in(cls, http: httpx.AsyncClient, plan: Plan) -> "Staff":
        body = {"email": plan.staff_mail, "password": plan.staff_password}
        status, answer = await patiently(lambda: http.post("/api/staff/auth/login/", json=body), random.Random())
        if status != 200:
            raise SystemExit(f"staff login refused: {status} {answer.get('code')}; see what `make run` printed")
        return cls(http, answer["session_id"])

    async def caught_up(self) -> None:
        """Waits until no read model is behind the log: what happened before this run is not counted in it."""
        deadline = time.monotonic() + CATCH_UP_S
        while any(model["lag_events"] for model in (await self._get("/readyz"))["read_models"].values()):
            if time.monotonic() > deadline:
                raise SystemExit(f"the read models are still behind the log after {CATCH_UP_S} s")
            await asyncio.sleep(0.2)

    async def look(self) -> Seen:
        """Dashboard and calendar of one moment: again, if something happened while they were asked."""
        dashboard = await self._get("/api/staff/dashboard/")
        while True:
            day = today()
            left = await self._left(day, window(day)[-1])
            again = await self._get("/api/staff/dashboard/")
            if day == today() and all(again[part] == dashboard[part] for part in COMPARED):
                return Seen(day, dashboard, left)
            dashboard = again

    async def _left(self, first: date, last: date) -> dict[tuple[str, str], int]:
        found = await self._get(f"/api/public/calendar/availability/?start_date={first}&end_date={last}")
        return {(day["date"], service): left for day in found["days"] for service, left in day["remaining"].items()}

    async def histories_wrong(self, booked: list[Booked], plan: Plan) -> list[str]:
        """Some of the histories, or every one: staff reads are limited to 300 a minute."""
        chosen = booked if plan.every_history else self._chance.sample(booked, min(HISTORIES, len(booked)))
        wrong = [history_wrong(b, await self._history(b.outcome.mail)) for b in chosen]
        print(f"  {len(chosen)} histories compared", file=sys.stderr, flush=True)
        return [found for found in wrong if found]

    async def _history(self, mail: str) -> dict[str, Any] | None:
        found = await self._get("/api/staff/customers/", {"search": mail})
        persons = [person for person in found["customers"] if person["email"] == mail]
        return await self._get(f"/api/staff/customers/{persons[0]['id']}/") if persons else None

    async def _get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        async def once() -> httpx.Response:
            return await self._http.get(path, headers=self._headers, params=params)

        status, answer = await patiently(once, self._chance)
        if status != 200:
            raise SystemExit(f"{path} answered {status} {answer.get('code')}")
        return answer


def _report(guests: list[Guest], booked: list[Booked], wrong: list[str]) -> int:
    refusals = Counter(code for guest in guests for code in guest.outcome.refusals)
    statuses = Counter(b.status for b in booked)
    print(f"{len(guests)} guests made {len(booked)} bookings: {dict(statuses)}; refused: {dict(refusals)}")
    for difference in wrong[:50]:
        print(f"DIFFERENCE {difference}")
    print(
        f"{len(wrong)} differences" if wrong else "dashboard, calendar and histories agree with the guests' own count"
    )
    return 1 if wrong else 0
