"""What a client of the simulator knows at the end: their bookings by what they were told last, and what went wrong."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Kept:
    """A booking as it was told last; `token` is what a guest manages it with, money is what came and what went back."""

    mail: str
    number: str
    id: str = ""
    version: int = 0
    token: str = ""
    day: str = ""
    service: str = ""
    price_cents: int = 0
    status: str = "pending"
    paid_cents: int = 0
    returned_cents: int = 0
    position: int = 0

    def told(self, answer: dict[str, Any]) -> None:
        """After an answer that shows the booking and the position of what was written."""
        made = answer["booking"]
        self.version, self.status, self.day = made["version"], made["status"], made["pickup_date"]
        self.service, self.price_cents = made["service_type"], made["pricing"]["total_price_cents"]
        self.position = max(self.position, answer["position"])


@dataclass
class Outcome:
    """Of one client: with an account or as a guest."""

    mail: str
    has_account: bool = False
    bookings: list[Kept] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
