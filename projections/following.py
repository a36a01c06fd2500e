"""Brings a generation of a read model to given positions from the log, partition by partition and never beyond."""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from domain import Value
from eventlog.envelope import Recorded, Stored, partition_of, readable
from eventlog.feed import Batch, Progress
from eventlog.passage import passed
from projections.applying import Place, apply_to, positions
from projections.parking import Stopped

BATCH, NEAR, PASSES = 10_000, 500, 20


class Overshot(Exception):
    """The generation is beyond the positions asked for: it cannot be compared nor switched."""


class Progressed(Value):
    """How far a generation has come: events applied since the beginning, the position reached and the one aimed at."""

    schema: str
    events: int
    position: int
    stop: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds else 0.0

    @property
    def left_s(self) -> float:
        """Seconds to go at this rate; positions are counted as events, which they nearly are."""
        return (self.stop - self.position) / self.rate if self.rate else 0.0

    def __str__(self) -> str:
        return f"{self.schema}: {self.events} events, {self.rate:.0f}/s, {self.left_s:.0f} s left"


Tell = Callable[[Progressed], None]


def silent(_: Progressed) -> None:
    """Nobody wants to know."""


def follow(place: Place, live: str, tell: Tell = silent) -> int:
    """Come near the live schema's positions, which move on meanwhile. Returns how many events were applied."""
    events = 0
    for _ in range(PASSES):
        events += (came := bring(place, positions(place.db, live), tell))
        if came < NEAR:
            break
    return events


def bring(place: Place, target: Mapping[int, Progress], tell: Tell = silent) -> int:
    """Apply all events of each partition up to its target, exactly. Returns how many there were.

    Raises Overshot, UnknownEvent for an event of a newer version, and what `apply_to` raises.
    """
    at = positions(place.db, place.schema)
    if ahead := sorted(p for p in target if at[p].position > target[p].position):
        raise Overshot(f"{place.schema} is beyond its targets in the partitions {ahead}")
    behind = [p for p in target if at[p].position < target[p].position]
    if not behind:
        return 0
    start, stop = min(at[p].position for p in behind), max(target[p].position for p in behind)
    began, count = monotonic(), 0
    for rows in passed(place.db, start, stop, BATCH):
        events = wanted(rows, target)
        last = rows[-1].position
        apply_to(place, Batch(events, reached(at, target, last)))
        count += len(events)
        tell(Progressed(place.schema, count, last, stop, monotonic() - began))
    check_arrived(place, target)
    return count


def check_arrived(place: Place, target: Mapping[int, Progress]) -> None:
    """Too many parked keys end a batch early."""
    arrived = positions(place.db, place.schema)
    if short := sorted(p for p, aim in target.items() if arrived[p].position != aim.position):
        raise Stopped(f"{place.schema} did not come to its targets in the partitions {short}: look at its parked keys")


def wanted(rows: Sequence[Stored], target: Mapping[int, Progress]) -> list[Recorded]:
    """The events that are not beyond their partition's target; `apply_to` drops those that are in the generation."""
    events = [readable(row) for row in rows]
    if rows[-1].position <= min(progress.position for progress in target.values()):
        return events
    return [event for event in events if event.position <= target[partition_of(event.key, len(target))].position]


def reached(at: Mapping[int, Progress], target: Mapping[int, Progress], last: int) -> dict[int, Progress]:
    """How far each partition is, once everything wanted up to the position `last` is applied."""
    return {p: Progress(max(at[p].position, min(aim.position, last))) for p, aim in target.items()}
