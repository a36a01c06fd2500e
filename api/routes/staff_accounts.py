"""Staff accounts, for admins: list, see, make, change. What is changed counts from the next request on."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api.bodies_staff import CorrectedAccount, NewAccount
from api.call import Call
from api.errors import Problem
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.preconditions import demand_version, give_etag
from api.route import Route
from api.validation import Body
from commands import Context, staff_accounts
from commands.staff_accounts import Correction, NewMember
from commands.staff_sheet import last_login, listed, staff_sheet
from domain.audit import Action
from domain.permissions import Flags, Permission
from domain.staff_member import StaffDetails

SEE = staff_read(Permission.MANAGE_STAFF, Action.MANAGE_STAFF)
ACT = staff_write(Permission.MANAGE_STAFF, Action.MANAGE_STAFF)
DETAILS, FLAGS = set(StaffDetails.__struct_fields__), set(Flags.__struct_fields__)


class Page(Body):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: UUID | None = None


def accounts(call: Call, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """All accounts, disabled ones too, newest first."""
    with call.parts.pool.connection() as db:
        found = list(listed(db, asked.cursor, asked.limit + 1).items())
    shown = found[: asked.limit]
    sheets = [(staff_sheet(call.parts.store.history(id)) or {}) | seen for id, seen in shown]
    return {"accounts": sheets, "next_cursor": str(shown[-1][0]) if len(found) > len(shown) else None}


def account(call: Call, id: str) -> dict[str, Any]:
    """One account; its ETag is needed to change it."""
    with call.parts.pool.connection() as db:
        seen = last_login(db, _uuid(id))
    sheet = staff_sheet(call.parts.store.history(_uuid(id)))
    if sheet is None or seen is None:
        raise _unknown()
    give_etag(call, sheet["version"])
    return {"account": sheet | seen}


def add(call: Call, asked: NewAccount) -> dict[str, Any]:
    """A new account, active at once. A mail address that anybody has an account with is `email_taken`."""
    details, flags = _told(asked, DETAILS), _told(asked, FLAGS)
    member = NewMember(StaffDetails(**details), asked.role, Flags(**flags), asked.password)

    def do(ctx: Context) -> Done:
        return Done(*staff_accounts.add(member, ctx))

    return carry_out(call, Write(do, lambda done: _answer(call, done), in_append=True))


def correct(call: Call, id: str, asked: CorrectedAccount) -> dict[str, Any]:
    """Role, flags, details, password, and whether the account is active: at once without access when it is not."""
    wanted = Correction(
        _known(call, id),
        demand_version(call),
        call.user.account.id,
        _told(asked, DETAILS),
        _told(asked, FLAGS),
        asked.role,
        asked.is_active,
        asked.password,
        asked.second_factor is False,
    )

    def do(ctx: Context) -> Done:
        return Done(wanted.id, staff_accounts.correct(wanted, ctx))

    return carry_out(call, Write(do, lambda done: _answer(call, done), in_append=True))


def _answer(call: Call, done: Done) -> dict[str, Any]:
    """The account as it was written, from the log alone."""
    sheet = staff_sheet([one for one in call.parts.store.history(done.about) if one.position <= done.position])
    assert sheet, "what was written is in the log"
    give_etag(call, sheet["version"])
    return {"account": sheet, "position": done.position}


def _told(asked: Body, names: set[str]) -> dict[str, Any]:
    return asked.model_dump(mode="json", include=names, exclude_unset=True)


def _known(call: Call, id: str) -> UUID:
    with call.parts.pool.connection() as db:
        if last_login(db, _uuid(id)) is None:
            raise _unknown()
    return _uuid(id)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown() from None


def _unknown() -> Problem:
    return Problem("not_found", "There is no such account.")


ROUTES = [
    Route("GET /api/staff/accounts/", accounts, SEE),
    Route("POST /api/staff/accounts/", add, ACT, 201),
    Route("GET /api/staff/accounts/{id}/", account, SEE),
    Route("PATCH /api/staff/accounts/{id}/", correct, ACT),
]
