"""How customers come in and go: login, logout, who is logged in, a forgotten password."""

from typing import Annotated, Any

from msgspec import json
from pydantic import Field
from starlette.responses import Response

from api import bodies
from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.policies import AUTH, CUSTOMER_AUTH, CUSTOMER_READ
from api.route import Route
from api.sessions import attempt, give_cookie, take_cookie
from api.validation import Body, text
from commands import Context, accounts
from commands.accounts import Account, Kind
from commands.customer_sheet import customer_sheet
from commands.logins import log_in as logged_in
from commands.password_reset import ask_reset, reset_password

ASKED = {"detail": "If there is an account with this address, a letter is on its way to it."}


class AskReset(Body):
    email: Annotated[str, text(254, least=1)]


class Reset(Body):
    """The password is not trimmed; whether it will do, the command says."""

    token: Annotated[str, text(200, least=1)]
    password: Annotated[str, Field(min_length=1, max_length=4000)]


def log_in(call: Call, asked: bodies.LogIn) -> Response:
    """A session: as a cookie, and as an id for X-Session-Id."""
    session = logged_in(attempt(call, Kind.CUSTOMER, asked), call.context())
    answer = told(call, session.account) | {"session_id": session.token, "csrf_token": session.csrf_token}
    response = Response(json.encode(answer), 200, call.answer_headers, "application/json")
    return give_cookie(response, session, call.parts.settings.production)


def log_out(call: Call) -> Response:
    """Ends the session."""
    with call.parts.pool.connection() as db:
        accounts.log_out(db, call.user.token)
    response = Response(b"{}", 200, call.answer_headers, "application/json")
    return take_cookie(response, Kind.CUSTOMER, call.parts.settings.production)


def user(call: Call) -> dict[str, Any]:
    """Who is logged in."""
    return told(call, call.user.account)


def csrf_token(call: Call) -> dict[str, Any]:
    """The token that writes by cookie have to send as X-CSRF-Token."""
    return {"csrf_token": call.user.csrf_token}


def password_reset(call: Call, asked: AskReset) -> dict[str, Any]:
    """Has a letter sent, to whoever has an account; the answer is the same for all."""
    ask_reset(asked.email, call.context())
    return ASKED


def confirm_reset(call: Call, asked: Reset) -> dict[str, Any]:
    """A new password, for the token of the letter. All sessions end: log in with it."""

    def do(ctx: Context) -> Done:
        done = reset_password(asked.token, asked.password, ctx)
        return Done(done.events[0].key, done.position)

    return carry_out(call, Write(do, lambda done: {"position": done.position}, in_append=True))


def told(call: Call, account: Account) -> dict[str, Any]:
    return {
        "user": {"id": str(account.id), "email": account.mail, "is_verified": account.is_verified},
        "profile": customer_sheet(call.parts.store.history(account.id)),
    }


ROUTES = [
    Route("POST /api/customer/auth/login/", log_in, AUTH),
    Route("POST /api/customer/auth/logout/", log_out, CUSTOMER_AUTH),
    Route("GET /api/customer/auth/user/", user, CUSTOMER_READ),
    Route("GET /api/customer/csrf-token/", csrf_token, CUSTOMER_READ),
    Route("POST /api/customer/auth/password-reset/", password_reset, AUTH, 202),
    Route("POST /api/customer/auth/password-reset/confirm/", confirm_reset, AUTH),
]
