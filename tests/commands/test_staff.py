"""Staff accounts made by the command line: the first admin, or a new password for whoever has forgotten theirs."""

from uuid import uuid4

import pytest

from commands.accounts import Account, Kind, account_of, create_account, open_session, session_of
from commands.logins import FAILURES, Attempt, count_failure, log_in
from commands.staff import Created, create_staff
from domain import Refused, staff_member
from domain.permissions import Role
from eventlog.store import Ref
from tests.samples import NOON, note

MAIL, PASSWORD = "grace@example.com", "correct horse battery"


def member(store, id):
    return store.load(Ref(staff_member, id)).state


def test_an_account_is_made_with_its_history(ctx, store):
    id = create_staff("Grace@Example.com", PASSWORD, Role.ADMIN, ctx()).id
    account = log_in(Attempt(Kind.STAFF, MAIL, PASSWORD), ctx()).account
    assert (account.id, account.role, account.mail_id) == (id, Role.ADMIN, store.vault.person_id(MAIL))
    [recorded] = store.history(id)
    assert (recorded.name, recorded.event.personal.email) == ("StaffMemberAdded", MAIL)


def test_one_that_exists_gets_password_and_role_is_enabled_and_its_sessions_end(ctx, store, db):
    id = create_staff(MAIL, PASSWORD, Role.SUPPORT, ctx()).id
    session = log_in(Attempt(Kind.STAFF, MAIL, PASSWORD), ctx())
    store.append([Ref(staff_member, id)], lambda who: [staff_member.disable(who, False)], note())
    db.execute("update api.accounts set is_active = false")
    for _ in range(FAILURES):
        count_failure(db, Kind.STAFF, session.account.mail_id, NOON)
    done = ["new role", "enabled again", "new password", "lock ended"]
    assert create_staff(MAIL, "another password", Role.ADMIN, ctx()) == Created(id, Role.ADMIN, done)
    assert session_of(db, Kind.STAFF, session.token, NOON) is None
    assert log_in(Attempt(Kind.STAFF, MAIL, "another password"), ctx()).account.role is Role.ADMIN
    assert (member(store, id).role, member(store, id).is_active) == (Role.ADMIN, True)
    assert store.history(id)[-1].name == "StaffPasswordChanged"


def test_without_a_role_a_new_member_is_an_admin_and_one_that_exists_keeps_theirs(ctx, store, db):
    assert create_staff("ada@example.com", PASSWORD, None, ctx()).role is Role.ADMIN
    id = create_staff(MAIL, PASSWORD, Role.SUPPORT, ctx()).id
    assert create_staff(MAIL, "another password", None, ctx()) == Created(id, Role.SUPPORT, ["new password"])
    assert (account_of(db, MAIL).role, member(store, id).role) == (Role.SUPPORT, Role.SUPPORT)


def test_a_customers_address_is_refused(ctx, store, db):
    customer = Account(uuid4(), Kind.CUSTOMER, MAIL, store.vault.person_id(MAIL))
    create_account(db, customer, "hash", NOON)
    session = open_session(db, customer, NOON)
    with pytest.raises(Refused) as refusal:
        create_staff(MAIL, PASSWORD, Role.ADMIN, ctx())
    assert refusal.value.code == "email_taken"
    assert session_of(db, Kind.CUSTOMER, session.token, NOON) == session
    assert db.execute("select password_hash from api.accounts").fetchall() == [("hash",)]


@pytest.mark.parametrize(
    ("mail", "password", "code"), [("no mail", PASSWORD, "invalid_email"), (MAIL, "short", "weak_password")]
)
def test_what_will_not_do_makes_no_account(ctx, db, mail, password, code):
    with pytest.raises(Refused) as refusal:
        create_staff(mail, password, Role.ADMIN, ctx())
    assert refusal.value.code == code
    assert db.execute("select count(*) from api.accounts").fetchone() == (0,)
