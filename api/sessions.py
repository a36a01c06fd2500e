"""Who is logged in: by a session cookie, which needs the CSRF token to write, or by X-Session-Id."""

import hmac
from urllib.parse import urlsplit

from starlette.responses import Response

from api import bodies
from api.call import Call
from api.errors import Problem
from commands.accounts import SESSION, Kind, Session, session_of
from commands.logins import Attempt
from domain.audit import Whence

COOKIES = {Kind.CUSTOMER: "totetaxi_session", Kind.STAFF: "totetaxi_staff"}
OWN_PAGES = ("same-origin", "none")  # another host of the same site is a stranger too


def session_for(call: Call, kind: Kind, is_write: bool) -> Session:
    """Raises Problem: `unauthenticated`, or `csrf_failed` for a write by cookie that our pages have not sent."""
    token = told_token(call, kind)
    if not token:
        raise Problem("unauthenticated", "Log in first.")
    with call.parts.pool.connection() as db:
        session = session_of(db, kind, token, call.now)
    if session is None:
        raise Problem("unauthenticated", "The session has ended. Log in again.")
    if is_write and "x-session-id" not in call.headers:
        refuse_foreign(call)
        told = call.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(told.encode(), session.csrf_token.encode()):
            raise Problem("csrf_failed", "Send the session's token as X-CSRF-Token.")
    return session


def told_token(call: Call, kind: Kind) -> str:
    """The token that the request came with, of whatever worth; "" for none. An X-Session-Id that is empty is none.

    Raises Problem("unauthenticated") when it names two sessions.
    """
    cookie = call.cookies.get(cookie_name(kind, call.parts.settings.production))
    told = {*call.headers.getlist("x-session-id"), *([] if cookie is None else [cookie])}
    if len(told) > 1:
        raise Problem("unauthenticated", "The X-Session-Id and the cookie are of two sessions.")
    return told.pop() if told else ""


def refuse_foreign(call: Call) -> None:
    """Browsers say from which page a request comes; who is none says nothing. Raises Problem("csrf_failed")."""
    origin, site = call.headers.get("origin"), call.headers.get("sec-fetch-site")
    if origin is not None and origin not in _origins(call):
        raise Problem("csrf_failed", "The request comes from a page of somebody else.")
    if origin is None and site is not None and site not in OWN_PAGES:
        raise Problem("csrf_failed", "The request comes from a page of somebody else.")


def attempt(call: Call, kind: Kind, asked: bodies.LogIn) -> Attempt:
    """A login, as it was asked for. Raises Problem as `told_token` does."""
    code = asked.code if isinstance(asked, bodies.StaffLogIn) else ""
    return Attempt(kind, asked.email, asked.password, whence(call), told_token(call, kind), code)


def whence(call: Call) -> Whence:
    return Whence(call.address, call.agent)


def cookie_name(kind: Kind, is_production: bool) -> str:
    return ("__Host-" if is_production else "") + COOKIES[kind]


def give_cookie(response: Response, session: Session, is_production: bool) -> Response:
    name, seconds = cookie_name(session.account.kind, is_production), int(SESSION.total_seconds())
    response.set_cookie(name, session.token, seconds, httponly=True, samesite="lax", secure=is_production, path="/")
    return response


def take_cookie(response: Response, kind: Kind, is_production: bool) -> Response:
    name = cookie_name(kind, is_production)
    response.delete_cookie(name, path="/", secure=is_production, httponly=True, samesite="lax")
    return response


def _origins(call: Call) -> set[str]:
    """Of our own pages, and of those that settings name. Behind a proxy the scheme of the request is not the page's."""
    settings = call.parts.settings
    page = urlsplit(settings.base_url)
    scheme = "https" if settings.production else call.url.scheme
    own = {f"{page.scheme}://{page.netloc}", f"{scheme}://{call.headers.get('host', '')}"}
    return own | set(settings.cors_allowed_origins)
