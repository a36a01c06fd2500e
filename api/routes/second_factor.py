"""The second factor of a member's own account: started and removed with the password, confirmed by a code of it."""

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from api.bodies_staff import Confirm, Remove, Start
from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.policies import STAFF_AUTH
from api.route import Route
from api.sessions import whence
from api.tracing import note_act
from commands import second_factor
from commands.accounts import Kind
from commands.logins import Attempt
from domain.audit import Action

OWN_ACCOUNT = replace(STAFF_AUTH, acts=Action.MANAGE_STAFF)


def start(call: Call, asked: Start) -> dict[str, Any]:
    """A new secret for an authenticator, shown this once; it counts when a code of it was confirmed."""
    setup = second_factor.start(_attempt(call, asked.password), call.context())
    note_act(call.context())
    return to_builtins(setup)


def confirm(call: Call, asked: Confirm) -> dict[str, Any]:
    """From now on a login needs a code."""
    me, attempt = call.user.account, _attempt(call, "", asked.code)
    write = Write(
        lambda ctx: Done(me.id, second_factor.confirm(me, attempt, ctx)), lambda d: _answer(True, d), in_append=True
    )
    return carry_out(call, write)


def remove(call: Call, asked: Remove) -> dict[str, Any]:
    """From now on the password is enough. An admin removes that of a lost device: PATCH of the account."""
    id, attempt = call.user.account.id, _attempt(call, asked.password, asked.code)
    write = Write(lambda ctx: Done(id, second_factor.remove(attempt, ctx)), lambda d: _answer(False, d), in_append=True)
    return carry_out(call, write)


def _answer(is_set: bool, done: Done) -> dict[str, Any]:
    return {"second_factor": is_set, "position": done.position}


def _attempt(call: Call, password: str, code: str = "") -> Attempt:
    return Attempt(Kind.STAFF, call.user.account.mail, password, whence(call), code=code)


ROUTES = [
    Route("POST /api/staff/auth/second-factor/", start, OWN_ACCOUNT),
    Route("POST /api/staff/auth/second-factor/confirm/", confirm, OWN_ACCOUNT),
    Route("POST /api/staff/auth/second-factor/remove/", remove, OWN_ACCOUNT),
]
