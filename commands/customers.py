"""What may be asked about an account of a customer: to be made, to have its mail address proven, to be forgotten."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection, errors
from psycopg.rows import dict_row

from commands import Context, customer_ref, persons, tokens
from commands.accounts import Account, Kind, create_account
from commands.contacts import normal_mail, normal_phone
from commands.logins import end_lock
from commands.passwords import check_new, hashed, is_right
from commands.tokens import Held, Purpose
from domain import Refused, Value, customer
from domain.customer import CustomerRegistered, MailChanged
from domain.profile import Contact, MailAddress
from eventlog import timers
from eventlog.ids import new_id
from eventlog.once import note_used
from eventlog.store import Appended

KNOWN = "select id, kind, is_verified, password_hash from api.accounts where mail = %s"
UNVERIFIED = "select id from api.accounts where mail = %s and kind = 'customer' and not is_verified"
MOVED = """update api.accounts set mail = %(mail)s, mail_id = %(mail_id)s, is_verified = true
           where id = %(id)s and not exists (select from api.accounts where mail = %(mail)s and id <> %(id)s)"""
BACK = "select left_by from eventlog.person_keys where key_id = %s"
CLOSING = "delete from api.accounts where id = %s and kind = 'customer' returning mail_id"


class Registration(Value):
    """As it was typed."""

    email: str
    password: str
    first_name: str
    last_name: str
    phone: str


def register(asked: Registration, ctx: Context) -> None:
    """An account, and a letter to prove its address; whoever has one with this address is written that they have.

    One hash, one transaction and one letter either way, so that nobody learns from it who has an account. A letter to
    prove the address is sent again to whoever knows the password: to nobody else, or a stranger could register with an
    address, and wait until its owner has proven it. Refuses with `invalid_email`, `invalid_phone`, `weak_password`;
    raises TooManyAtOnce.
    """
    contact = Contact(asked.first_name, asked.last_name, normal_mail(asked.email), normal_phone(asked.phone))
    check_new(asked.password, contact.email, contact.first_name, contact.last_name)
    with ctx.store.recorder.connection() as db:
        known = _row(db, KNOWN, contact.email)
    if known:
        return _write_to(known, asked.password, ctx)
    if not _open_account(contact, hashed(asked.password), ctx):
        register(asked, ctx)  # somebody did in the same moment
    return None


def _write_to(known: dict[str, Any], password: str, ctx: Context) -> None:
    is_same_person = is_right(password, known["password_hash"])
    is_unproven = known["kind"] == Kind.CUSTOMER and not known["is_verified"]
    letter = "letter_verify" if is_same_person and is_unproven else "letter_known"
    with ctx.store.recorder.transaction() as db:
        timers.ask(db, letter, known["id"], ctx.now)


def _open_account(contact: Contact, password_hash: str, ctx: Context) -> bool:
    """False when the mail address is taken."""
    account = Account(new_id(), Kind.CUSTOMER, contact.email, ctx.store.vault.person_id(contact.email))
    offer = CustomerRegistered(account.id, account.mail_id, contact)
    with ctx.store.recorder.transaction() as db:
        if not create_account(db, account, password_hash, ctx.now):
            return False
        ref = customer_ref(account.id)._replace(is_new=True)
        ctx.append([ref], lambda made: [customer.register(made, offer)])
        timers.ask(db, "letter_verify", account.id, ctx.now)
    return True


def resend_verification(mail: str, ctx: Context) -> None:
    """A letter to prove the address of an account, if it needs one; the same is done in any case."""
    with ctx.store.recorder.transaction() as db:
        found = _row(db, UNVERIFIED, normal_mail(mail))
        timers.ask(db, "letter_verify", found["id"] if found else uuid4(), ctx.now)


def verify_mail(token: str, ctx: Context) -> tuple[UUID, Appended]:
    """Whose address is proven; and a new address, once it is, takes the place of the old one.

    What was booked as a guest with the address is the customer's from then on. Refuses with `invalid_token`, also when
    somebody else has an account with the address by now.
    """
    with ctx.store.recorder.transaction() as db:
        try:
            held = tokens.use(db, Purpose.VERIFY_MAIL, token, ctx.now)
        except Refused:
            held = tokens.use(db, Purpose.CHANGE_MAIL, token, ctx.now)
            appended = _move(db, held, ctx)
        else:
            appended = prove(db, held.account, ctx)
        if ctx.once and not appended.events:
            note_used(db, ctx.once, appended.position)
        return held.account.id, appended


def prove(db: Connection, account: Account, ctx: Context) -> Appended:
    """The account's address is its owner's."""
    db.execute("update api.accounts set is_verified = true where id = %s", (account.id,))
    refs = [customer_ref(account.id), customer_ref(account.mail_id)]
    return ctx.append(refs, lambda made, guest: [customer.verify_mail(made, account.mail_id, guest), []], account.id)


def _move(db: Connection, held: Held, ctx: Context) -> Appended:
    """The old address is told of the event. Both it and whoever took the new one meanwhile keep what they have."""
    account, mail_id = held.account, ctx.store.vault.person_id(held.mail)
    change = MailChanged(account.id, mail_id, MailAddress(held.mail))
    if not _take_address(db, account.id, held.mail, mail_id):
        raise Refused("invalid_token", tokens.STALE, "/token")
    refs = [customer_ref(account.id), customer_ref(mail_id)]
    persons.hold(db, [account.mail_id])
    is_left = account.is_verified
    done = ctx.append(refs, lambda made, guest: [customer.change_mail(made, change, guest), []], account.id)
    if is_left:
        ctx.store.vault.leave(db, account.mail_id, account.id, done.position)
    return done


def _take_address(db: Connection, account_id: UUID, mail: str, mail_id: UUID) -> bool:
    """False when it is taken. Looked at first, because Postgres's log quotes the address that breaks the rule."""
    moved = {"id": account_id, "mail": mail, "mail_id": mail_id}
    try:
        return db.execute(MOVED, moved).rowcount == 1
    except errors.UniqueViolation:  # by somebody in the same moment
        return False


def forget_customer(customer_id: UUID, ctx: Context, version: int | None = None) -> int | None:
    """Closes the account and forgets the person, in one transaction; the position, or None when nothing was readable.

    Whoever they were as a guest is forgotten with it where the mail address was proven: else a stranger could register
    with it and destroy what is not theirs. A guest without an account is forgotten alone. Bookings stay, open ones too:
    what is paid and planned is the house's business, and staff decide about it; nobody is there to be asked any more.
    """
    with ctx.store.recorder.transaction() as db:
        account = _row(db, CLOSING, customer_id)
        ids = sorted(customer.persons(customer_id, ctx.store.load(customer_ref(customer_id)).state))
        persons.hold(db, ids)
        positions = []
        if account:
            end_lock(db, Kind.CUSTOMER, account["mail_id"])
            db.execute("delete from eventlog.timers where about = %s", (customer_id,))
            closing = ctx.append([customer_ref(customer_id, version)], lambda made: [customer.close(made)])
            positions.append(closing.position)
        positions += persons.forget_left(customer_id, ctx.without_key() if any(positions) else ctx)
        for person_id in ids:
            positions.append(persons.forget(person_id, ctx.without_key() if any(positions) else ctx))
        return max((position for position in positions if position), default=None)


def forget_mail(mail: str, ctx: Context) -> int | None:
    """Everybody behind a mail address: whoever has an account with it, and whoever booked with it as a guest.

    Raises Refused: `invalid_email`, and `not_allowed` for staff.
    """
    normal = normal_mail(mail)
    with ctx.store.recorder.transaction() as db:
        known = _row(db, KNOWN, normal)
        if known and known["kind"] == Kind.STAFF:
            raise Refused("not_allowed", "This is an account of staff: disable it instead.")
        done = [forget_customer(known["id"], ctx)] if known else []
        done.append(persons.forget(ctx.store.vault.person_id(normal), ctx))
        return max((position for position in done if position), default=None)


def forget_again(keys: Iterable[tuple[UUID, UUID]], ctx: Context) -> int:
    """After a backup was restored: forgets whose key it has brought back, accounts too. Answers for how many.

    A person who has booked again since has another key, which stays.
    """
    count = 0
    for key_id, person_id in keys:
        with ctx.store.recorder.connection() as db:
            back = _row(db, BACK, key_id)
        if back and back["left_by"]:
            count += bool(persons.forget_left(back["left_by"], ctx))
        elif back:
            count += forget_customer(person_id, ctx) is not None
    return count


def _row(db: Connection, query: str, value: Any) -> dict[str, Any] | None:
    return db.cursor(row_factory=dict_row).execute(query, (value,), prepare=True).fetchone()
