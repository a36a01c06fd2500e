"""What a guest booking costs in CPU, of the API and of Postgres, against an empty POST on the same server.

    python -m bench.http [--bookings 400]

Rate limits are on, each guest has an address of its own, the payment is opened at the Stripe sandbox (whose own CPU,
like the client's, is not counted), the database is durable.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg

from commands import NEW_YORK, Context
from commands.catalog import seed
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.migrations import migrate
from eventlog.store import EventStore
from eventlog.vault import Vault
from integrations.embedded.postgres import EmbeddedPostgres
from integrations.stripe import connect
from projections.models import create_all
from settings import Settings

CLIENTS, WARM_UP = 4, 50
KEY = "sk_test_bench"
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
SECRETS = {
    "TOTETAXI_ENV": "development",
    "SECRET_KEY": "a secret of the bench that is long enough",
    "TOTETAXI_MASTER_KEYS": "bench:" + "A" * 43 + "=",
    "TOTETAXI_IDENTITY_KEY": "bench",
    "STRIPE_SECRET_KEY": KEY,
    "STRIPE_PUBLISHABLE_KEY": "pk_test_bench",
    "STRIPE_WEBHOOK_SECRET": "whsec_bench",
    "LOG_LEVEL": "INFO",
}
SANDBOX = """
import sys, uvicorn
from integrations.sandbox.stripe import create_app
uvicorn.run(create_app(sys.argv[2]), port=int(sys.argv[1]), log_level="critical", access_log=False)
"""
API = """
import sys, uvicorn
from api.app import create
from api.call import Call
from api.policies import CATALOGUE
from api.route import Route
from settings import Settings
from workers.logs import start_logging
def empty(call: Call): return {}
settings = Settings.from_env()
start_logging(settings.log_level, settings.log_format)
app = create(settings, [Route("POST /api/bench/empty/", empty, CATALOGUE)])
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False, proxy_headers=False)
"""


class Cost(NamedTuple):
    """CPU milliseconds for one request."""

    api_ms: float
    postgres_ms: float

    @property
    def total_ms(self) -> float:
        return self.api_ms + self.postgres_ms


class Bench(NamedTuple):
    url: str
    api_pid: int
    postgres_pid: int


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU of a guest booking against an empty POST.")
    parser.add_argument("--bookings", type=int, default=400)
    bookings = parser.parse_args().bookings
    with running() as bench:
        guests = count()
        measure(bench, book(guests), WARM_UP)
        plain = measure(bench, empty, 10 * bookings)
        booked = measure(bench, book(guests), bookings)
        keyed = measure(bench, book(guests, with_key=True), bookings)
    report("empty POST", plain, plain)
    report("guest booking", booked, plain)
    report("with a key", keyed, plain)


def report(name: str, cost: Cost, plain: Cost) -> None:
    parts = f"API {cost.api_ms:6.2f} ms + Postgres {cost.postgres_ms:6.2f} ms = {cost.total_ms:6.2f} ms"
    print(f"{name:14} {parts}, {cost.total_ms / plain.total_ms:5.1f} x an empty POST")


def measure(bench: Bench, call: Callable[[httpx.Client], None], times: int) -> Cost:
    before = cpu_ms(bench.api_pid), cpu_ms(bench.postgres_pid)
    with httpx.Client(base_url=bench.url, timeout=30) as client, ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda _: call(client), range(times)))
    after = cpu_ms(bench.api_pid), cpu_ms(bench.postgres_pid)
    return Cost((after[0] - before[0]) / times, (after[1] - before[1]) / times)


def empty(client: httpx.Client) -> None:
    client.post("/api/bench/empty/").raise_for_status()


def book(guests: Iterator[int], with_key: bool = False) -> Callable[[httpx.Client], None]:
    """Guests over days and both services, so that every booking finds its place."""
    first_day = datetime.now(NEW_YORK).date() + timedelta(1)

    def call(client: httpx.Client) -> None:
        n = next(guests)
        headers = {"X-Forwarded-For": f"10.{n // 62500}.{n // 250 % 250}.{n % 250}"}
        headers |= {"Idempotency-Key": f"bench-{n}"} if with_key else {}
        day = first_day + timedelta(n // 2 % 89)
        client.post("/api/public/guest-booking/", json=wish(n, day.isoformat()), headers=headers).raise_for_status()

    return call


def wish(n: int, day: str) -> dict[str, Any]:
    moves = {"service_type": "mini_move", "mini_move_package": "standard", "include_packing": True}
    totes = {"service_type": "standard_delivery", "standard_delivery_item_count": 4}
    return (moves, totes)[n % 2] | {
        "customer_info": {
            "first_name": "Ada",
            "last_name": "Byron",
            "email": f"g{n}@example.com",
            "phone": "2125550123",
        },
        "pickup_address": {"address_line_1": "1 Main St", "city": "New York", "state": "NY", "zip_code": "10013"},
        "delivery_address": {"address_line_1": "2 Dune Rd", "city": "Southampton", "state": "NY", "zip_code": "11968"},
        "pickup_date": day,
        "pickup_time": "morning",
    }


def cpu_ms(root: int) -> float:
    """User and system time of a process, its living descendants, and those that have ended."""
    children: dict[int, list[tuple[int, int]]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks = sum(map(int, fields[11:15]))
        children.setdefault(int(fields[1]), []).append((int(entry.parent.name), ticks))
        if int(entry.parent.name) == root:
            children.setdefault(-1, []).append((root, ticks))

    def total(pid: int, ticks: int) -> int:
        return ticks + sum(total(*child) for child in children.get(pid, ()))

    return TICK_MS * sum(total(*one) for one in children[-1])


@contextmanager
def running() -> Iterator[Bench]:
    """Postgres and the API; the sandbox with a Postgres of its own, because neither is counted."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as postgres:
        furnish(postgres.dsn)
        with EmbeddedPostgres(Path(folder) / "stripe") as stripes, process(SANDBOX, stripes.dsn, {}) as (stripe_url, _):
            env = SECRETS | {"DATABASE_URL": postgres.dsn, "TOTETAXI_STRIPE_API_URL": stripe_url}
            with process(API, "", env) as (url, pid):
                yield Bench(url, pid, postgres.pid)


def furnish(dsn: str) -> None:
    list(migrate(dsn))
    with psycopg.connect(dsn, autocommit=True) as db:
        create_all(db)
    settings = Settings.from_env(SECRETS | {"DATABASE_URL": dsn})
    with EventStore(dsn, Vault(settings.master_keys, settings.identity_key)) as store:
        stripe = connect(KEY, "http://127.0.0.1:1", "")
        seed(Context(store, stripe, Origin("bench", new_id()), datetime.now(UTC), b"secret"))


@contextmanager
def process(code: str, argument: str, env: dict[str, str]) -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", code, str(port), argument]
    running = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL)
    try:
        await_health(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", running.pid
    finally:
        running.terminate()
        running.wait(10)


def await_health(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError(f"{url} does not answer")


if __name__ == "__main__":
    main()
