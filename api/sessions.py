"""Who a member of staff is: by the session cookie, which needs the CSRF token to write, or by X-Session-Id."""

import hmac

from starlette.responses import Response

from api.call import Call
from api.errors import Problem
from commands.staff import SESSION, StaffSession, session_of

COOKIE = "totetaxi_staff"


def staff_session(call: Call, is_write: bool) -> StaffSession:
    """Raises Problem: `unauthenticated`, or `csrf_failed` for a write by cookie without the session's token."""
    by_header = call.headers.get("x-session-id")
    token = by_header or call.cookies.get(COOKIE)
    if not token:
        raise Problem("unauthenticated", "Log in first.")
    with call.parts.pool.connection() as db:
        session = session_of(db, token, call.now)
    if session is None:
        raise Problem("unauthenticated", "The session has ended. Log in again.")
    told = call.headers.get("x-csrf-token", "")
    if is_write and not by_header and not hmac.compare_digest(told.encode(), session.csrf_token.encode()):
        raise Problem("csrf_failed", "Send the session's token as X-CSRF-Token.")
    return session


def give_cookie(response: Response, token: str, is_production: bool) -> Response:
    seconds = int(SESSION.total_seconds())
    response.set_cookie(COOKIE, token, seconds, httponly=True, samesite="lax", secure=is_production, path="/")
    return response


def take_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/")
    return response
