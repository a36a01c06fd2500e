"""A forgotten password: a letter to the address, and a new password for whoever comes back with its token."""

from uuid import uuid4

from commands import Context, customer_ref
from commands.accounts import Account, Kind, account_of, set_password
from commands.contacts import normal_mail
from commands.customer_sheet import contact_of
from commands.logins import end_lock
from commands.passwords import check_new, hashed
from commands.tokens import STALE, Held, Purpose, look, use
from domain import Refused, customer
from domain.customer import Customer
from eventlog import timers
from eventlog.store import Appended


def ask_reset(mail: str, ctx: Context) -> None:
    """Has a letter sent to the customer of that address. For nobody it does as much, and says as little.

    Refuses with `invalid_email`.
    """
    mail = normal_mail(mail)
    with ctx.store.recorder.transaction() as db:
        account = account_of(db, mail)
        is_ours = account and account.kind is Kind.CUSTOMER and account.is_active
        timers.ask(db, "letter_reset", account.id if account and is_ours else uuid4(), ctx.now)


def reset_password(token: str, password: str, ctx: Context) -> Appended:
    """Sets the password; ends all sessions, a lock and all other tokens for it. The address is proven with it.

    Refuses with `invalid_token`, `weak_password`; TooManyAtOnce, and nothing was done.
    """
    with ctx.store.recorder.connection() as db:
        account = _customer(look(db, Purpose.RESET_PASSWORD, token, ctx.now))
    check_new(password, account.mail, *_names(account, ctx))
    password_hash = hashed(password)
    with ctx.store.recorder.transaction() as db:
        account = _customer(use(db, Purpose.RESET_PASSWORD, token, ctx.now))
        set_password(db, account.id, password_hash, ctx.now)
        end_lock(db, Kind.CUSTOMER, account.mail_id)
        db.execute("update api.accounts set is_verified = true where id = %s", (account.id,))
        refs = [customer_ref(account.id), customer_ref(account.mail_id)]
        return ctx.append(refs, lambda own, guest: [_reset(own, account, guest), []], account.id)


def _reset(own: Customer, account: Account, guest: Customer | None) -> list[customer.Event]:
    return [*customer.change_password(own), *customer.verify_mail(own, account.mail_id, guest)]


def _customer(held: Held) -> Account:
    """Staff get a new password from an admin."""
    if held.account.kind is not Kind.CUSTOMER:
        raise Refused("invalid_token", STALE, "/token")
    return held.account


def _names(account: Account, ctx: Context) -> list[str]:
    contact = contact_of(ctx.store.history(account.id))
    return [contact.first_name, contact.last_name] if contact else []
