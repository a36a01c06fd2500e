"""The simulator's own count: what the read models must show, from what the guests were told and nothing else."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.guests import Outcome

HOLDING = {"pending", "confirmed", "paid"}
TIERS = ((2_500_000, "platinum"), (1_000_000, "gold"), (250_000, "silver"), (0, "bronze"))


@dataclass(frozen=True)
class Seen:
    """The read models as they are seen on a day of New York: the dashboard, and the places left by day and service."""

    day: date
    dashboard: dict[str, Any]
    left: dict[tuple[str, str], int]


@dataclass(frozen=True)
class Booked:
    """A booking of the run as its status route tells it, beside what its guest knows."""

    outcome: Outcome
    status: str


def differences(before: Seen, after: Seen, booked: list[Booked]) -> list[str]:
    """Where dashboard and calendar have not moved by exactly what the guests did, and by holds that ended."""
    expected, found = Counter(b.status for b in booked), _moved(before, after, "by_status")
    ended = holds_ended(before, after, booked)
    expected.update(pending=-ended, cancelled=ended)
    expected = Counter({status: count for status, count in expected.items() if count})
    wrong = [f"dashboard by_status: expected {dict(expected)}, found {dict(found)}"] if expected != found else []
    services, found = Counter(b.outcome.service for b in booked), _moved(before, after, "by_service_type")
    wrong += [f"dashboard by_service_type: expected {dict(services)}, found {dict(found)}"] if services != found else []
    return (
        wrong
        + _customers(before, after, booked)
        + _revenue(before, after, booked)
        + _calendar(before, after, booked, ended)
    )


def holds_ended(before: Seen, after: Seen, booked: list[Booked]) -> int:
    """How many bookings from before this run, unpaid then, were cancelled meanwhile because their hold ended.

    The guests do not know them: the dashboard tells of them, and the calendar must have got back as many places.
    """
    cancelled = sum(b.status == "cancelled" for b in booked)
    more = _moved(before, after, "by_status")["cancelled"] - cancelled
    return max(0, min(more, before.dashboard["bookings"]["by_status"]["pending"]))


def told_wrong(booked: list[Booked]) -> list[str]:
    """Guests who paid and whose booking is not paid, or the other way round."""
    return [f"{b.outcome.number} is {b.status}, its guest was told paid={b.outcome.paid}"
            for b in booked if b.outcome.paid != (b.status == "paid")]  # fmt: skip


def history_wrong(booked: Booked, history: dict[str, Any] | None) -> str | None:
    """What is wrong in the guest's history, if anything."""
    outcome = booked.outcome
    if history is None:
        return f"{outcome.number}: no history of {outcome.mail}"
    shown = [(b["booking_number"], b["status"], b["total_price_cents"]) for b in history["bookings"]]
    if shown != [(outcome.number, booked.status, outcome.price_cents)]:
        return f"history of {outcome.mail}: {shown}, expected {outcome.number} {booked.status} {outcome.price_cents}"
    paid = sum(p["amount_cents"] for b in history["bookings"] for p in b["payments"] if p["status"] == "succeeded")
    expected = outcome.price_cents if booked.status == "paid" else 0
    return None if paid == expected else f"history of {outcome.mail}: paid {paid}, expected {expected}"


def _moved(before: Seen, after: Seen, what: str) -> Counter[str]:
    counts = Counter(after.dashboard["bookings"][what])
    counts.subtract(before.dashboard["bookings"][what])
    return Counter({name: count for name, count in counts.items() if count})


def _customers(before: Seen, after: Seen, booked: list[Booked]) -> list[str]:
    """Each guest has a mail address of their own, nobody had booked with before."""
    spent: Counter[str] = Counter()
    for b in booked:
        spent[b.outcome.mail] += b.outcome.price_cents if b.status == "paid" else 0
    tiers = Counter(next(tier for least, tier in TIERS if cents >= least) for cents in spent.values())
    expected, found = Counter(total=len(spent)) + tiers, _people(after)
    found.subtract(_people(before))
    found = Counter({name: count for name, count in found.items() if count})
    return [f"dashboard customers: expected {dict(expected)}, found {dict(found)}"] if expected != found else []


def _people(seen: Seen) -> Counter[str]:
    shown = seen.dashboard["customers"]
    return Counter({"total": shown["total"], **shown["by_tier"]})


def _revenue(before: Seen, after: Seen, booked: list[Booked]) -> list[str]:
    """Over midnight other days leave the periods and come into them: then nothing can be said."""
    if before.day != after.day:
        return []
    earned = sum(b.outcome.price_cents for b in booked if b.status == "paid")
    found = {name: cents - before.dashboard["revenue"][name] for name, cents in after.dashboard["revenue"].items()}
    return [f"dashboard revenue {name}: expected {earned}, found {cents}"
            for name, cents in found.items() if cents != earned]  # fmt: skip


def _calendar(before: Seen, after: Seen, booked: list[Booked], ended: int) -> list[str]:
    """A place that nobody of this run took may be free again only if a hold ended."""
    taken = Counter((b.outcome.day, b.outcome.service) for b in booked if b.status in HOLDING)
    seen = before.left.keys() & after.left.keys()  # over midnight a day goes and a day comes
    free = {place: after.left[place] - (before.left[place] - taken[place]) for place in sorted(seen)}
    lost = [f"calendar {place}: expected {after.left[place] - more} left, found {after.left[place]}"
            for place, more in free.items() if more < 0 or (more and not ended)]  # fmt: skip
    again = sum(more for more in free.values() if more > 0)
    return lost or ([f"calendar: {again} places free again, {ended} holds ended"] if again != ended else [])
