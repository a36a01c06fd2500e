"""Loyalty tiers (spec.md, section 6): the one place that knows them, as SQL over `completed` and `spent`."""

from typing import NamedTuple


class Tier(NamedTuple):
    """Reached by that many completed bookings, or by that much paid less refunded."""

    name: str
    completed: int
    spent_cents: int


LOWEST = "bronze"
REACHED = (Tier("platinum", 20, 2_500_000), Tier("gold", 8, 1_000_000), Tier("silver", 3, 250_000))
TIERS = (LOWEST, *(tier.name for tier in reversed(REACHED)))
TIER = (
    "case "
    + " ".join(f"when completed >= {t.completed} or spent >= {t.spent_cents} then '{t.name}'" for t in REACHED)
    + f" else '{LOWEST}' end"
)
