"""Accounts of customers for the tests of commands, as registering and proving make them."""

from uuid import UUID

from msgspec.structs import replace

from commands.customers import Registration, register, verify_mail
from commands.tokens import Proof, Purpose, issue
from tests.commands.conftest import SECRET
from tests.samples import NOON

PASSWORD = "correct horse battery"
ADA = Registration("ada@example.com", PASSWORD, "Ada", "Byron", "+12125550123")


def mail_of(name: str) -> str:
    return f"{name}@example.com"


def registered(ctx, name="ada", **changes) -> UUID:
    asked = replace(ADA, email=mail_of(name), first_name=name.title(), **changes)
    register(asked, ctx())
    with ctx().store.recorder.connection() as db:
        row = db.execute("select id from api.accounts where mail = %s", (mail_of(name),)).fetchone()
    return row["id"]


def token(ctx, id, mail, purpose=Purpose.VERIFY_MAIL) -> str:
    """As the letter makes it."""
    with ctx().store.recorder.connection() as db:
        return issue(db, SECRET, Proof(purpose, id, mail), NOON)


def verified(ctx, name="ada") -> UUID:
    id = registered(ctx, name)
    verify_mail(token(ctx, id, mail_of(name)), ctx())
    return id
