"""`totetaxi simulate`: clients drive the API as they do; then the read models are held against the clients' count."""

import asyncio
import os
import random
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from uuid import uuid4

import httpx

from bench.counting import Booked, Seen, customer_wrong, differences, holds_ended, told_wrong
from bench.desk import CATCH_UP_S, Desk, today
from bench.guests import Guest
from bench.wanting import window
from bench.wire import Wire
from settings import RUNNING, BadSettings, read_env_file

AT_ONCE = 64


@dataclass(frozen=True)
class Plan:
    """How many clients come, how many a second (0: as fast as served), where, and who looks at the read models.

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
    """0 when everything that staff and customers see agrees with the clients; 1 and every difference otherwise."""
    return asyncio.run(_simulate(plan))


async def _simulate(plan: Plan) -> int:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # each client has its session by header
    async with httpx.AsyncClient(base_url=plan.base_url, timeout=30, limits=limits, cookies=nobodys) as http:
        desk = await Desk.log_in(http, plan.staff_mail, plan.staff_password)
        await desk.caught_up()
        before = await desk.look()
        guests = await _let_in(http, desk, plan)
        booked, wrong = await _settled(guests, desk, before)
        wrong += desk.complaints + [complaint for guest in guests for complaint in guest.complaints]
        outcomes = [guest.outcome for guest in guests]
        wrong += told_wrong(booked) + await desk.list_wrong(booked)
        wrong += await desk.histories_wrong(outcomes, booked, plan.every_history)
        wrong += await _statistics_wrong(guests, booked)
    return _report(guests, booked, wrong)


async def _settled(guests: list[Guest], desk: Desk, before: Seen) -> tuple[list[Booked], list[str]]:
    """The bookings and what differs, once the read models have caught up: what differs after that long is wrong."""
    deadline = time.monotonic() + CATCH_UP_S
    accounts = [guest.outcome.mail for guest in guests if guest.outcome.has_account]
    known = [(guest, made) for guest in guests for made in guest.outcome.bookings]
    while True:
        statuses = await asyncio.gather(*(guest.status(made) for guest, made in known))
        booked = [Booked(made, status) for (_, made), status in zip(known, statuses, strict=True)]
        after = await desk.look()
        wrong = differences(before, after, booked, accounts)
        if not wrong or time.monotonic() > deadline:
            if ended := holds_ended(before, after, booked):
                print(f"  {ended} holds from before ended meanwhile", file=sys.stderr, flush=True)
            return booked, wrong
        await asyncio.sleep(1)


async def _statistics_wrong(guests: list[Guest], booked: list[Booked]) -> list[str]:
    """What customers see of themselves."""
    customers = [guest for guest in guests if guest.outcome.has_account]
    seen = await asyncio.gather(*(guest.statistics() for guest in customers))
    pairs = zip(customers, seen, strict=True)
    wrong = [customer_wrong(guest.outcome.mail, booked, statistics) for guest, statistics in pairs]
    return [found for found in wrong if found]


async def _let_in(http: httpx.AsyncClient, desk: Desk, plan: Plan) -> list[Guest]:
    """All clients, at most `AT_ONCE` at the same time; a line of progress every second."""
    run, days = uuid4().hex[:8], window(today())
    guests: list[Guest] = []
    room, done, began = asyncio.Semaphore(AT_ONCE), Counter(), time.monotonic()

    async def visit(guest: Guest) -> None:
        async with room:
            made = (await guest.live(days)).bookings
        done["paid" if any(b.paid_cents for b in made) else "booked" if made else "refused"] += 1

    async def arrive() -> None:
        async with asyncio.TaskGroup() as group:
            async for n in _arriving(plan):
                wire = Wire(http, random.Random(f"{run}/{n}"), **{"X-Forwarded-For": _address(n)})
                guests.append(Guest(wire, desk, f"guest{n}.{run}@example.com"))
                group.create_task(visit(guests[-1]))

    arriving = asyncio.create_task(arrive())
    while not arriving.done():
        await asyncio.wait([arriving], timeout=1)
        _progress(done, plan.bookings, time.monotonic() - began)
    await arriving
    return guests


def _address(n: int) -> str:
    """One of its own for each client of a run."""
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


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
    print(f"  {count}/{of} clients, {count / seconds:.0f}/s: {told}", file=sys.stderr, flush=True)


def _report(guests: list[Guest], booked: list[Booked], wrong: list[str]) -> int:
    refusals = Counter(code for guest in guests for code in guest.outcome.refusals)
    statuses, services = Counter(b.status for b in booked), Counter(b.kept.service for b in booked)
    accounts = sum(guest.outcome.has_account for guest in guests)
    print(f"{len(guests)} clients, {accounts} with an account, made {len(booked)} bookings: {dict(statuses)};"
          f" {dict(services)}; refused: {dict(refusals)}")  # fmt: skip
    for difference in wrong[:50]:
        print(f"DIFFERENCE {difference}")
    print(
        f"{len(wrong)} differences"
        if wrong
        else "dashboard, calendar, list, histories and statistics agree with the clients' own count"
    )
    return 1 if wrong else 0
