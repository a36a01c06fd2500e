"""Accounts of customers: one for an address, proven by a token, moved to another address, closed and forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from commands import customer_ref
from commands.accounts import Kind, account_of, open_session, session_of
from commands.customers import forget_customer, forget_mail, register, resend_verification, verify_mail
from commands.profiles import ProfileChange, change_profile
from commands.staff import create_staff
from commands.tokens import Purpose
from domain import Refused, customer
from domain.customer import VipGranted
from domain.permissions import Role
from eventlog.statements import Once
from tests.commands.accounts_made import ADA, PASSWORD, mail_of, registered, token, verified
from tests.commands.wishes import names, place
from tests.samples import NOON

MAIL = ADA.email


def state(ctx, id) -> customer.Customer:
    return ctx().store.load(customer_ref(id)).state


def letters(db, about: UUID | None = None) -> list[str]:
    """The kinds of letters that are asked for: all of them, or those about one account."""
    rows = db.execute("select kind, about from eventlog.timers order by kind")
    return [kind for kind, whom in rows if about in (None, whom)]


def refuses(code, ask, *args) -> bool:
    with pytest.raises(Refused) as refusal:
        ask(*args)
    assert refusal.value.code == code
    return True


def account(db, mail=MAIL):
    return account_of(db, mail)


def test_who_registers_has_an_account_and_a_letter_on_its_way(ctx, db):
    id = registered(ctx)
    [event] = ctx().store.history(id)
    assert event.event.personal == customer.Contact("Ada", "Byron", MAIL, "+12125550123")
    assert (account(db).kind, account(db).is_verified, account(db).mail_id) == (
        Kind.CUSTOMER, False, ctx().store.vault.person_id(MAIL))  # fmt: skip
    assert letters(db, id) == ["letter_verify"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"email": "no mail"}, "invalid_email"),
        ({"password": "12345"}, "weak_password"),
        ({"phone": "1"}, "invalid_phone"),
    ],
)
def test_what_cannot_be_so_makes_no_account(ctx, db, wrong, code):
    assert refuses(code, register, replace(ADA, **wrong), ctx())
    assert db.execute("select count(*) from api.accounts").fetchone() == (0,)
    assert letters(db) == []


def test_who_registers_twice_at_once_has_one_account(ctx, db):
    def ask(_):
        return register(replace(ADA, email="Ada@Example.com"), ctx())

    with ThreadPoolExecutor(2) as twice:
        list(twice.map(ask, range(2)))
    assert db.execute("select count(*) from api.accounts").fetchone() == (1,)
    assert names(ctx, account(db).id) == ["CustomerRegistered"]
    assert letters(db) == ["letter_verify"]


def test_a_letter_to_prove_the_address_is_sent_again_to_whoever_knows_the_password(ctx, db):
    id = registered(ctx)
    db.execute("delete from eventlog.timers")
    register(ADA, ctx())
    assert letters(db, id) == ["letter_verify"]


def test_a_stranger_who_was_first_does_not_get_the_address_proven_by_its_owner(ctx, db):
    id = registered(ctx, password="a password of a stranger")
    db.execute("delete from eventlog.timers")
    register(ADA, ctx())
    assert letters(db, id) == ["letter_known"]


def test_whoever_has_an_account_is_written_that_they_have_and_it_stays_as_it_was(ctx, db):
    id = verified(ctx)
    db.execute("delete from eventlog.timers")
    register(replace(ADA, first_name="Eve", password="another good password"), ctx())
    assert letters(db, id) == ["letter_known"]
    assert names(ctx, id) == ["CustomerRegistered", "MailVerified"]


def test_a_member_of_staff_does_not_become_a_customer(ctx, db):
    create_staff(MAIL, PASSWORD, Role.ADMIN, ctx())
    db.execute("delete from eventlog.timers")
    register(ADA, ctx())
    assert account(db).kind is Kind.STAFF
    assert letters(db, account(db).id) == ["letter_known"]


def test_an_address_is_proven_once_and_what_was_granted_to_the_guest_comes_with_it(ctx, db):
    guest = ctx().store.vault.person_id(MAIL)
    ctx().append([customer_ref(guest)], lambda _: [[VipGranted()]])
    id = registered(ctx)
    proof = token(ctx, id, MAIL)
    whose, appended = verify_mail(proof, ctx())
    assert (whose, [one.name for one in appended.events]) == (id, ["MailVerified", "VipGranted"])
    assert account(db).is_verified
    assert customer.persons(id, state(ctx, id)) == (id, guest)
    assert refuses("invalid_token", verify_mail, proof, ctx())


def test_a_proof_that_is_not_committed_leaves_the_token_good(ctx, db):
    id = registered(ctx)
    proof, store = token(ctx, id, MAIL), ctx().store
    with store.recorder.transaction() as transaction:
        verify_mail(proof, ctx())
        transaction.execute("rollback")
    assert not account(db).is_verified
    assert verify_mail(proof, ctx())[0] == id


def test_a_token_that_proves_what_is_proven_leaves_its_key_all_the_same(ctx, db):
    id = verified(ctx)
    later = NOON + timedelta(hours=2)
    once = Once("anonymous", "POST /verify/", "k", b"hash", {})
    verify_mail(token(ctx, id, MAIL), ctx(now=later, once=once))
    proven = ctx().store.history(id)[-1].position
    assert db.execute("select key, position from eventlog.idempotency").fetchall() == [("k", proven)]


def test_a_letter_is_sent_again_to_whoever_needs_it_and_asked_for_in_any_case(ctx, db):
    id = registered(ctx)
    db.execute("delete from eventlog.timers")
    resend_verification("ADA@example.com", ctx())
    resend_verification("nobody@example.com", ctx())
    assert letters(db) == ["letter_verify", "letter_verify"]
    assert letters(db, id) == ["letter_verify"]


def asks_to_move(ctx, id, mail):
    version = ctx().store.load(customer_ref(id)).version
    return change_profile(id, ProfileChange(email=mail), version, ctx())


def test_another_address_takes_the_place_of_the_old_one_once_it_is_proven(ctx, db):
    id, new = verified(ctx), "ada.b@example.com"
    assert asks_to_move(ctx, id, new).events == []
    assert letters(db, id) == ["letter_change", "letter_verify"]
    assert account(db).mail == MAIL
    verify_mail(token(ctx, id, new, Purpose.CHANGE_MAIL), ctx())
    assert (account(db), account(db, new).id) == (None, id)
    assert names(ctx, id)[-2:] == ["MailChanged", "MailVerified"]
    assert customer.persons(id, state(ctx, id)) == (id, ctx().store.vault.person_id(new))


def test_an_address_that_somebody_took_meanwhile_stays_theirs(ctx, db):
    id, new = verified(ctx), "eve@example.com"
    asks_to_move(ctx, id, new)
    proof = token(ctx, id, new, Purpose.CHANGE_MAIL)
    eve = registered(ctx, "eve")
    assert refuses("invalid_token", verify_mail, proof, ctx())
    assert (account(db).id, account(db, new).id) == (id, eve)
    assert names(ctx, id) == ["CustomerRegistered", "MailVerified"]


def person_of(ctx, placed) -> str | None:
    personal = ctx().store.history(placed.booking_id)[0].event.personal
    return personal.first_name if personal else None


def test_who_is_forgotten_is_gone_as_a_guest_too_and_may_come_back_as_somebody_new(ctx, db):
    placed, other = place(ctx), place(ctx, "eve")
    id = verified(ctx)
    session = open_session(db, account(db), NOON)
    position = forget_customer(id, ctx())
    assert (person_of(ctx, placed), person_of(ctx, other)) == (None, "Eve")
    assert [one.event.personal for one in ctx().store.history(id)[:1]] == [None]
    assert names(ctx, id)[-2:] == ["AccountClosed", "PersonForgotten"]
    assert (account(db), session_of(db, Kind.CUSTOMER, session.token, NOON)) == (None, None)
    assert position == ctx().store.recorder.max_notification_id()
    assert letters(db, id) == []
    assert registered(ctx) != id


def test_who_has_not_proven_the_address_takes_nobodys_bookings_along(ctx):
    placed = place(ctx)
    forget_customer(registered(ctx), ctx())
    assert person_of(ctx, placed) == "Ada"


def test_a_guest_without_an_account_is_forgotten_alone(ctx):
    placed = place(ctx)
    guest = ctx().store.vault.person_id(MAIL)
    assert forget_customer(guest, ctx())
    assert person_of(ctx, placed) is None
    assert forget_customer(guest, ctx()) is None


def test_by_the_address_account_and_guest_are_forgotten_proven_or_not(ctx, db):
    placed, id = place(ctx), registered(ctx)
    assert forget_mail("Ada@Example.com", ctx())
    assert (person_of(ctx, placed), account(db)) == (None, None)
    assert names(ctx, id)[-1] == "PersonForgotten"
    assert forget_mail(MAIL, ctx()) is None


def test_staff_are_not_forgotten_as_customers(ctx, db):
    create_staff(MAIL, PASSWORD, Role.ADMIN, ctx())
    assert refuses("not_allowed", forget_mail, MAIL, ctx())
    assert account(db).kind is Kind.STAFF


def test_a_forgetting_that_is_not_committed_leaves_everything_as_it_was(ctx, db):
    placed, id = place(ctx), verified(ctx)
    with ctx().store.recorder.transaction() as transaction:
        forget_customer(id, ctx())
        transaction.execute("rollback")
    assert (person_of(ctx, placed), account(db).id) == ("Ada", id)
    assert forget_customer(id, ctx())


def test_what_is_changed_in_the_moment_of_forgetting_is_unreadable_or_refused(ctx, db):
    def corrects(id, n):
        try:
            return change_profile(id, ProfileChange(first_name=f"Canary{n}"), 2, ctx())
        except Refused as refusal:
            return refusal.code

    for n in range(10):
        id = verified(ctx, f"guest{n}")
        with ThreadPoolExecutor(2) as threads:
            changed = threads.submit(corrects, id, n)
            gone = threads.submit(forget_customer, id, ctx())
            assert gone.result(30)
            assert changed.result(30)
        assert [one.event.personal for one in ctx().store.history(id) if getattr(one.event, "personal", None)] == []
        assert account(db, mail_of(f"guest{n}")) is None
