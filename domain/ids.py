"""Ids that follow from other ids: a booking's from its number, a payment's from its booking and which one it is."""

from uuid import NAMESPACE_OID, UUID, uuid5


def booking_id(booking_number: str) -> UUID:
    """So a number finds its booking in the log itself, with no table in between that could be behind."""
    return uuid5(NAMESPACE_OID, f"totetaxi/booking/{booking_number}")


def payment_id(booking: UUID, n: int) -> UUID:
    """The n-th payment of a booking, from 1; the next one is made only when the one before has ended."""
    return uuid5(booking, f"payment/{n}")
