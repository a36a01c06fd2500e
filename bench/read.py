"""What the house's questions read as its past grows: pages of Postgres, and how long they take.

    python -m bench.read [--sizes 1000,100000,1000000] [--folder DIR]

For each size a server of its own gets years of bookings in its log and its read models brought up from it. Then every
statement that a question runs is explained with the pages that it finds in memory or reads. The days to come, the hits
of the search and the bookings of the customer are as many at each size: at the last size at most twice the pages of the
first. Page 1,000 of the list begins after 19,980 bookings; of a thousand it is page 45, a step before the last ones.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import psycopg

from bench.years import HITS, NOW, RARE, TODAY, Years, load
from domain import Value
from domain.booking_status import Status
from eventlog.envelope import readable
from eventlog.feed import Batch, Progress
from eventlog.migrations import migrate
from eventlog.passage import passed
from eventlog.vault import Vault
from integrations.embedded.postgres import EmbeddedPostgres
from projections import audit, booking_list, calendar, customers, dashboard, history
from projections.applying import Place, apply_to
from projections.booking_list import Sort, Wish
from projections.following import BATCH, Progressed
from projections.models import MODELS, create_all
from projections.partitions import PARTITIONS
from projections.schemas import look_into

MOST, TIMES, PAGE, DEEP, EXPORTED = 2.0, 9, 20, 19_980, 20_000
VAULT = Vault({"bench": b"b" * 32}, b"bench")
MONTH = TODAY + timedelta(30)
# Two processes bring up the models side by side; these two have the most to do.
HEAVY = ("bookings", "history")
EXPLAIN = "explain (analyze, buffers, format json) "


class Question(Value):
    """What is asked of which models. Answers are counted, so that no size is asked for less than another."""

    models: tuple[str, ...]
    ask: Callable[[psycopg.Connection], Any]
    answers: Callable[[Any], int] = lambda _: 0


class Cost(Value):
    pages: int
    ms: float
    answers: int


class Listening(psycopg.Cursor):
    """Keeps what it is asked, to be explained."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> "Listening":
        text = query if isinstance(query, str) else query.as_string(self.connection)
        self.connection.asked.append((text, params))  # type: ignore[attr-defined]
        return super().execute(query, params, **how)


def main() -> int:
    parser = argparse.ArgumentParser(description="Pages that each question reads, from few bookings to many.")
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--folder", help="where the servers' data lies meanwhile; a million bookings take 20 GB")
    told = parser.parse_args()
    sizes = [int(size) for size in told.sizes.split(",")]
    costs = {size: costs_of(size, told.folder) for size in sizes}
    return report(costs)


def report(costs: dict[int, dict[str, Cost]]) -> int:
    """Prints a line for each question; 0 when none reads more than twice the pages at the last size."""
    few, many = min(costs), max(costs)
    good = True
    for label in costs[few]:
        ratio = costs[many][label].pages / costs[few][label].pages
        good = good and ratio <= MOST
        each = ", ".join(f"{found[label].pages} ({found[label].ms:.1f} ms)" for found in costs.values())
        print(f"{label}: {each} pages: {ratio:.2f} times (at most {MOST:.0f})")
    return 0 if good else 1


def costs_of(size: int, folder: str | None) -> dict[str, Cost]:
    """On a server of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="totetaxi-bench-", dir=folder) as data,
        EmbeddedPostgres(Path(data) / "postgres", durable=False) as server,
    ):
        list(migrate(server.dsn))
        fill(server.dsn, Years(size), bring_up_all)
        return costs_at(server.dsn, min(DEEP, size - 6 * PAGE))


def costs_at(url: str, deep: int) -> dict[str, Cost]:
    """What each question costs there; a page far down in the list comes after `deep` bookings."""
    with psycopg.connect(url, autocommit=True, cursor_factory=Listening) as db:
        db.asked = []  # type: ignore[attr-defined]
        costs = {label: cost(db, question) for label, question in questions(db, deep).items()}
        print(f"{exported(db):.0f} bookings a second are listed for an export", flush=True)
        return costs


def fill(url: str, years: Years, bring: Callable[[str], object]) -> None:
    """Their bookings in log and read models, as settled as after a night's vacuum."""
    with psycopg.connect(url, autocommit=True) as db:
        create_all(db)
        load(db, VAULT, years, tell)
        db.execute("vacuum analyze eventlog.stored_events")
        bring(url)
        db.execute("vacuum analyze")


def bring_up_all(url: str) -> None:
    parts = (HEAVY, tuple(sorted(set(MODELS) - set(HEAVY))))
    with ProcessPoolExecutor(len(parts), get_context("spawn")) as pool:
        list(pool.map(bring_up, (url,) * len(parts), parts))


def bring_up(url: str, names: Iterable[str] = tuple(MODELS)) -> None:
    """These models from the whole log, which is read and decoded once for all of them."""
    with psycopg.connect(url, autocommit=True) as db:
        places = [Place(db, MODELS[name], VAULT, name) for name in names]
        [(stop,)] = db.execute("select max(notification_id) from eventlog.stored_events").fetchall()
        began = last = monotonic()
        for rows in passed(db, 0, stop, BATCH):
            events, at = [readable(row) for row in rows], rows[-1].position
            for place in places:
                apply_to(place, Batch(events, dict.fromkeys(range(PARTITIONS), Progress(at))))
            if monotonic() - last > 5 or at == stop:
                last = monotonic()
                tell(Progressed(" ".join(names), at, at, stop, last - began))


def tell(progressed: Progressed) -> None:
    print(progressed, file=sys.stderr, flush=True)


def questions(db: psycopg.Connection, deep: int) -> dict[str, Question]:
    with db.transaction():
        look_into(db, "bookings")
        after = booking_list.listed(db, Wish(limit=deep)).next
    person = VAULT.person_id("person0@example.com")
    paid = Wish(status=(Status.PAID,), pickup_from=TODAY, pickup_to=MONTH, sort=Sort.PICKUP_DATE)
    wishes = {
        "list, page 1": Wish(),
        f"list, page {DEEP // PAGE + 1:,}": Wish(after=after),
        "list, by status and days": paid,
        "list, search": Wish(RARE),
    }
    return {
        "availability of 31 days": Question(
            ("calendar",), lambda db: calendar.availability(db, TODAY, MONTH, TODAY), len
        ),
        **{label: listing(wish) for label, wish in wishes.items()},
        "history of a customer": Question(("customers", "history"), lambda db: told_of(db, person), len),
        "dashboard": Question(("audit", "customers", "dashboard"), glance),
    }


def available(db: psycopg.Connection) -> list[Any]:
    return calendar.availability(db, TODAY, MONTH, TODAY)


def listing(wish: Wish) -> Question:
    return Question(("bookings",), lambda db: booking_list.listed(db, wish), lambda page: len(page.bookings))


def told_of(db: psycopg.Connection, person: Any) -> list[Any]:
    """As staff see a customer: statistics, addresses, the newest bookings with their timelines."""
    customers.statistics(db, [person])
    customers.address_usage(db, [person])
    return history.of_persons(db, [person], HITS)["bookings"]


def glance(db: psycopg.Connection) -> Any:
    """As the dashboard's route asks."""
    return dashboard.dashboard(db, NOW), customers.summary(db, NOW), audit.listed(db, audit.Wish(limit=10))


def cost(db: psycopg.Connection, question: Question) -> Cost:
    """The pages of one call, statement by statement, and the median time of several."""
    times = []
    for _ in range(TIMES):
        with db.transaction():
            look_into(db, *question.models)
            db.asked.clear()  # type: ignore[attr-defined]
            began = monotonic()
            answer = question.ask(db)
            times.append(1_000 * (monotonic() - began))
            asked = list(db.asked)  # type: ignore[attr-defined]
    with db.transaction():
        look_into(db, *question.models)
        return Cost(sum(pages(db, *one) for one in asked), median(times), question.answers(answer))


def pages(db: psycopg.Connection, query: str, given: Any) -> int:
    """Found in memory or read by one statement."""
    [(plan,)] = psycopg.Cursor(db).execute(EXPLAIN + query, given).fetchall()
    return plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def exported(db: psycopg.Connection) -> float:
    """Bookings a second, page after page."""
    began, count, wish = monotonic(), 0, Wish(limit=500)
    with db.transaction():
        look_into(db, "bookings")
        while count < EXPORTED:
            page = booking_list.listed(db, wish)
            count += len(page.bookings)
            if page.next is None:
                break
            wish = Wish(limit=500, after=page.next)
    return count / (monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
