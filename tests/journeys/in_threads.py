"""A whole platform in this process: API, relay, projector, reactions and jobs, over the broker of the test run."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from eventlog.vault import Vault
from integrations.stripe import connect
from tests.api.house import House, open_house
from tests.integrations.stripe_account import KEY, SECRET, Sandbox
from tests.workers.acting import context
from workers import jobs
from workers.projector import Projector, Sources
from workers.reacting import Runner
from workers.relay import Relay


@contextmanager
def platform(database: str, bootstrap: str, vault: Vault) -> Iterator[tuple[House, Sandbox]]:
    """With Stripe's sandbox, whose webhooks it hears."""
    sandbox = Sandbox(database)
    with ExitStack() as running:
        env = {"TOTETAXI_STRIPE_API_URL": sandbox.url, "TOTETAXI_KAFKA_BOOTSTRAP": bootstrap}
        house = running.enter_context(open_house(database, **env))
        sandbox.arguments = (database, f"{house.url}/api/payments/webhook/", SECRET)
        running.enter_context(sandbox)
        for looped in (Relay(database, bootstrap), Projector(Sources(database, vault, bootstrap)), Runner(database)):
            running.enter_context(_thread(looped.run, looped.stop))
        running.enter_context(_jobs(database, house, sandbox))
        yield house, sandbox


@contextmanager
def _thread(run: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(60)
        assert not thread.is_alive()


@contextmanager
def _jobs(database: str, house: House, sandbox: Sandbox) -> Iterator[None]:
    stopping, stripe = Event(), connect(KEY, sandbox.url, SECRET)
    app = jobs.working(jobs.connect(database), lambda task: context(house.store, stripe, f"job {task}"))
    with _thread(lambda: asyncio.run(jobs._work(app, stopping)), stopping.set):
        yield
