"""The audit log: one entry for each act of staff, a stream of its own that is written once and never again.

nothing -> record -> RECORDED
"""

from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from domain import Value

NOBODY = uuid5(NAMESPACE_OID, "totetaxi/nobody")  # seals what is personal in the acts of somebody unknown


class Action(StrEnum):
    LOGIN = "login"
    LOGOUT = "logout"
    LOGIN_FAILED = "login_failed"
    VIEW_DASHBOARD = "view_dashboard"
    VIEW_CUSTOMER = "view_customer"
    VIEW_BOOKING = "view_booking"
    MODIFY_BOOKING = "modify_booking"
    MODIFY_CUSTOMER = "modify_customer"
    PROCESS_REFUND = "process_refund"
    APPROVE_REFUND = "approve_refund"
    DENY_REFUND = "deny_refund"
    UPLOAD_DOCUMENT = "upload_document"
    SEND_NOTIFICATION = "send_notification"
    EXPORT_DATA = "export_data"
    MANAGE_LOGISTICS = "manage_logistics"
    MANAGE_CATALOG = "manage_catalog"
    MANAGE_CAPACITY = "manage_capacity"
    MANAGE_STAFF = "manage_staff"
    REPLAY = "replay"


class Whence(Value):
    """Where an act came from: the member's address and program, and what they looked for."""

    ip: str
    user_agent: str
    asked: str = ""


class Change(Value):
    """What is personal in a change, sealed with the key of whom it is about: forgetting them keeps the entry whole."""

    before: dict[str, Any]
    after: dict[str, Any]


# Events


class StaffActed(Value):
    """`person_id` is the member themselves, whose key seals from where; `before` and `after` hold nothing personal."""

    person_id: UUID
    action: Action
    request_id: str
    staff_id: UUID | None = None
    booking_id: UUID | None = None
    customer_id: UUID | None = None
    subject: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    personal: Whence | None = None


class PersonalChangeRecorded(Value):
    person_id: UUID
    personal: Change | None = None


Event = StaffActed | PersonalChangeRecorded


# State


class Entry(Value):
    action: Action


def evolve(entry: Entry | None, event: Event) -> Entry:
    if isinstance(event, StaffActed):
        return Entry(event.action)
    assert entry, "an entry begins with StaffActed"
    return entry


# Decisions


def record(entry: Entry | None, acted: StaffActed, change: PersonalChangeRecorded | None = None) -> list[Event]:
    if entry:
        return []
    return [acted, change] if change else [acted]
