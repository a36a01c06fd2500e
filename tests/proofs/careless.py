"""Programs with a protection taken away, and with a place to be killed at: `api PORT WISH ...`, `reactions WISH ...`.

The settings come from the environment. Whoever has come to the place says so on stdout, and waits there to be killed.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Barrier, BrokenBarrierError, Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import stripe
import uvicorn

from api.call import Call
from api.routes import stripe_webhook
from commands import hearing
from domain import payment
from integrations.stripe import StripeEvent
from tests.workers.platform import environment
from workers import reacting
from workers.reactions import Job, react

ROOT = Path(__file__).parents[2]
HERE = "here\n"
ask_stripe, was_done, carry = stripe.RequestsClient.request, stripe_webhook._is_done, reacting.carry


def stop_here(*_: object) -> None:
    sys.stdout.write(HERE)
    sys.stdout.flush()
    Event().wait()


def with_a_key_that_says_nothing(client: Any, method: str, url: str, headers: dict, post_data: Any = None) -> Any:
    return ask_stripe(client, method, url, headers | {"Idempotency-Key": str(uuid4())}, post_data)


def meeting(before: Barrier, ask: Any) -> Any:
    """Who asks for a refund at Stripe waits until the other has come to this point, too; once."""

    def asking(client: Any, method: str, url: str, headers: dict, post_data: Any = None) -> Any:
        if method == "post" and url.endswith("/v1/refunds"):
            with suppress(BrokenBarrierError):
                before.wait(30)
            before.abort()
        return ask(client, method, url, headers, post_data)

    return asking


def done_before_it_is_heard(call: Call, event: StripeEvent) -> str:
    with call.parts.pool.connection() as db:
        db.execute(stripe_webhook.DONE, (event.id,))
    hearing.hear(event, call.context())
    return "acted"


def never_done(call: Call, event: StripeEvent) -> bool:
    was_done(call, event)
    return False


def set_aside_unseen(paid: payment.Payment, refund_id: UUID, amount_cents: int) -> list:
    return [] if refund_id in paid.refunds else [payment.RefundReserved(refund_id, amount_cents)]


def position_first(runner: reacting.Runner, db: psycopg.Connection, source: Any) -> int:
    rows = source.read(runner.position, reacting.BATCH, 2**62)
    if rows:
        db.execute("update eventlog.reactions set position = %s", (rows[-1].position,))
        for effect in (effect for row in rows for effect in react(reacting.decode(row))):
            reacting.carry(db, runner._jobs, effect)
        runner.position = rows[-1].position
    return len(rows)


def stop_before_paying_back(db: psycopg.Connection, jobs: Any, effect: Any) -> None:
    if isinstance(effect, Job) and effect.task == "pay_back":
        stop_here()
    carry(db, jobs, effect)


# Where, which function, and what is in its place.
WISHES: dict[str, tuple[object, str, Any]] = {
    "random keys": (stripe.RequestsClient, "request", with_a_key_that_says_nothing),
    "done before it is heard": (stripe_webhook, "_act", done_before_it_is_heard),
    "nothing remembered": (stripe_webhook, "_is_done", never_done),
    "set aside unseen": (payment, "reserve_refund", set_aside_unseen),
    "position first": (reacting.Runner, "_take", position_first),
    "stop before hearing": (hearing, "hear", stop_here),
    "stop before paying back": (reacting, "carry", stop_before_paying_back),
}


class Careless:
    """One such process, until the end of the block."""

    def __init__(self, env: dict[str, str], *words: str):
        self._said = NamedTemporaryFile("w+")  # noqa: SIM115 - as long as the process
        command = [sys.executable, "-m", "tests.proofs.careless", *words]
        env = environment() | env
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self._said, stdin=subprocess.DEVNULL)

    def at_the_place(self) -> int:
        """How many of its threads have come there."""
        return Path(self._said.name).read_text().count(HERE)

    def __enter__(self) -> "Careless":
        return self

    def __exit__(self, *_: object) -> None:
        """kill -9"""
        self.process.kill()
        self.process.wait(10)
        self._said.close()


def main(program: str, *words: str) -> None:
    port, wishes = (int(words[0]), words[1:]) if program == "api" else (0, words)
    for wish in wishes:
        setattr(*WISHES[wish])
    if program == "api":
        uvicorn.run("api.app:create", factory=True, port=port, log_level="critical")
    else:
        reacting.run(os.environ["DATABASE_URL"])


if __name__ == "__main__":
    main(*sys.argv[1:])
