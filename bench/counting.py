"""The simulator's own count: what the read models must show, from what the guests were told and nothing else."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.guests import Outcome

HOLDING = {"pending", "confirmed", "paid"}


@dataclass(frozen=True)
class Seen:
    """The read models as they are seen at one moment: the dashboard, and the places left by day and service."""

    dashboard: dict[str, Any]
    left: dict[tuple[str, str], int]


@dataclass(frozen=True)
class Booked:
    """A booking of the run as its status route tells it, beside what its guest knows."""

    outcome: Outcome
    status: str


def differences(before: Seen, after: Seen, booked: list[Booked]) -> list[str]:
    """Where dashboard and calendar have not moved by exactly what the guests did."""
    expected = Counter(b.status for b in booked)
    found = _moved(before, after, "by_status")
    wrong = [f"dashboard by_status: expected {dict(+expected)}, found {dict(found)}"] if +expected != found else []
    services, found = Counter(b.outcome.service for b in booked), _moved(before, after, "by_service_type")
    wrong += [f"dashboard by_service_type: expected {dict(services)}, found {dict(found)}"] if services != found else []
    earned = sum(b.outcome.price_cents for b in booked if b.status == "paid")
    for period in ("today_cents", "last_7_days_cents", "last_30_days_cents", "month_cents"):
        found_cents = after.dashboard["revenue"][period] - before.dashboard["revenue"][period]
        if found_cents != earned:
            wrong.append(f"dashboard revenue {period}: expected {earned}, found {found_cents}")
    return wrong + _calendar(before, after, booked)


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


def _calendar(before: Seen, after: Seen, booked: list[Booked]) -> list[str]:
    taken = Counter((b.outcome.day, b.outcome.service) for b in booked if b.status in HOLDING)
    wrong = []
    for place, left in before.left.items():
        if after.left[place] != max(0, left - taken[place]):
            wrong.append(f"calendar {place}: expected {left - taken[place]} left, found {after.left[place]}")
    return wrong
