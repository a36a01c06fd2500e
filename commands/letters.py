"""Letters: asked for by a timer or a reaction, written when the job runs, of what is so by then; most about accounts.

Neither timer nor job holds more than an id. For an address without an account both are about nobody, and
nothing is sent: from outside the one looks like the other.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from commands import Context
from commands import letter_texts as texts
from commands.accounts import COLUMNS, Account, Kind, account_in
from commands.customer_sheet import contact_of
from commands.letter_texts import Pass, Words
from commands.link_letter import LINK, link_letter
from commands.tokens import VALID, Proof, Purpose, address_to_prove, issue
from domain.customer import MailChanged
from integrations.mail import Letter, MailUnavailable


class Draft(NamedTuple):
    """The words of a letter; where it carries a token, they are made with it, and it proves this."""

    words: Callable[..., Words]
    proves: Purpose | None = None


VERIFY, KNOWN, RESET, LOCKED, CHANGE, MOVED, _ = KINDS = (
    "letter_verify", "letter_known", "letter_reset", "letter_locked", "letter_change", "letter_moved", LINK,
)  # fmt: skip
DRAFTS = {
    (VERIFY, Kind.CUSTOMER): Draft(texts.verify, Purpose.VERIFY_MAIL),
    (KNOWN, Kind.CUSTOMER): Draft(texts.known),
    (KNOWN, Kind.STAFF): Draft(texts.known_to_staff),
    (RESET, Kind.CUSTOMER): Draft(texts.reset, Purpose.RESET_PASSWORD),
    (LOCKED, Kind.CUSTOMER): Draft(texts.locked, Purpose.RESET_PASSWORD),
    (LOCKED, Kind.STAFF): Draft(texts.locked_to_staff),
    (CHANGE, Kind.CUSTOMER): Draft(texts.change, Purpose.CHANGE_MAIL),
    (MOVED, Kind.CUSTOMER): Draft(texts.moved),
}
PAGES = {Purpose.VERIFY_MAIL: "verify-email", Purpose.CHANGE_MAIL: "verify-email",
         Purpose.RESET_PASSWORD: "reset-password"}  # fmt: skip
HOLDER = f"select {COLUMNS} from api.accounts a where a.id = %s and a.is_active"


def post(kind: str, about: UUID, ctx: Context, position: int = 0) -> None:
    """Sends the letter, if there is somebody to write to and it still makes sense.

    `position` is that of the event which the letter tells of. Run again with the same correlation id, it sends the same
    letter. Raises MailUnavailable: try again later.
    """
    letter = _about_booking(about, ctx) if kind == LINK else _written(kind, about, ctx, position)
    if letter is None:
        return
    if ctx.mail is None:
        raise MailUnavailable("there is nobody who sends letters")
    ctx.mail.send(letter)


def _written(kind: str, about: UUID, ctx: Context, position: int) -> Letter | None:
    """Together with its token, which is stored before the letter is sent."""
    with ctx.store.recorder.transaction() as db:
        account = _holder(db, about)
        draft = DRAFTS.get((kind, account.kind)) if account else None
        to = _address(kind, account, ctx, position) if account and draft else ""
        if not account or not draft or not to:
            return None
        given = [_pass(db, Proof(draft.proves, about, to), ctx)] if draft.proves else []
        words, name = draft.words(*given), _name(account, to, ctx)
    return Letter(_id(kind, about, position, ctx), to, words.subject, words.text(name), words.html(name))


def _about_booking(about: UUID, ctx: Context) -> Letter | None:
    """Without a name: what a guest types beside an address may not be its owner's."""
    if not (written := link_letter(about, ctx)):
        return None
    to, words = written
    return Letter(_id(LINK, about, 0, ctx), to, words.subject, words.text(""), words.html(""))


def _id(kind: str, about: UUID, position: int, ctx: Context) -> str:
    return f"{kind} {about} {position or ctx.origin.correlation_id or ctx.origin.command_id}"


def _holder(db: Connection, about: UUID) -> Account | None:
    row: Any = db.cursor(row_factory=dict_row).execute(HOLDER, (about,)).fetchone()
    return account_in(row) if row else None


def _address(kind: str, account: Account, ctx: Context, position: int) -> str:
    """Where the letter goes to; empty when there is no reason for it any more."""
    if kind == VERIFY and account.is_verified:
        return ""
    if kind == CHANGE:
        with ctx.store.recorder.connection() as db:
            return address_to_prove(db, account.id, ctx.now) or ""
    return _former(account.id, ctx, position) if kind == MOVED else account.mail


def _former(account_id: UUID, ctx: Context, position: int) -> str:
    """The address before the change at this position, or before the last one; empty for who is forgotten."""
    history = ctx.store.history(account_id)
    changes = [each.position for each in history if isinstance(each.event, MailChanged)]
    change = position or max(changes, default=0)
    contact = contact_of([each for each in history if each.position < change])
    return contact.email if contact else ""


def _pass(db: Connection, proof: Proof, ctx: Context) -> Pass:
    page = f"{ctx.site.rstrip('/')}/{PAGES[proof.purpose]}"
    return Pass(issue(db, ctx.secret, proof, ctx.now), page, VALID[proof.purpose])


def _name(account: Account, to: str, ctx: Context) -> str:
    """Only for an address that is proven: others are not told what somebody has typed in beside their address."""
    if account.kind is not Kind.CUSTOMER or not account.is_verified or to != account.mail:
        return ""
    contact = contact_of(ctx.store.history(account.id))
    return contact.first_name if contact else ""
