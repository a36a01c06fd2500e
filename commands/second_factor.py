"""A member of staff guards their own account with a second factor, and takes it away; wrong words count as guesses."""

from collections.abc import Callable
from io import BytesIO

import pyotp
import segno

from commands import Context
from commands.accounts import Account
from commands.logins import Attempt, known, refuse
from commands.one_time_codes import begin, use
from domain import Refused, Value, staff_member
from domain.staff_member import StaffMember
from eventlog.store import Ref

ISSUER = "ToteTaxi"
WRONG = "Password or code is wrong."


class Setup(Value):
    """What a member's authenticator has to know: the secret, as text, as a link, and as a picture of the link (SVG)."""

    secret: str
    otpauth_url: str
    qr_svg: str


def start(attempt: Attempt, ctx: Context) -> Setup:
    """A secret that counts once it was confirmed; started again, the one before is gone.

    Refuses with `not_allowed` for a wrong password, `invalid_transition` where a factor is set.
    """
    account = _proven(attempt, ctx)
    secret = begin(account, ctx)
    if secret is None:
        raise Refused("invalid_transition", "There is a second factor: remove it first.")
    url = pyotp.TOTP(secret).provisioning_uri(name=account.mail, issuer_name=ISSUER)
    picture = BytesIO()
    segno.make(url).save(picture, kind="svg", scale=4, xmldecl=False)
    return Setup(secret, url, picture.getvalue().decode())


def confirm(account: Account, attempt: Attempt, ctx: Context) -> int:
    """The position: from now on a login needs a code.

    Refuses with `not_allowed` for a wrong code, `invalid_transition` where nothing was started.
    """
    with ctx.store.recorder.transaction() as db:
        if use(account, attempt.code, ctx, is_set=False):
            db.execute("update api.second_factors set is_set = true where account_id = %s", (account.id,))
            return _append(account, staff_member.set_second_factor, ctx)
    refuse(attempt, account, ctx)
    raise Refused("not_allowed", WRONG)


def remove(attempt: Attempt, ctx: Context) -> int:
    """The position. Refuses with `not_allowed` for a wrong password or code, `invalid_transition` without a factor."""
    account = _proven(attempt, ctx)
    with ctx.store.recorder.transaction() as db:
        if use(account, attempt.code, ctx, is_set=True):
            db.execute("delete from api.second_factors where account_id = %s", (account.id,))
            return _append(account, staff_member.remove_second_factor, ctx)
    refuse(attempt, account, ctx)
    raise Refused("not_allowed", WRONG)


def _proven(attempt: Attempt, ctx: Context) -> Account:
    """Whoever sits at an open session has to know the password all the same, and does not get to guess it."""
    try:
        return known(attempt, ctx)[0]
    except Refused:
        raise Refused("not_allowed", WRONG) from None


def _append(account: Account, decide: Callable[[StaffMember], list], ctx: Context) -> int:
    return ctx.append([Ref(staff_member, account.id)], lambda member: [decide(member)]).position
