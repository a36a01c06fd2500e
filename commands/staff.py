"""Staff accounts as they are made where no admin is logged in: the first one, and that of `make run`."""

from uuid import UUID

from psycopg import Connection

from commands import Context
from commands.accounts import Account, Kind, account_of, create_account, set_password
from commands.contacts import normal_mail
from commands.logins import end_lock
from commands.passwords import check_new, hashed
from domain import Refused, Value, staff_member
from domain.permissions import Role
from domain.staff_member import StaffDetails, StaffMember, StaffMemberAdded
from eventlog.ids import new_id
from eventlog.store import Appended, Ref

RENEWED = "update api.accounts set role = coalesce(%s, role), is_active = true where id = %s returning role"
DONE = {
    "StaffMemberAdded": "made",
    "StaffRoleChanged": "new role",
    "StaffMemberEnabled": "enabled again",
    "SecondFactorRemoved": "second factor removed",
    "StaffPasswordChanged": "new password",
}


class Created(Value):
    """Whose account it is, and what has become of it, in words."""

    id: UUID
    role: Role
    done: list[str]


def create_staff(mail: str, password: str, role: Role | None, ctx: Context) -> Created:
    """An account for staff; one that exists gets the password, is enabled, and all its sessions and its lock end.

    Where no role is told, a new one is an admin's, and one that exists keeps its own. Refuses with `invalid_email`,
    `weak_password`, and `email_taken` for a customer's address.
    """
    mail = normal_mail(mail)
    check_new(password, mail)
    password_hash, mail_id = hashed(password), ctx.store.vault.person_id(mail)
    wanted = Account(new_id(), Kind.STAFF, mail, mail_id, is_verified=True, role=role or Role.ADMIN)
    with ctx.store.recorder.transaction() as db:
        if create_account(db, wanted, password_hash, ctx.now):
            return _add(wanted, ctx)
        account = account_of(db, mail)
        if account is None or account.kind is not Kind.STAFF:
            raise Refused("email_taken", "This is the mail address of a customer.", "/email")
        set_password(db, account.id, password_hash, ctx.now)
        return _renew(db, account, role, ctx)


def _add(account: Account, ctx: Context) -> Created:
    assert account.role
    details = StaffDetails(account.mail, account.mail)
    added = StaffMemberAdded(account.id, account.mail_id, account.role, account.flags, details)
    done = _entered(account.id, ctx).append(
        [Ref(staff_member, account.id)], lambda member: [staff_member.add(member, added)]
    )
    return Created(account.id, account.role, _told(done))


def _renew(db: Connection, account: Account, role: Role | None, ctx: Context) -> Created:
    locked_until = end_lock(db, Kind.STAFF, account.mail_id)
    db.execute("delete from api.second_factors where account_id = %s", (account.id,))
    [kept] = db.execute(RENEWED, (role, account.id)).fetchall()
    done = _entered(account.id, ctx).append(
        [Ref(staff_member, account.id)], lambda member: [_renewed(member, role or member.role)]
    )
    lock = ["lock ended"] if locked_until and locked_until > ctx.now else []
    return Created(account.id, Role(kept["role"]), _told(done) + lock)


def _renewed(member: StaffMember, role: Role) -> list[staff_member.Event]:
    changed = [*staff_member.change_role(member, role), *staff_member.enable(member)]
    return [*changed, *staff_member.remove_second_factor(member), staff_member.StaffPasswordChanged()]


def _entered(id: UUID, ctx: Context) -> Context:
    """The entry in the audit log says whose account it is."""
    return ctx.telling(None, f"{ctx.origin.actor} accounts/{id}")


def _told(done: Appended) -> list[str]:
    return [DONE[recorded.name] for recorded in done.events if recorded.name in DONE]
