"""Sixteen clients of several processes at twenty days with few places: each is given once, none kept from anybody.

They book, cancel, reschedule to and fro and let holds end, all at once; one process is killed in the middle of it.
Short without TOTETAXI_PROVE=1.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from msgspec import DecodeError, json
from msgspec.structs import replace

from commands import Context, day_ref
from commands.bookings import place_booking
from commands.catalog import seed
from domain import Refused, house
from domain.house import DailyCapacitySet
from domain.selection import ServiceType
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import EventStore, Ref
from tests.commands.wishes import WANTED, asks
from tests.proofs.day_clients import LIMITS, Told, together
from tests.proofs.days import Story
from tests.proofs.money import whole_log
from tests.samples import MONDAY, NOON
from tests.waiting import until

ROOT = Path(__file__).parents[2]
TURNS = 1_000 if os.environ.get("TOTETAXI_PROVE") else 20
STORES, EACH, OF_A_CHILD = 3, 4, 2
SEEN_ALIVE = 5


def asking(store) -> Context:
    return Context(store, None, Origin("guest", new_id()), NOON, b"a secret of the tests")


@contextmanager
def opened(many, kind, database, vault) -> Iterator[list[EventStore]]:
    """Stores as of so many processes: each remembers for itself, and queues only its own writers."""
    with ExitStack() as stack:
        stores = [stack.enter_context(kind(database, vault)) for _ in range(many)]
        seed(asking(stores[0]))
        for service, places in LIMITS.items():
            few = DailyCapacitySet(ServiceType(service), places)
            asking(stores[0]).append([Ref(house, house.stream())], lambda state, few=few: [house.change(state, few)])
        yield stores


@contextmanager
def children(database, folder) -> Iterator[dict[Path, subprocess.Popen]]:
    """Processes of clients, by the file in which each writes what they are told; the first never ends by itself."""
    command = [sys.executable, "-m", "tests.proofs.day_clients", database]
    turns = {folder / "endless": 10**6, folder / "other": 2 * TURNS}
    running = {f: subprocess.Popen([*command, str(f), str(OF_A_CHILD), str(n)], cwd=ROOT) for f, n in turns.items()}
    try:
        yield running
    finally:
        for process in running.values():
            process.kill()
            process.wait(20)


def told_by(file: Path) -> list[Told]:
    """Of who was killed the last line may be half a one."""
    found = []
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            found.append(json.decode(line, type=Told))
        except DecodeError:
            assert line == file.read_bytes().splitlines()[-1]
    return found


def test_each_place_is_given_once_and_nobody_is_refused_one_that_is_free(database, vault, tmp_path):
    with opened(STORES, EventStore, database, vault) as stores:
        with children(database, tmp_path) as running, ThreadPoolExecutor(1) as pool:
            until(lambda: all(map(told_by, running)), 60)
            here = pool.submit(together, stores * EACH, TURNS, "here")
            (first, killed), (_, other) = running.items()
            before = len(told_by(first))
            until(lambda: len(told_by(first)) >= before + SEEN_ALIVE, 60)
            killed.kill()
            told = here.result()
            assert (killed.wait(20), other.wait(300)) == (-9, 0)
        log, story = whole_log(stores[0]), Story(LIMITS)
    told += [one for file in running for one in told_by(file)]
    assert story.follow(log) + story.at_rest() == []
    assert [one.error for one in told if one.error] == []
    assert [wrong for one in told for wrong in story.unjust(one, one.day, one.service)] == []
    happened = Counter(recorded.name for recorded in log) + Counter(one.code for one in told)
    for name in ("BookingPlaced", "BookingRescheduled", "BookingCancelled", "no_capacity", "slot_taken"):
        assert happened[name] > 0, happened
    print(happened)


class Careless(EventStore):
    """Decides on what it remembers, and writes behind whatever there is: no version is looked at."""

    name = "stored"

    def load(self, ref):
        return self._remembered.get(ref.stream) or super().load(ref)

    def _save(self, events, note):
        ends = {stream: len(self.history(stream)) for stream in {one.originator_id for one in events}}
        behind = []
        for one in events:
            ends[one.originator_id] += 1
            behind.append(replace(one, originator_version=ends[one.originator_id]))
        return super()._save(behind, note)


@pytest.mark.parametrize(("kind", "found"), [(EventStore, []), (Careless, ["1 mini_move too many"])])
def test_without_the_check_of_versions_a_place_is_given_twice_and_this_is_seen(kind, found, database, vault):
    with opened(2, kind, database, vault) as (one, other):
        place_booking(asks("ada", WANTED), asking(one))
        assert len(other.load(day_ref(MONDAY)).state.places) == 1
        for store, name in ((one, "eve"), (other, "ida")):
            with suppress(Refused):
                place_booking(asks(name, WANTED), asking(store))
        wrong = Story(LIMITS).follow(whole_log(one))
    assert [sentence.split(" has ")[1].split(" at ")[0] for sentence in wrong] == found
