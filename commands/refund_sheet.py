"""A refund as whoever decides on it sees it: with its booking, and with the words of those who asked and denied."""

from collections.abc import Sequence
from typing import Any

from commands import booking_ref
from commands.booking_file import refund_sheet
from commands.booking_sheet import rfc3339
from domain.refund import RefundDenied, RefundRequested
from eventlog.envelope import Recorded
from eventlog.store import EventStore


def decided_sheet(past: Sequence[Recorded], store: EventStore) -> dict[str, Any]:
    """The refund with this history, which begins with RefundRequested."""
    asked = past[0].event
    booked = store.load(booking_ref(asked.booking_id)).state
    denied = next((one for one in past if isinstance(one.event, RefundDenied)), None)
    return (
        refund_sheet(past)
        | words_of(past)
        | {
            "booking_id": str(asked.booking_id),
            "booking_number": booked.placed.booking_number,
            "denied_by": denied.event.denied_by if denied else None,
            "denied_at": rfc3339(denied.at) if denied else None,
        }
    )


def words_of(past: Sequence[Recorded]) -> dict[str, str | None]:
    """What was written by who asked for it, and by who denied it; None where nothing was, or nobody is to know now."""
    names = {RefundRequested: "words", RefundDenied: "denial"}
    told: dict[str, str | None] = dict.fromkeys(names.values())
    for one in past:
        if type(one.event) in names and one.event.personal:
            told[names[type(one.event)]] = one.event.personal.text
    return told
