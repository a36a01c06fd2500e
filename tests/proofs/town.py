"""The town of the proof of the money: a platform that is killed piece by piece, its payers, and how it is healed."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Event
from typing import Any, NamedTuple

import httpx
import psycopg

from bench.wire import Wire
from eventlog.store import EventStore
from eventlog.vault import Vault
from settings import RUNNING, read_env_file
from tests.proofs.books import Books, Cents, wrong_money
from tests.proofs.days import Story as Days
from tests.proofs.money import whole_log
from tests.proofs.payers import AtStripe, Payer, Staff
from tests.proofs.stories import ON_A_WEEKEND, Desk, Story
from tests.proofs.test_chaos import kill
from tests.waiting import until
from tests.workers.acting import is_idle
from tests.workers.platform import Platform

BAD_DAYS = {
    "lose_replies": 0.10, "fail": 0.05, "delay_ms": 20,
    "webhooks": {"duplicate": 0.2, "drop": 0.05, "reorder": 0.2, "delay_ms": 50},
}  # fmt: skip
VICTIMS = ("api", "reactions", "jobs")
AT_ONCE, MANY, PATIENCE_S, PLACES = 24, 10_000, 240, {"mini_move": 10}
# Jobs wait up to five minutes before they try again, and so does Stripe: who heals does not want to wait.
HURRY = """
    update procrastinate_jobs set scheduled_at = null where status = 'todo' and scheduled_at > now();
    update stripe_sandbox.deliveries set due = now() where due > now()"""
UNDELIVERED = "select count(*) from stripe_sandbox.deliveries"
HOLDS = "select count(*) from eventlog.timers where kind = 'hold'"
JOBS_LEFT = """
    select task_name, status::text from procrastinate_jobs
    where status in ('todo', 'doing', 'failed', 'aborted')
        and task_name in ('expire_hold', 'end_payment', 'pay_back', 'settle_difference')"""
OVERDUE = "select kind, about from eventlog.timers where due_at <= now()"
NOT_ACTED_ON = "select event_id, type from api.webhook_inbox where done_at is null"


class Told(NamedTuple):
    """What the clients complain of, and who was killed how often."""

    complaints: list[str]
    kills: Counter[str]


class Town:
    """In a long life killing goes on to its end; holds end after a minute, and are over when all is at rest."""

    def __init__(self, platform: Platform, database: str, seed: str, is_long: bool):
        self.platform, self.database, self.seed, self.is_long = platform, database, seed, is_long
        told = read_env_file(platform.data / RUNNING)
        self.url, self.login = (
            told["TOTETAXI_BASE_URL"],
            (told["TOTETAXI_STAFF_EMAIL"], told["TOTETAXI_STAFF_PASSWORD"]),
        )
        self.stripe_url = told["TOTETAXI_STRIPE_API_URL"]

    def lives(self, stories: list[Story]) -> Told:
        """One booking for each story, while Stripe is unreliable and the platform is killed at random."""
        with killing(self.platform, random.Random(self.seed), MANY if self.is_long else 2) as kills:
            return Told(asyncio.run(self._lives(stories)), kills)

    async def _lives(self, stories: list[Story]) -> list[str]:
        async with client(self.url) as http, client(self.stripe_url) as stripe:
            admin = await Staff.enter(http, *self.login)
            flags = {"can_approve_refunds": True}
            desk = Desk(admin, *[await admin.hire(http, name, **flags) for name in ("ada", "eve")])
            if self.is_long:
                await admin.turns(hold_minutes=1)
            await stripe.post("/sandbox/switches", json=BAD_DAYS)
            room, payers = asyncio.Semaphore(AT_ONCE), []

            async def lives(n: int, story: Story) -> None:
                chance = random.Random(f"{self.seed}/{n}")
                payers.append(payer := Payer(Wire(http, chance), AtStripe(stripe, chance), n))
                async with room:
                    if await payer.books(weekend=story in ON_A_WEEKEND):
                        await story(payer, desk)

            await asyncio.gather(*(lives(n, story) for n, story in enumerate(stories)))
            return [told for one in (*desk, *payers) for told in one.wire.complaints]

    def heals(self) -> None:
        """What no webhook told is asked for."""
        self.calms()
        self.reconciles()
        self.rests()

    def calms(self) -> None:
        """Stripe is reliable again, and what is late is hurried."""
        httpx.post(f"{self.stripe_url}/sandbox/switches", json={}, timeout=30)
        self.rests()

    def reconciles(self) -> str:
        """What `totetaxi reconcile` says in the end."""
        said = self.platform.asked("reconcile", "--all")
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout.splitlines()[-1]

    def in_double_entry(self) -> Cents:
        """The same from `totetaxi ledger`, whose debits are its credits."""
        said = self.platform.asked("ledger", "--json")
        assert said.returncode == 0, said.stdout + said.stderr
        closing = json.loads(said.stdout)["closing"]
        return Cents(-closing["charged"], closing["refunded"], closing["disputed"] + closing["disputes_lost"])

    def at_stripe(self) -> Cents:
        lines = [(line["amount_received"], line["refunded"], line["disputed"]) for line in self.ledger()]
        return Cents(*map(sum, zip(*lines, strict=True)))

    def rests(self) -> None:
        """Until nothing is left to do; refunds that the payer's bank still has in hand reach the payer."""
        with psycopg.connect(self.database, autocommit=True) as db:
            for _ in range(PATIENCE_S):
                db.execute(HURRY)
                self._settle_refunds()
                with suppress(AssertionError):
                    until(lambda: self._nothing_to_do(db), 1)
                    return
        raise AssertionError("\n".join(self._unfinished()) or "the reactions are behind, or holds have not ended")

    def _nothing_to_do(self, db: psycopg.Connection) -> bool:
        waited_for = [UNDELIVERED, *[HOLDS] * self.is_long]
        return is_idle(db) and all(db.execute(count).fetchone() == (0,) for count in waited_for)

    def _settle_refunds(self) -> None:
        for back in (one for line in self.ledger() for one in line["refunds"] if one["status"] == "pending"):
            asked = {"outcome": "succeeded"}
            httpx.post(f"{self.stripe_url}/sandbox/refunds/{back['id']}/settle", json=asked, timeout=30)

    def ledger(self) -> list[dict[str, Any]]:
        return httpx.get(f"{self.stripe_url}/sandbox/ledger", timeout=30).json()["intents"]

    def log(self) -> list:
        with EventStore(self.database, Vault({"test": b"m" * 32}, b"identity")) as store:
            return whole_log(store)

    def wrong(self) -> list[str]:
        """Every sentence that should not be true, of money and of what is left to do."""
        log = self.log()
        return [*wrong_money(log, self.ledger()), *Days(PLACES).follow(log), *self._unfinished()]

    def _unfinished(self) -> Iterator[str]:
        with psycopg.connect(self.database, autocommit=True) as db:
            yield from (f"the job {task} is {status}" for task, status in db.execute(JOBS_LEFT))
            [waiting] = db.execute(UNDELIVERED).fetchone()
            yield from [f"{waiting} webhooks are not delivered"] * bool(waiting)
            yield from (f"the timer {kind} of {about} is overdue" for kind, about in db.execute(OVERDUE))
            yield from (f"webhook {id} ({kind}) was not acted on" for id, kind in db.execute(NOT_ACTED_ON))

    def figures(self, told: Told) -> str:
        """What it was all about, for whoever ran it."""
        books, ledger = Books(self.log()), self.ledger()
        with psycopg.connect(self.database, autocommit=True) as db:
            [sent] = db.execute("select count(*) from stripe_sandbox.objects where kind = 'evt'").fetchone()
            [heard] = db.execute("select count(*) from api.webhook_inbox").fetchone()
        counted = {
            "bookings": len(books.bookings), "payments": len(books.payments), "refunds": len(books.refunds),
            "disputes": sum(len(line["disputes"]) for line in ledger), "kills": dict(told.kills),
            "cents received": sum(line["amount_received"] for line in ledger),
            "cents refunded": sum(line["refunded"] for line in ledger),
            "events at Stripe": sent, "of which never told": sent - heard,
            "jobs tried again": self.platform.output.count("job_again"),
            "bookings by status": dict(Counter(str(made.status) for made in books.bookings.values())),
            "refunds by status": dict(Counter(str(back.status) for back in books.refunds.values())),
        }  # fmt: skip
        return ", ".join(f"{name}: {value}" for name, value in counted.items())


def client(url: str) -> httpx.AsyncClient:
    """Without cookies, as staff have their sessions by header; no connection is kept that the other side may close."""
    nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=url, timeout=30, limits=limits, cookies=nobodys, trust_env=False)


@contextmanager
def killing(platform: Platform, chance: random.Random, turns: int) -> Iterator[Counter[str]]:
    """All in turn, in an order of chance, are killed with -9 and start again, at most until the end of the block."""
    enough, kills = Event(), Counter()

    def kill_them() -> None:
        for victim in (name for _ in range(turns) for name in chance.sample(VICTIMS, len(VICTIMS))):
            if enough.wait(chance.uniform(0.5, 3)):
                return
            kill(platform, victim)
            kills[victim] += 1

    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill_them)
        try:
            yield kills
        finally:
            enough.set()
        killed.result()
