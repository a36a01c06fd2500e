"""How fast read models follow the log, as a ratio to reading and decoding the same log in the same run.

`python -m bench.project [--events N]` fills a log of N events on a server of its own. For each read model the log is
read and decoded alone, then with the model's personal parts unsealed; applied as the live projector does it, in batches
of 500; and rebuilt. Memory is that of this process: its growth from a quarter of the rebuild to its end.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import ModuleType

import psycopg

from bench.past import load
from domain import Value
from eventlog.envelope import Recorded, decode
from eventlog.feed import PostgresFeed, log_at
from eventlog.migrations import migrate
from eventlog.passage import passed
from eventlog.vault import Vault
from integrations.embedded.postgres import EmbeddedPostgres
from projections.applying import Place, apply_to, opened, positions
from projections.following import BATCH, Progressed
from projections.models import MODELS, create_all
from projections.rebuilding import Site, rebuild
from projections.schemas import name_of

LIVE_BATCH, END = 500, 2**62
LIVE_TARGET, REBUILD_TARGET, GROWTH_TARGET_MB = 0.15, 0.4, 50
PAGE = 4096


class Bench(Value):
    url: str
    vault: Vault
    db: psycopg.Connection
    events: int

    def rate(self, act: Callable[[], object]) -> float:
        """Events a second of something done with the whole log."""
        began = monotonic()
        act()
        return self.events / (monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description="Live projection and rebuild against reading and decoding.")
    parser.add_argument("--events", type=int, default=100_000)
    with filled(parser.parse_args().events) as bench:
        reading = max(bench.rate(lambda: read(bench)) for _ in range(2))
        print(f"{bench.events} events; reading and decoding alone: {reading:.0f}/s")
        good = [measure(bench, model, reading) for model in MODELS.values()]
    return 0 if all(good) else 1


@contextmanager
def filled(events: int) -> Iterator[Bench]:
    """A durable server with so many events in its log, and empty read models."""
    vault = Vault({"bench": b"b" * 32}, b"bench")
    with (
        tempfile.TemporaryDirectory(prefix="totetaxi-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "pg") as server,
    ):
        list(migrate(server.dsn))
        with psycopg.connect(server.dsn, autocommit=True) as db:
            count = load(db, vault, events)
            db.execute("vacuum analyze eventlog.stored_events")
            create_all(db)
            yield Bench(server.dsn, vault, db, count)


def read(bench: Bench) -> None:
    for _ in decoded(bench):
        pass


def decoded(bench: Bench) -> Iterator[list[Recorded]]:
    for rows in passed(bench.db, 0, END, BATCH):
        yield [decode(row) for row in rows]


def unseal(bench: Bench, model: ModuleType) -> None:
    place = Place(bench.db, model, bench.vault, name_of(model))
    for events in decoded(bench):
        opened(place, events)


def apply_live(bench: Bench, model: ModuleType) -> None:
    place = Place(bench.db, model, bench.vault, name_of(model))
    with log_at(bench.url) as log:
        feed = PostgresFeed(log)
        while (batch := feed.read(positions(bench.db, place.schema), LIVE_BATCH, 0)).events:
            apply_to(place, batch)


class Rebuilding:
    """Listens to a rebuild: the rate of building, and how much memory grew."""

    def __init__(self) -> None:
        self.rate, self._resident_mb = 0.0, []

    def __call__(self, told: Progressed) -> None:
        self._resident_mb.append((told.position / told.stop, resident_mb()))
        if told.events > BATCH:
            self.rate = told.rate

    @property
    def growth_mb(self) -> float:
        early = [mb for part, mb in self._resident_mb if part <= 0.25] or [self._resident_mb[0][1]]
        return max(mb for _, mb in self._resident_mb) - early[-1]


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def measure(bench: Bench, model: ModuleType, reading: float) -> bool:
    """Prints one line; whether the targets are met, against reading with what the model must have unsealed."""
    name, listening = name_of(model), Rebuilding()
    base = bench.rate(lambda: unseal(bench, model)) if model.PERSONAL else reading
    live = bench.rate(lambda: apply_live(bench, model))
    outcome = rebuild(Site(bench.url, bench.vault, listening), model)
    if outcome.differences or outcome.events != bench.events:
        sys.exit(f"{name}: live and rebuilt differ, or events are missing: {outcome}")
    opened_too = f", unsealed {base:.0f}/s" if model.PERSONAL else ""
    print(f"{name}: live {live:.0f}/s = {live / base:.2f} (at least {LIVE_TARGET}), rebuild {listening.rate:.0f}/s = "
          f"{listening.rate / base:.2f} (at least {REBUILD_TARGET}){opened_too}; with comparison and switch "
          f"{outcome.seconds:.1f} s; memory +{listening.growth_mb:.0f} MB", flush=True)  # fmt: skip
    return (live >= LIVE_TARGET * base and listening.rate >= REBUILD_TARGET * base
            and listening.growth_mb <= GROWTH_TARGET_MB)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
