"""The simulator's own count: what the read models must show, from what the clients were told and nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.kept import Kept

HOLDING = {"pending", "confirmed", "paid", "in_progress", "delayed"}
RECEIVED = {"succeeded", "partially_refunded", "refunded"}
TIERS = ((2_500_000, "platinum"), (1_000_000, "gold"), (250_000, "silver"), (0, "bronze"))


@dataclass(frozen=True)
class Seen:
    """The read models as they are seen on a day of New York: the dashboard, and the places left by day and service."""

    day: date
    dashboard: dict[str, Any]
    left: dict[tuple[str, str], int]


@dataclass(frozen=True)
class Booked:
    """A booking of the run as its status route tells it, beside what its client knows."""

    kept: Kept
    status: str

    @property
    def spent_cents(self) -> int:
        return self.kept.paid_cents - self.kept.returned_cents


def differences(before: Seen, after: Seen, booked: list[Booked], accounts: Sequence[str] = ()) -> list[str]:
    """Where dashboard and calendar have not moved by exactly what the clients did, and by holds that ended.

    `accounts` are the mail addresses of who has registered, with a booking or without.
    """
    expected, found = Counter(b.status for b in booked), _moved(before, after, "by_status")
    ended = holds_ended(before, after, booked)
    expected.update(pending=-ended, cancelled=ended)
    expected = Counter({status: count for status, count in expected.items() if count})
    wrong = [f"dashboard by_status: expected {dict(expected)}, found {dict(found)}"] if expected != found else []
    services, found = Counter(b.kept.service for b in booked), _moved(before, after, "by_service_type")
    wrong += [f"dashboard by_service_type: expected {dict(services)}, found {dict(found)}"] if services != found else []
    return (
        wrong
        + _customers(before, after, booked, accounts)
        + _revenue(before, after, booked)
        + _calendar(before, after, booked, ended)
    )


def holds_ended(before: Seen, after: Seen, booked: list[Booked]) -> int:
    """How many bookings from before this run, unpaid then, were cancelled meanwhile because their hold ended.

    The clients do not know them: the dashboard tells of them, and the calendar must have got back as many places.
    """
    cancelled = sum(b.status == "cancelled" for b in booked)
    more = _moved(before, after, "by_status")["cancelled"] - cancelled
    return max(0, min(more, before.dashboard["bookings"]["by_status"]["pending"]))


def told_wrong(booked: list[Booked]) -> list[str]:
    """Bookings that are otherwise than their clients were told last; a hold may have ended since."""
    return [
        f"{b.kept.number} is {b.status}, its client was told {b.kept.status}"
        for b in booked
        if b.kept.status != b.status and (b.kept.status, b.status) != ("pending", "cancelled")
    ]


def history_wrong(mail: str, booked: list[Booked], history: dict[str, Any] | None) -> str | None:
    """What is wrong in the history of a client with these bookings, if anything."""
    if history is None:
        return f"no history of {mail}"
    shown = {b["booking_number"]: (b["status"], b["total_price_cents"], *_money(b)) for b in history["bookings"]}
    expected = {b.kept.number: (b.status, b.kept.price_cents, b.kept.paid_cents, b.kept.returned_cents) for b in booked}
    return None if shown == expected else f"history of {mail}: {shown}, expected {expected}"


def _money(booking: dict[str, Any]) -> tuple[int, int]:
    """What was paid, and what of it has gone back."""
    received = [p for p in booking["payments"] if p["status"] in RECEIVED]
    return sum(p["amount_cents"] for p in received), sum(p["refunded_cents"] for p in received)


def list_wrong(booked: list[Booked], listed: Mapping[str, dict[str, Any]]) -> list[str]:
    """Bookings that staff's list shows otherwise, or not at all."""
    names = ("status", "pickup_date", "service_type", "total_price_cents")
    wrong = []
    for b in booked:
        line, kept = listed.get(b.kept.number, {}), b.kept
        shown, expected = tuple(map(line.get, names)), (b.status, kept.day, kept.service, kept.price_cents)
        if shown != expected:
            wrong.append(f"list of {kept.number}: {shown}, expected {expected}")
    return wrong


def customer_wrong(mail: str, booked: list[Booked], statistics: Mapping[str, Any]) -> str | None:
    """What is wrong in what a customer sees of themselves, if anything."""
    paid = [b for b in booked if b.kept.mail == mail and b.kept.paid_cents]
    expected = len(paid), sum(b.spent_cents for b in paid)
    shown = statistics.get("total_bookings"), statistics.get("total_spent_cents")
    return None if shown == expected else f"statistics of {mail}: {shown}, expected {expected}"


def _moved(before: Seen, after: Seen, what: str) -> Counter[str]:
    counts = Counter(after.dashboard["bookings"][what])
    counts.subtract(before.dashboard["bookings"][what])
    return Counter({name: count for name, count in counts.items() if count})


def _customers(before: Seen, after: Seen, booked: list[Booked], accounts: Sequence[str]) -> list[str]:
    """Each client has a mail address of their own, nobody had booked with before."""
    spent = Counter(dict.fromkeys(accounts, 0))
    for b in booked:
        spent[b.kept.mail] += b.spent_cents
    tiers = Counter(next(tier for least, tier in TIERS if cents >= least) for cents in spent.values())
    expected, found = Counter(total=len(spent)) + tiers, _people(after)
    found.subtract(_people(before))
    found = Counter({name: count for name, count in found.items() if count})
    return [f"dashboard customers: expected {dict(expected)}, found {dict(found)}"] if expected != found else []


def _people(seen: Seen) -> Counter[str]:
    shown = seen.dashboard["customers"]
    return Counter({"total": shown["total"], **shown["by_tier"]})


def _revenue(before: Seen, after: Seen, booked: list[Booked]) -> list[str]:
    """What the clients paid less what went back: they dispute nothing.

    Over midnight other days leave the periods and come into them: then nothing can be said.
    """
    if before.day != after.day:
        return []
    earned = sum(b.spent_cents for b in booked)
    found = {name: cents - before.dashboard["revenue"][name] for name, cents in after.dashboard["revenue"].items()}
    return [f"dashboard revenue {name}: expected {earned}, found {cents}"
            for name, cents in found.items() if cents != earned]  # fmt: skip


def _calendar(before: Seen, after: Seen, booked: list[Booked], ended: int) -> list[str]:
    """A place that nobody of this run took may be free again only if a hold ended."""
    taken = Counter((b.kept.day, b.kept.service) for b in booked if b.status in HOLDING)
    seen = before.left.keys() & after.left.keys()  # over midnight a day goes and a day comes
    free = {place: after.left[place] - (before.left[place] - taken[place]) for place in sorted(seen)}
    lost = [f"calendar {place}: expected {after.left[place] - more} left, found {after.left[place]}"
            for place, more in free.items() if more < 0 or (more and not ended)]  # fmt: skip
    again = sum(more for more in free.values() if more > 0)
    return lost or ([f"calendar: {again} places free again, {ended} holds ended"] if again != ended else [])
