"""How staff come in and go: login, logout, the token that writes by cookie need."""

from typing import Any

from msgspec import json, to_builtins
from msgspec.structs import replace
from starlette.responses import Response

from api import bodies
from api.call import Call
from api.policies import AUTH, STAFF_AUTH, staff_read
from api.route import Route
from api.sessions import attempt, give_cookie, take_cookie
from api.tracing import note_read
from commands import accounts
from commands.accounts import Account, Kind
from commands.logins import log_in as logged_in
from domain.audit import Action
from domain.staff_member import StaffDetails


def log_in(call: Call, asked: bodies.StaffLogIn) -> Response:
    """A session: as a cookie, and as an id for X-Session-Id. Where a second factor is set, `code` is needed too."""
    session = logged_in(attempt(call, Kind.STAFF, asked), call.context())
    answer = {
        "user": {"id": str(session.account.id), "email": session.account.mail},
        "profile": profile(call, session.account),
        "session_id": session.token,
        "csrf_token": session.csrf_token,
    }
    response = Response(json.encode(answer), 200, call.answer_headers, "application/json")
    return give_cookie(response, session, call.parts.settings.production)


def log_out(call: Call) -> Response:
    """Ends the session."""
    with call.parts.store.recorder.transaction() as db:
        accounts.log_out(db, call.user.token)
        note_read(call)
    response = Response(b"{}", 200, call.answer_headers, "application/json")
    return take_cookie(response, Kind.STAFF, call.parts.settings.production)


def user(call: Call) -> dict[str, Any]:
    """Who is logged in."""
    account = call.user.account
    return {"user": {"id": str(account.id), "email": account.mail}, "profile": profile(call, account)}


def csrf_token(call: Call) -> dict[str, Any]:
    """The token that writes by cookie have to send as X-CSRF-Token."""
    return {"csrf_token": call.user.csrf_token}


def profile(call: Call, account: Account) -> dict[str, Any]:
    told = [recorded.event for recorded in call.parts.store.history(account.id)]
    details = [event.personal for event in told if isinstance(getattr(event, "personal", None), StaffDetails)]
    name = details[-1].name if details else ""
    may = sorted(account.permissions)
    return {"name": name, "role": account.role, "permissions": may} | to_builtins(account.flags)


ROUTES = [
    Route("POST /api/staff/auth/login/", log_in, AUTH),
    Route("POST /api/staff/auth/logout/", log_out, replace(STAFF_AUTH, acts=Action.LOGOUT)),
    Route("GET /api/staff/auth/user/", user, staff_read(None)),
    Route("GET /api/staff/csrf-token/", csrf_token, staff_read(None)),
]
