"""Everything that is held about a customer, for themselves: of their stream and of the tables. Not what staff noted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from psycopg import Connection
from psycopg.rows import dict_row

from commands import Context
from commands.booking_sheet import rfc3339
from commands.customer_sheet import Usage, address_sheets, customer_sheet, method_sheets
from domain import Refused
from domain.customer import CustomerRegistered, MailChanged, MailVerified, StaffNotesWritten
from eventlog.envelope import Recorded

ACCOUNT = """select id, mail as email, is_verified, made_at, password_changed_at, last_login_at, last_login_ip
             from api.accounts where id = %s"""
SESSIONS = "select made_at, expires_at from api.sessions where account_id = %s order by made_at"
LETTERS = """select purpose, mail as email, made_at as asked_at, expires_at, used_at from api.tokens
             where account_id = %s order by made_at"""
ASKED = "select kind as purpose, due_at as asked_at from eventlog.timers where about = %s order by due_at"


def held(customer_id: UUID, usage: Usage, ctx: Context) -> dict[str, Any]:
    """As one document, ready for JSON: `{exported_at, account, profile, email_addresses, addresses, payment_methods,
    changes, sessions, letters}`.

    `addresses` has removed ones too; `changes` is what was ever told, consents among it, with when it was. Bookings and
    statistics are in the read models: whoever asks adds them. Refuses with `not_found` when the account is closed.
    """
    history = ctx.store.history(customer_id)
    with ctx.store.recorder.connection() as db:
        if not (account := _rows(db, ACCOUNT, customer_id)):
            raise Refused("not_found", "This account is closed.")
        sessions, letters = _rows(db, SESSIONS, customer_id), _rows(db, LETTERS, customer_id)
        letters += _rows(db, ASKED, customer_id)
    return {
        "exported_at": rfc3339(ctx.now),
        "account": account[0],
        "profile": customer_sheet(history),
        "email_addresses": _mails(history),
        "addresses": address_sheets(history, usage),
        "payment_methods": method_sheets(history),
        "changes": [_change(recorded) for recorded in history if not isinstance(recorded.event, StaffNotesWritten)],
        "sessions": sessions,
        "letters": letters,
    }


def _mails(history: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Each with since when it is the customer's, and when it was proven."""
    found: dict[UUID, dict[str, Any]] = {}
    for recorded in history:
        match recorded.event:
            case CustomerRegistered(mail_id=id, personal=told) | MailChanged(mail_id=id, personal=told):
                new = {"email": told.email if told else None, "since": rfc3339(recorded.at), "verified_at": None}
                found.setdefault(id, new)
            case MailVerified(mail_id=id):
                found[id]["verified_at"] = rfc3339(recorded.at)
    return list(found.values())


def _change(recorded: Recorded) -> dict[str, Any]:
    return {"at": rfc3339(recorded.at), "what": recorded.name, "told": to_builtins(recorded.event)}


def _rows(db: Connection, query: str, customer_id: UUID) -> list[dict[str, Any]]:
    rows = db.cursor(row_factory=dict_row).execute(query, (customer_id,)).fetchall()
    return [{name: _shown(value) for name, value in row.items()} for row in rows]


def _shown(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value
