"""Whether time tells who has an account: login, registering and a reset for known and for unknown addresses, in turn.

    python -m bench.enumeration [--tries 200] [--without-hashing]

Limits are off; the answers have to be the same but for the id of the request. Noise is how far the known addresses are
apart among themselves. Without hashing, what is left of a request cannot hide behind the hash of its password.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx

from bench.http import API, SECRETS, furnish, process
from commands.accounts import Account, Kind, create_account
from commands.passwords import hashed
from domain import customer
from domain.customer import CustomerRegistered
from domain.profile import Contact
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import EventStore, Note, Ref
from eventlog.vault import Vault
from integrations.embedded.postgres import EmbeddedPostgres
from settings import Settings

WARM_UP, MOST_MS = 10, 5.0
PASSWORD = "a password of the bench"
PERSON = {"first_name": "Ada", "last_name": "Byron", "phone": "+12125550123"}
REGISTER, LOGIN, RESET = "auth/register/", "auth/login/", "auth/password-reset/"
WITHOUT_HASHING = """
import commands.passwords
class Nothing:
    def hash(self, password): return password
    def verify(self, password, hashed): return password == hashed
commands.passwords._hasher = Nothing
"""
AREA = "/api/customer/"
Body = Callable[[str], dict[str, Any]]


class Told(NamedTuple):
    """What one try took, and what it was answered, less what is different each time."""

    ms: float
    answer: tuple[int, str]


def main() -> None:
    parser = argparse.ArgumentParser(description="Known and unknown addresses, side by side.")
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--without-hashing", action="store_true")
    asked = parser.parse_args()
    api = WITHOUT_HASHING + API if asked.without_hashing else API
    bodies: dict[str, Body] = {
        LOGIN: lambda mail: {"email": mail, "password": "a wrong password"},
        REGISTER: lambda mail: {"email": mail, "password": PASSWORD} | PERSON,
        RESET: lambda mail: {"email": mail},
    }
    with running(api, asked.tries + WARM_UP) as (url, known), httpx.Client(base_url=url + AREA, timeout=30) as http:
        found = [compare(http, path, body, known) for path, body in bodies.items()]
    raise SystemExit(0 if all(found) else 1)


def compare(http: httpx.Client, path: str, body: Body, known: list[str]) -> bool:
    """A known and an unknown address in turn, each of them once, the order of the two changing every time."""
    strangers = (f"stranger{n}@{path.split('/')[1]}.example" for n in count())
    pairs = []
    for n, mail in enumerate(known):
        turn = [("known", mail), ("unknown", next(strangers))]
        pairs.append({who: attempt(http, path, body(mail)) for who, mail in (turn if n % 2 else turn[::-1])})
    measured = pairs[WARM_UP:]
    took = {who: [pair[who].ms for pair in measured] for who in ("known", "unknown")}
    answers = {told.answer for pair in measured for told in pair.values()}
    return report(path, took, answers)


def report(path: str, took: dict[str, list[float]], answers: set[tuple[int, str]]) -> bool:
    known, unknown = median(took["known"]), median(took["unknown"])
    noise = abs(median(took["known"][::2]) - median(took["known"][1::2]))
    is_good = abs(known - unknown) <= MOST_MS and len(answers) == 1
    figures = (
        f"known {known:7.2f} ms, unknown {unknown:7.2f} ms, difference {known - unknown:+6.2f} ms, noise {noise:.2f} ms"
    )
    statuses = ", ".join(sorted(str(status) for status, _ in answers))
    same = "the same answer" if len(answers) == 1 else f"{len(answers)} ANSWERS"
    print(f"{path:22} {figures}, ratio {known / unknown:5.3f}; {same} ({statuses}) {'ok' if is_good else 'TOLD APART'}")
    return is_good


def attempt(http: httpx.Client, path: str, body: dict[str, Any]) -> Told:
    began = time.perf_counter()
    answer = http.post(path, json=body)
    ms = (time.perf_counter() - began) * 1000
    return Told(ms, (answer.status_code, answer.text.replace(answer.headers["x-request-id"], "")))


@contextmanager
def running(api: str, people: int) -> Iterator[tuple[str, list[str]]]:
    """An API on a durable database, and the addresses of so many customers."""
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as postgres:
        env = SECRETS | {"DATABASE_URL": postgres.dsn, "TOTETAXI_RATE_LIMITS": "off"}
        furnish(postgres.dsn)
        known = [f"known{n}@customers.example" for n in range(people)]
        populate(Settings.from_env(os.environ | env), known)
        with process(api, "", env) as (url, _):
            yield url, known


def populate(settings: Settings, mails: list[str]) -> None:
    now, password_hash = datetime.now(UTC), hashed(PASSWORD + " of theirs")
    with EventStore(settings.database_url, Vault(settings.master_keys, settings.identity_key)) as store:
        for mail in mails:
            account = Account(new_id(), Kind.CUSTOMER, mail, store.vault.person_id(mail))
            contact = Contact("Ada", "Byron", mail, PERSON["phone"])
            offer = CustomerRegistered(account.id, account.mail_id, contact)
            note = Note(now, Origin("bench", new_id()))
            with store.recorder.transaction() as db:
                create_account(db, account, password_hash, now)
                store.append([Ref(customer, account.id)], partial(_registered, offer), note)


def _registered(offer: CustomerRegistered, made: customer.Customer | None) -> list[list[customer.Event]]:
    return [customer.register(made, offer)]


if __name__ == "__main__":
    main()
