"""The calendar: for each day what can still be booked, and which surcharges fall on it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import json
from psycopg import Connection
from psycopg.rows import tuple_row

from domain.catalog import Catalog, SurchargeRuleSet
from domain.price_list import SurchargeRule
from domain.pricing import SATURDAY, surcharges_on
from domain.selection import ServiceType
from eventlog.envelope import Recorded
from projections import places
from projections.places import Places
from projections.rows import write

SCHEMA = (
    places.SCHEMA
    + """
    create table surcharges (
        id   uuid  primary key,
        rule jsonb not null
    );
"""
)
PERSONAL: frozenset[str] = frozenset()
RULE = json.Decoder(SurchargeRule)


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    places.project(db, batch)
    rules = {r.event.rule.id: r.event.rule for r in batch if isinstance(r.event, SurchargeRuleSet)}
    if rules:
        write(
            db,
            "surcharges",
            ({"id": id, "rule": rule} for id, rule in sorted(rules.items())),
            "(id) do update set rule = excluded.rule",
        )


def availability(db: Connection, start: date, end: date, today: date) -> list[dict[str, Any]]:
    """A mapping for each day from start to end, in the form of the public calendar's `days`."""
    found, rules = places.places(db, start, end), _rules(db)
    days = (start + timedelta(n) for n in range((end - start).days + 1))
    return [_day(day, found, today) | {"surcharges": surcharges_on(day, rules)} for day in days]


def _day(day: date, found: Places, today: date) -> dict[str, Any]:
    remaining = {str(service): found.remaining(day, service) for service in ServiceType}
    is_in_window = today <= day <= today + timedelta(found.house.booking_window_days)
    is_blackout = day in found.closed
    return {
        "date": day.isoformat(),
        "is_weekend": day.weekday() >= SATURDAY,
        "is_blackout": is_blackout,
        "is_bookable": is_in_window and not is_blackout and any(remaining.values()),
        "remaining": remaining,
    }


def _rules(db: Connection) -> Catalog:
    rows = db.cursor(row_factory=tuple_row).execute("select id, rule::text from surcharges order by rule->>'name', id")
    return Catalog(surcharges={id: RULE.decode(rule) for id, rule in rows})
