"""Jobs: calls of the outside world and what takes long, retried with backoff until done, or given up and visible.

A job's command decides on what is so when it runs, so a job that runs twice, or late, does no harm. Jobs of workers
that were killed are found by their missing heartbeat and run again.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any
from uuid import UUID

import procrastinate
import structlog
from msgspec import structs
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from psycopg import Connection

from commands import Context, differences, ending, letters, payment_methods, payments, refunds
from commands.upkeep import tidy
from eventlog.away import POSTGRES_AWAY
from workers.erasing import erase
from workers.reactions import Job
from workers.reconciling import hourly
from workers.stopping import on_stop

log = structlog.get_logger()
LONGEST_WAIT_S, TRIES, PAUSE_S = 300, 50, 1.0
STALLED_S = 10.0
WORKER = {
    "concurrency": 8,
    "fetch_job_polling_interval": 1.0,
    "update_heartbeat_interval": 2.0,
    "stalled_worker_timeout": STALLED_S,
    "shutdown_graceful_timeout": 5.0,
    "install_signal_handlers": False,
}
# What is asked of a command about one thing; what it answers nobody here needs.
COMMANDS = {
    "expire_hold": ending.expire_hold,
    "end_payment": payments.cancel_intent,
    "pay_back": refunds.pay_back,
    "settle_difference": differences.settle_difference,
    "settle_methods": payment_methods.settle_methods,
    "forget_at_stripe": payment_methods.forget_at_stripe,
}
Making = Callable[[str], Context]  # the context in which the task of that name runs its command


class Patience(BaseRetryStrategy):
    """Doubling waits with jitter, up to five minutes; after fifty tries it is failed, kept and counted in /metrics."""

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate.jobs.Job) -> RetryDecision | None:
        attempts = job.attempts + 1  # procrastinate counts the tries before this one
        told = {"task": job.task_name, "job": job.id, "about": job.task_kwargs.get("about")}
        told |= {"attempts": attempts, "error": type(exception).__name__}
        if attempts >= TRIES:
            log.error("job_given_up", **told)
            return None
        wait = min(LONGEST_WAIT_S, 0.25 * 2**job.attempts) * random.uniform(0.5, 1)
        log.warning("job_again", **told)
        return RetryDecision(retry_in={"milliseconds": int(wait * 1000)})


def connect(database_url: str) -> App:
    """An app that only defers; `working` adds what carries the tasks out."""
    return App(connector=PsycopgConnector(conninfo=database_url, min_size=1, max_size=4))


def defer(app: App, db: Connection, job: Job) -> None:
    """A job in the transaction of the connection."""
    lock = str(job.about) if job.in_order else None
    deferrer = app.configure_task(job.task, lock=lock, connection=db)
    deferrer.defer(about=str(job.about), position=job.position)


def working(app: App, making: Making) -> App:
    """The app with its tasks. `making(task)` gives the context in which a command runs."""

    def task(name: str, **more: Any) -> Callable:
        return app.task(name=name, retry=Patience(), **more)

    for name, command in COMMANDS.items():
        task(name)(_carrying_out(name, command, making))

    @task("erase_person")
    def erase_person(about: str, position: int) -> None:
        with making("erase_person").store.recorder.connection() as db:
            erase(db, UUID(about), position)

    for kind in letters.KINDS:
        task(kind, pass_context=True)(_posting(kind, making))
    _housekeeping(app, making)
    return app


def _carrying_out(name: str, command: Callable[[UUID, Context], object], making: Making) -> Callable[..., None]:
    def carry_out(about: str, position: int) -> None:
        command(UUID(about), making(name))

    return carry_out


def _posting(kind: str, making: Making) -> Callable[..., None]:
    """A job that runs again sends the same letter: it is the job that tells letters of one kind apart."""

    def post(context: procrastinate.JobContext, about: str, position: int) -> None:
        ctx = making(kind)
        origin = structs.replace(ctx.origin, correlation_id=f"job {context.job.id}")
        letters.post(kind, UUID(about), replace(ctx, origin=origin), position)

    return post


def _housekeeping(app: App, making: Making) -> None:
    @app.periodic(cron="* * * * * */5")
    @app.task(name="find_stalled", queueing_lock="find_stalled", pass_context=True)
    async def find_stalled(context: procrastinate.JobContext, timestamp: int) -> None:
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
            if job.id != context.job.id:
                log.warning("job_of_a_killed_worker", task=job.task_name, job=job.id)
                await manager.retry_job(job)

    @app.periodic(cron="17 * * * *")
    @app.task(name="clear_away", queueing_lock="clear_away", pass_context=True)
    async def clear_away(context: procrastinate.JobContext, timestamp: int) -> None:
        await context.app.job_manager.delete_old_jobs(nb_hours=72)
        await asyncio.to_thread(clear)

    @app.periodic(cron="23 * * * *")
    @app.task(name="reconcile", lock="reconcile", queueing_lock="reconcile", retry=Patience())
    def compare_books(timestamp: int) -> None:
        hourly(lambda: making("reconcile"), datetime.fromtimestamp(timestamp, UTC))

    def clear() -> None:
        with making("clear_away").store.recorder.connection() as db:
            tidy(db, datetime.now(UTC))


def run(app: App, making: Making) -> None:
    """The process: until SIGTERM or Ctrl-C it works on jobs; Postgres away is waited for."""
    working(app, making)
    stopping = Event()
    on_stop(stopping.set)
    asyncio.run(_work(app, stopping))


async def _work(app: App, stopping: Event) -> None:
    while not stopping.is_set():
        try:
            async with app.open_async():
                worker = asyncio.create_task(app.run_worker_async(**WORKER))
                while not stopping.is_set() and not worker.done():
                    await asyncio.sleep(0.1)
                worker.cancel()
                with suppress(asyncio.CancelledError):
                    await worker
        except (*POSTGRES_AWAY, ConnectorException) as trouble:
            log.warning("jobs_wait", error=str(trouble))
            await asyncio.sleep(PAUSE_S)
