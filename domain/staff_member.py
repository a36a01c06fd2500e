"""A member of staff: who they are, what they may do, and whether they still may.

add -> ACTIVE <-> disable, enable <-> DISABLED
The password and the sessions are no history: they lie in tables (`commands.accounts`).
"""

from functools import reduce
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from domain import Refused, Value
from domain.permissions import Flags, Role


class StaffDetails(Value):
    """What is personal in a profile; `hire_date` is written YYYY-MM-DD."""

    name: str
    email: str
    phone: str = ""
    employee_id: str = ""
    department: str = ""
    hire_date: str | None = None
    emergency_contact: str = ""
    notes: str = ""


# Events


class StaffMemberAdded(Value):
    """`mail_id` is the person's id of the mail address: the same address is the same id."""

    person_id: UUID
    mail_id: UUID
    role: Role
    flags: Flags = Flags()
    personal: StaffDetails | None = None


class StaffRoleChanged(Value):
    role: Role


class StaffFlagsSet(Value):
    flags: Flags


class StaffDetailsCorrected(Value):
    person_id: UUID
    personal: StaffDetails | None = None


class StaffMemberDisabled(Value): ...


class StaffMemberEnabled(Value): ...


class StaffPasswordChanged(Value): ...


class SecondFactorSet(Value): ...


class SecondFactorRemoved(Value): ...


Event = (
    StaffMemberAdded | StaffRoleChanged | StaffFlagsSet | StaffDetailsCorrected | StaffMemberDisabled
    | StaffMemberEnabled | StaffPasswordChanged | SecondFactorSet | SecondFactorRemoved
)  # fmt: skip


# State


class StaffMember(Value):
    mail_id: UUID
    role: Role
    flags: Flags
    is_active: bool = True
    has_second_factor: bool = False


def evolve(member: StaffMember | None, event: Event) -> StaffMember:
    if isinstance(event, StaffMemberAdded):
        return StaffMember(event.mail_id, event.role, event.flags)
    assert member, "a member of staff begins with StaffMemberAdded"
    match event:
        case StaffRoleChanged():
            return replace(member, role=event.role)
        case StaffFlagsSet():
            return replace(member, flags=event.flags)
        case StaffMemberDisabled():
            return replace(member, is_active=False)
        case StaffMemberEnabled():
            return replace(member, is_active=True)
        case SecondFactorSet():
            return replace(member, has_second_factor=True)
        case SecondFactorRemoved():
            return replace(member, has_second_factor=False)
        case StaffDetailsCorrected() | StaffPasswordChanged():
            return member
        case _:
            assert_never(event)


class Wish(Value):
    """What an admin wants of a profile. What is None, empty or False stays as it is; `details` are all of the new."""

    role: Role | None = None
    flags: dict[str, bool] = {}
    is_active: bool | None = None
    details: StaffDetailsCorrected | None = None
    is_new_password: bool = False
    drops_second_factor: bool = False


# Decisions


def add(member: StaffMember | None, offer: StaffMemberAdded) -> list[Event]:
    return [] if member else [offer]


def change_role(member: StaffMember, role: Role) -> list[Event]:
    return [] if member.role is role else [StaffRoleChanged(role)]


def set_flags(member: StaffMember, flags: Flags) -> list[Event]:
    return [] if member.flags == flags else [StaffFlagsSet(flags)]


def disable(member: StaffMember, is_oneself: bool) -> list[Event]:
    """Nobody disables themselves: the last admin would lock everybody out."""
    if is_oneself:
        raise Refused("not_allowed", "Nobody can disable their own account.", "/is_active")
    return [StaffMemberDisabled()] if member.is_active else []


def enable(member: StaffMember) -> list[Event]:
    return [] if member.is_active else [StaffMemberEnabled()]


def set_second_factor(member: StaffMember) -> list[Event]:
    return [] if member.has_second_factor else [SecondFactorSet()]


def remove_second_factor(member: StaffMember) -> list[Event]:
    return [SecondFactorRemoved()] if member.has_second_factor else []


def drop_second_factor(member: StaffMember, is_oneself: bool) -> list[Event]:
    """That of a lost device. Whoever has theirs removes it with password and code: an open session is not enough."""
    if is_oneself:
        raise Refused("not_allowed", "Remove your own second factor with password and code.", "/second_factor")
    return remove_second_factor(member)


def change(member: StaffMember, wish: Wish, is_oneself: bool, other_admins: int) -> list[Event]:
    """What the wish makes different; `other_admins` are active.

    Raises Refused: `not_allowed` to disable oneself or drop one's own factor, `last_admin` when nobody would be left to
    manage the staff.
    """
    events: list[Event] = set_flags(member, replace(member.flags, **wish.flags))
    if wish.role:
        events += change_role(member, wish.role)
    if wish.is_active is not None:
        events += enable(member) if wish.is_active else disable(member, is_oneself)
    if wish.details:
        events.append(wish.details)
    if wish.is_new_password:
        events.append(StaffPasswordChanged())
    if wish.drops_second_factor:
        events += drop_second_factor(member, is_oneself)
    if is_admin(member) and not other_admins and not is_admin(reduce(evolve, events, member)):
        raise Refused("last_admin", "One active admin has to remain.", "/is_active" if wish.role is None else "/role")
    return events


def is_admin(member: StaffMember) -> bool:
    return member.is_active and member.role is Role.ADMIN
