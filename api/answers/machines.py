"""Staff accounts, the read models and the process itself, as those see them who run the platform."""

from datetime import date
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from api.answers import Instant, Position, Version
from domain.permissions import Permission, Role
from eventlog.watch import Blocker
from projections.state import Standing


class StaffAccount(TypedDict):
    """What is personal is null for whom the house has forgotten. The last login is told where an account is read."""

    id: UUID
    role: Role
    is_active: bool
    name: str | None
    email: str | None
    phone: str | None
    employee_id: str | None
    department: str | None
    hire_date: date | None
    emergency_contact: str | None
    notes: str | None
    can_approve_refunds: bool
    can_modify_bookings: bool
    can_view_financials: bool
    permissions: list[Permission]
    second_factor: bool
    password_changed_at: Instant
    created_at: Instant
    version: Version
    last_login_at: NotRequired[Instant | None]
    last_login_ip: NotRequired[str | None]


class StaffAccounts(TypedDict):
    accounts: list[StaffAccount]
    next_cursor: UUID | None


class StaffAccountShown(TypedDict):
    account: StaffAccount


class StaffAccountWritten(StaffAccountShown):
    position: Position


class ReadModel(TypedDict):
    """`claimed` of its partitions are held by projectors; `beside` are its schemas next to the live one."""

    name: str
    standing: Standing
    claimed: int
    beside: list[str]
    is_stopped: bool


class ReadModels(TypedDict):
    projections: list[ReadModel]


class ParkedKeyShown(TypedDict):
    """The events at `positions` wait; `wanted` is what staff have asked for."""

    id: str
    projection: str
    key: UUID
    partition: int
    error: str
    attempts: int
    wanted: Literal["retry", "skip"] | None
    parked_at: Instant
    positions: list[int]


class ParkedKeys(TypedDict):
    parked_events: list[ParkedKeyShown]


class Wanted(TypedDict):
    id: str
    wanted: Literal["retry", "skip"]
    position: Position


class Timer(TypedDict):
    """`booking_number` where it is about a booking."""

    kind: str
    about: UUID
    booking_number: str | None
    due_at: Instant


class JobTriedAgain(TypedDict):
    """It has failed `attempts` times; `next_try_at` is null while it is being tried."""

    id: int
    task: str
    about: UUID | None
    booking_number: str | None
    attempts: int
    next_try_at: Instant | None


class ParkedJobShown(TypedDict):
    """It failed `attempts` times and was given up at `since`; `about` is null for one of the house's keeping."""

    id: int
    task: str
    about: UUID | None
    booking_number: str | None
    attempts: int
    since: Instant | None


class WaitingWork(TypedDict):
    timers: list[Timer]
    jobs_tried_again: list[JobTriedAgain]
    parked_jobs: list[ParkedJobShown]


class PutBack(TypedDict):
    id: int
    position: Position


class Alive(TypedDict):
    status: Literal["ok"]


class Lag(TypedDict):
    lag_events: int
    lag_s: float
    parked: int
    is_stopped: bool


class Ready(TypedDict):
    """`degraded` while Kafka is away, a read model lags or somebody holds the feed up: bookings go on."""

    status: Literal["ready", "degraded"]
    postgres: Literal["ok"]
    kafka: Literal["ok", "away", "not used"]
    feed_held_up_by: list[Blocker]
    read_models: dict[str, Lag]


class Letter(TypedDict):
    to: str
    subject: str
    text: str
    sent_at: Instant


class Letters(TypedDict):
    letters: list[Letter]


class Reference(TypedDict):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]
