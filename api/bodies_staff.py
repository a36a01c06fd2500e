"""What admins send to make and change staff accounts, and members to guard their own with a second factor."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.validation import Body, Day, Name, OptionalLine, Prose, text
from domain.permissions import Role

ABSENT: Any = None  # a field that may be left out, and is never null
Password = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, text(6, least=6, pattern="^[0-9]{6}$")]


class NewAccount(Body):
    """`role` says what they may do, the flags add to it or take away."""

    name: Name
    email: Annotated[str, text(254, least=1)]
    password: Password
    role: Role = Role.OPERATOR
    can_approve_refunds: bool = False
    can_modify_bookings: bool = True
    can_view_financials: bool = False
    phone: OptionalLine = ""
    employee_id: OptionalLine = ""
    department: OptionalLine = ""
    hire_date: Day | None = None
    emergency_contact: OptionalLine = ""
    notes: Prose = ""


class CorrectedAccount(Body):
    """What is left out stays. `password` is a new one; `second_factor: false` removes that of a lost device."""

    name: Name = ABSENT
    password: Password = ABSENT
    role: Role = ABSENT
    is_active: bool = ABSENT
    second_factor: Literal[False] = ABSENT
    can_approve_refunds: bool = ABSENT
    can_modify_bookings: bool = ABSENT
    can_view_financials: bool = ABSENT
    phone: OptionalLine = ABSENT
    employee_id: OptionalLine = ABSENT
    department: OptionalLine = ABSENT
    hire_date: Day | None = None
    emergency_contact: OptionalLine = ABSENT
    notes: Prose = ABSENT


class Start(Body):
    password: Password


class Confirm(Body):
    code: Code


class Remove(Body):
    password: Password
    code: Code
