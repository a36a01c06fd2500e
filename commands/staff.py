"""Staff accounts as they are made where no admin is logged in: the first one, and that of `make run`."""

from uuid import UUID

from commands import Context
from commands.accounts import Account, Kind, account_of, create_account, set_password
from commands.contacts import normal_mail
from commands.logins import end_lock
from commands.passwords import check_new, hashed
from domain import Refused, staff_member
from domain.permissions import Role
from domain.staff_member import StaffDetails, StaffMember, StaffMemberAdded
from eventlog.ids import new_id
from eventlog.store import Ref


def create_staff(mail: str, password: str, role: Role, ctx: Context) -> UUID:
    """An account for staff; one that exists gets role and password, is enabled, and all its sessions end.

    Refuses with `invalid_email`, `weak_password`, and `email_taken` for a customer's address.
    """
    mail = normal_mail(mail)
    check_new(password, mail)
    password_hash = hashed(password)
    with ctx.store.recorder.transaction() as db:
        wanted = Account(new_id(), Kind.STAFF, mail, ctx.store.vault.person_id(mail), is_verified=True, role=role)
        if create_account(db, wanted, password_hash, ctx.now):
            ctx.append([Ref(staff_member, wanted.id)], lambda member: [staff_member.add(member, _added(wanted))])
            return wanted.id
        account = account_of(db, mail)
        if account is None or account.kind is not Kind.STAFF:
            raise Refused("email_taken", "This is the mail address of a customer.", "/email")
        set_password(db, account.id, password_hash, ctx.now)
        end_lock(db, Kind.STAFF, account.mail_id)
        db.execute("delete from api.second_factors where account_id = %s", (account.id,))
        db.execute("update api.accounts set role = %s, is_active = true where id = %s", (role, account.id))
        ctx.append([Ref(staff_member, account.id)], lambda member: [_renewed(member, role)])
    return account.id


def _added(account: Account) -> StaffMemberAdded:
    assert account.role
    return StaffMemberAdded(
        account.id, account.mail_id, account.role, account.flags, StaffDetails(account.mail, account.mail)
    )


def _renewed(member: StaffMember, role: Role) -> list[staff_member.Event]:
    changed = [*staff_member.change_role(member, role), *staff_member.enable(member)]
    return [*changed, *staff_member.remove_second_factor(member), staff_member.StaffPasswordChanged()]
