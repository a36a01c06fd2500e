"""Staff accounts as admins manage them: made, changed, disabled; profile and account row always change together."""

from typing import Any
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from commands import Context
from commands.accounts import Account, Kind, create_account, end_sessions, set_password
from commands.contacts import normal_mail, normal_phone
from commands.logins import end_lock
from commands.passwords import check_new, hashed
from commands.staff_sheet import details_in
from domain import Refused, Value, staff_member
from domain.audit import Change, PersonalChangeRecorded
from domain.permissions import Flags, Role
from domain.staff_member import StaffDetails, StaffDetailsCorrected, StaffMember, StaffMemberAdded, Wish
from eventlog.ids import new_id
from eventlog.store import Appended, EventStore, Ref

# The account itself, and where the last admin could go all admins: who waits here sees what the one before has done.
ALONE = """
    select * from api.accounts
    where kind = 'staff' and (id = %s or (%s and role = 'admin' and is_active)) order by id for update"""


class NewMember(Value):
    """`password` is as it was chosen, to be hashed."""

    details: StaffDetails
    role: Role
    flags: Flags
    password: str


class Correction(Value):
    """A change of one account by `admin_id`, for the version that they have read. What is None or empty stays."""

    id: UUID
    version: int
    admin_id: UUID
    details: dict[str, str | None] = {}
    flags: dict[str, bool] = {}
    role: Role | None = None
    is_active: bool | None = None
    password: str | None = None
    drops_second_factor: bool = False


def add(member: NewMember, ctx: Context) -> tuple[UUID, int]:
    """The new account's id, and the position.

    Refuses with `email_taken`, a customer's address too; `weak_password`, `invalid_email`, `invalid_phone`.
    """
    details = _normal(replace(member.details, email=normal_mail(member.details.email)))
    check_new(member.password, details.email, details.name)
    password_hash, mail_id = hashed(member.password), ctx.store.vault.person_id(details.email)
    account = Account(new_id(), Kind.STAFF, details.email, mail_id, True, True, member.role, member.flags)
    offer = StaffMemberAdded(account.id, mail_id, member.role, member.flags, details)
    ctx = ctx.telling(_told(account.id, {}, to_builtins(details)), f"accounts/{account.id}")
    with ctx.store.recorder.transaction() as db:
        if not create_account(db, account, password_hash, ctx.now):
            raise Refused("email_taken", "Somebody has an account with this mail address.", "/email")
        done = ctx.append([Ref(staff_member, account.id, is_new=True)], lambda state: [staff_member.add(state, offer)])
        return account.id, done.position


def correct(asked: Correction, ctx: Context) -> int:
    """The position. Whoever is disabled or gets a new password is logged out everywhere, at once.

    Refuses with `not_found`, `version_conflict`, `weak_password`, `invalid_phone`, `last_admin`, and `not_allowed` for
    an admin who would disable themselves or take away their own second factor.
    """
    details, wanted = _details(asked, ctx.store)
    if asked.password is not None:
        check_new(asked.password, details.email, wanted.name)
    password_hash = hashed(asked.password) if asked.password is not None else None
    with ctx.store.recorder.transaction() as db:
        row, other_admins = _alone_with(db, asked)
        _tell_table(db, asked, row)
        if password_hash:
            set_password(db, asked.id, password_hash, ctx.now)
            end_lock(db, Kind.STAFF, row["mail_id"])
        return _append(asked, (details, wanted), other_admins, ctx).position


def _append(asked: Correction, details: tuple[StaffDetails, StaffDetails], other_admins: int, ctx: Context) -> Appended:
    before, after = _different(*details)
    corrected = StaffDetailsCorrected(asked.id, details[1]) if after else None
    wish = Wish(
        asked.role, asked.flags, asked.is_active, corrected, asked.password is not None, asked.drops_second_factor
    )

    def decide(member: StaffMember) -> list[list]:
        return [staff_member.change(member, wish, asked.id == asked.admin_id, other_admins)]

    if asked.password is not None:
        after |= {"password": "another one"}
    ctx = ctx.telling(_told(asked.id, before, after) if after else None)
    return ctx.append([Ref(staff_member, asked.id, version=asked.version)], decide)


def _alone_with(db: Connection, asked: Correction) -> tuple[dict[str, Any], int]:
    """The account's row, locked, and how many other admins are active: of two who leave at once, one is the last."""
    may_leave = asked.is_active is False or asked.role not in (None, Role.ADMIN)
    rows = db.cursor(row_factory=dict_row).execute(ALONE, (asked.id, may_leave)).fetchall()
    mine = [row for row in rows if row["id"] == asked.id]
    if not mine:
        raise Refused("not_found", "There is no such account.")
    return mine[0], len(rows) - 1 if may_leave else 1


def _tell_table(db: Connection, asked: Correction, row: dict[str, Any]) -> None:
    """What counts from the next request on."""
    is_active = row["is_active"] if asked.is_active is None else asked.is_active
    db.execute(
        "update api.accounts set role = %s, flags = flags || %s, is_active = %s where id = %s",
        (asked.role or row["role"], Jsonb(asked.flags), is_active, asked.id),
    )
    if not is_active:
        end_sessions(db, asked.id)
    if asked.drops_second_factor:
        db.execute("delete from api.second_factors where account_id = %s", (asked.id,))


def _details(asked: Correction, store: EventStore) -> tuple[StaffDetails, StaffDetails]:
    """As they were at the version that was read, and as they are to be."""
    history = [recorded for recorded in store.history(asked.id) if recorded.originator_version <= asked.version]
    now = details_in(history) or StaffDetails("", "")
    return now, _normal(replace(now, **asked.details))


def _normal(details: StaffDetails) -> StaffDetails:
    return replace(details, phone=normal_phone(details.phone)) if details.phone else details


def _different(before: StaffDetails, after: StaffDetails) -> tuple[dict[str, Any], dict[str, Any]]:
    was, became = to_builtins(before), to_builtins(after)
    names = [name for name in was if was[name] != became[name]]
    return {name: was[name] for name in names}, {name: became[name] for name in names}


def _told(id: UUID, before: dict[str, Any], after: dict[str, Any]) -> PersonalChangeRecorded:
    return PersonalChangeRecorded(id, Change(before, after))
