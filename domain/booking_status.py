"""Where a booking can stand; which of these count as a booking at all, and in which of them money is due."""

from enum import StrEnum


class Status(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    PAID = "paid"
    IN_PROGRESS = "in_progress"
    DELAYED = "delayed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


ACTIVE = frozenset({Status.PENDING, Status.CONFIRMED, Status.PAID, Status.IN_PROGRESS, Status.DELAYED})
UNPAID = frozenset({Status.PENDING, Status.CONFIRMED})
# A guest's may be begun and carried out before its money has come.
OWING = ACTIVE | {Status.COMPLETED}


def once_paid(status: str) -> Status:
    """What is under way or done when its money comes stays so."""
    return Status.PAID if status in UNPAID else Status(status)
