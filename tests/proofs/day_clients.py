"""Clients of a few full days, who take, leave and change places at once: `DATABASE FILE CLIENTS TURNS` as a process.

A process writes what each client was refused into the file, a line at a time, until it is done or killed.
"""

import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from msgspec import json
from msgspec.structs import replace

from commands import Context, booking_ref, day_ref
from commands.bookings import place_booking
from commands.changing import Changes, NewTime, change_booking
from commands.ending import cancel_booking, expire_hold
from domain import Refused, Value
from domain.selection import PickupTime, StandardDelivery
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import EventStore
from eventlog.vault import Vault
from tests.commands.wishes import PETITE, WANTED, asks
from tests.samples import HOLD, NOON

DAYS = [NOON.date() + timedelta(7 + n) for n in range(20)]
LIMITS = {"mini_move": 2, "standard_delivery": 1}
SELECTIONS = {"mini_move": PETITE, "standard_delivery": StandardDelivery(3)}
SLOTS = [(PickupTime.MORNING, None), (PickupTime.NO_TIME_PREFERENCE, None), (PickupTime.MORNING_SPECIFIC, 9)]
PEOPLE, BAIT = 12, 4
# What a client may be told; everything else is an error.
REFUSALS = {"no_capacity", "slot_taken", "invalid_transition"}


class Told(Value):
    """What a client was refused, and which versions it was decided on; `error` is what should not have happened."""

    day: date
    service: str
    code: str
    seen: dict[UUID, int] = {}
    error: str = ""


class Client:
    """One client with a chance of its own; some of them go to and fro between the same few days."""

    def __init__(self, store: EventStore, seed: str):
        self.store, self.chance = store, random.Random(seed)

    def turns(self, many: int) -> Iterator[Told]:
        for _ in range(many):
            days = DAYS[:BAIT] if self.chance.random() < 0.4 else DAYS
            one, other = self.chance.sample(days, 2)
            service, turn = self._turn(one, other)
            try:
                turn()
            except Refused as refusal:
                error = "" if refusal.code in REFUSALS else f"{refusal.code}: {refusal}"
                yield Told(other, service, refusal.code, refusal.seen, error)
            except Exception as error:
                yield Told(other, service, "", {}, repr(error))

    def _turn(self, one: date, other: date) -> tuple[str, Callable[[], object]]:
        """What to do next, and the service: something with a booking of the one day, or a new one on the other."""
        state = self.store.load(day_ref(one)).state
        taken = sorted(state.places) if state else []
        if not taken or self.chance.random() < 0.4:
            service = self.chance.choice(sorted(SELECTIONS))
            return service, lambda: self._place(other, service)
        id = self.chance.choice(taken)
        service = state.places[id].service_type
        turns = [self._move, self._move, self._move, self._cancel, self._expire]
        turn = self.chance.choice(turns)
        return service, lambda: turn(id, other)

    def _place(self, day: date, service: str) -> None:
        slot = self.chance.choice(SLOTS)
        wanted = replace(
            WANTED, selection=SELECTIONS[service], pickup_date=day, pickup_time=slot[0], specific_pickup_hour=slot[1]
        )
        place_booking(asks(f"client{self.chance.randrange(PEOPLE)}", wanted), self._context())

    def _move(self, id: UUID, to: date) -> None:
        change_booking(booking_ref(id), Changes(NewTime(to, *self.chance.choice(SLOTS))), self._context())

    def _cancel(self, id: UUID, _: date) -> None:
        cancel_booking(id, "", False, self._context())

    def _expire(self, id: UUID, _: date) -> None:
        expire_hold(id, self._context(HOLD))

    def _context(self, now=NOON) -> Context:
        return Context(self.store, None, Origin("guest", new_id()), now, b"a secret of the tests")


def together(stores: list[EventStore], turns: int, seed: str) -> list[Told]:
    """What the clients were told, one of each store given."""
    clients = [Client(store, f"{seed}/{n}") for n, store in enumerate(stores)]
    with ThreadPoolExecutor(len(clients)) as threads:
        return [told for all_told in threads.map(lambda one: list(one.turns(turns)), clients) for told in all_told]


def main(database: str, file: str, clients: str, turns: str) -> None:
    def live(n: int) -> None:
        for told in Client(store, f"{file}/{n}").turns(int(turns)):
            with Path(file).open("ab") as out:
                out.write(json.encode(told) + b"\n")

    with EventStore(database, Vault({"test": b"m" * 32}, b"identity")) as store:
        with ThreadPoolExecutor(int(clients)) as threads:
            list(threads.map(live, range(int(clients))))


if __name__ == "__main__":
    main(*sys.argv[1:])
