"""Who is logged in: by a session cookie, which needs the CSRF token to write, or by X-Session-Id."""

import hmac

from starlette.responses import Response

from api.call import Call
from api.errors import Problem
from commands.accounts import SESSION, Kind, Session, session_of

COOKIES = {Kind.CUSTOMER: "totetaxi_session", Kind.STAFF: "totetaxi_staff"}


def session_for(call: Call, kind: Kind, is_write: bool) -> Session:
    """Raises Problem: `unauthenticated`, or `csrf_failed` for a write by cookie without the session's token."""
    by_header = call.headers.get("x-session-id")
    by_cookie = call.cookies.get(cookie_name(kind, call.parts.settings.production))
    if by_header is not None and by_cookie is not None and by_header != by_cookie:
        raise Problem("unauthenticated", "The X-Session-Id and the cookie are of two sessions.")
    token = by_cookie if by_header is None else by_header
    if not token:
        raise Problem("unauthenticated", "Log in first.")
    with call.parts.pool.connection() as db:
        session = session_of(db, kind, token, call.now)
    if session is None:
        raise Problem("unauthenticated", "The session has ended. Log in again.")
    told = call.headers.get("x-csrf-token", "")
    if is_write and by_header is None and not hmac.compare_digest(told.encode(), session.csrf_token.encode()):
        raise Problem("csrf_failed", "Send the session's token as X-CSRF-Token.")
    return session


def cookie_name(kind: Kind, is_production: bool) -> str:
    return ("__Host-" if is_production else "") + COOKIES[kind]


def give_cookie(response: Response, session: Session, is_production: bool) -> Response:
    name, seconds = cookie_name(session.account.kind, is_production), int(SESSION.total_seconds())
    response.set_cookie(name, session.token, seconds, httponly=True, samesite="lax", secure=is_production, path="/")
    return response


def take_cookie(response: Response, kind: Kind, is_production: bool) -> Response:
    response.delete_cookie(
        cookie_name(kind, is_production), path="/", secure=is_production, httponly=True, samesite="lax"
    )
    return response
