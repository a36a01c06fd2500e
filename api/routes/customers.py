"""What customers do with their account: make it, prove their address, keep their profile and what they prefer."""

from typing import Any

from api import bodies_people as bodies
from api.call import Call
from api.consistency import consistent
from api.idempotency import Done, Write, carry_out
from api.policies import AUTH, CUSTOMER_READ, CUSTOMER_WRITE, Limit
from api.preconditions import demand_version, give_etag
from api.ratelimits import take_token
from api.route import Route
from api.sessions import session_for
from commands import Context
from commands.accounts import Kind
from commands.customer_bookings import persons_of
from commands.customer_sheet import address_sheets, customer_sheet
from commands.customers import register as registered
from commands.customers import resend_verification, verify_mail
from commands.profiles import ProfileChange, change_profile, pending_mail
from eventlog.envelope import Recorded
from projections import customers

SENT = {"detail": "A letter is on its way to this address."}
PREFERENCES = ("preferred_pickup_time", "email_notifications", "sms_notifications", "marketing_consent")
MOST_USED = 3


def register(call: Call, asked: bodies.Register) -> dict[str, Any]:
    """An account; a letter comes to prove the address. Whether there was one already, only the letter says."""
    registered(asked.command(), call.context())
    return SENT


def verify_email(call: Call, asked: bodies.VerifyMail) -> dict[str, Any]:
    """Proves the address with the token of the letter, or the new one in place of the old."""

    def do(ctx: Context) -> Done:
        customer_id, done = verify_mail(asked.token, ctx)
        return Done(customer_id, done.position, tuple(done.events))

    return carry_out(call, Write(do, lambda d: {"email_verified": True, "position": d.position}, in_append=True))


def resend(call: Call, asked: bodies.Resend) -> dict[str, Any]:
    """The letter once more, if there is an account with the address that needs it; the answer is the same for all."""
    if asked.email is None:
        call.session = session_for(call, Kind.CUSTOMER, is_write=True)
    resend_verification(asked.email or call.user.account.mail, call.context())
    return SENT


def profile(call: Call) -> dict[str, Any]:
    """Who they are, what they prefer, and what became of their bookings; `pending_email` is still to be proven."""
    id = call.user.account.id
    with consistent(call, customers) as db:
        statistics = customers.statistics(db, persons_of(id, call.parts.store))
    sheet = own_sheet(call, own_history(call))
    return {"profile": sheet | {"pending_email": pending_mail(id, call.context()), "statistics": statistics}}


def correct_profile(call: Call, asked: bodies.ChangeProfile) -> dict[str, Any]:
    """Changes what is told. Another mail address stays pending until the token that is sent there comes back."""
    change = asked.command()
    if change.email:
        _write_seldom(call)

    def answer(done: Done) -> dict[str, Any]:
        sheet = customer_sheet(own_history(call, done.position)) or {}
        pending = None if change.email == sheet["email"] else change.email
        return {"profile": sheet | {"pending_email": pending}}

    return _changed(call, change, answer)


def preferences(call: Call) -> dict[str, Any]:
    """What holds when nothing else is said: the preferences, the default address, the addresses used most."""
    with consistent(call, customers) as db:
        usage = customers.address_usage(db, persons_of(call.user.account.id, call.parts.store))
    history = own_history(call)
    addresses = [one for one in address_sheets(history, usage) if one["is_active"]]
    most = sorted((one for one in addresses if one["times_used"]), key=lambda one: -one["times_used"])
    return {
        "preferences": _preferences(own_sheet(call, history)),
        "default_address": next((one for one in addresses if one["is_default"]), None),
        "most_used_addresses": most[:MOST_USED],
    }


def choose_preferences(call: Call, asked: bodies.ChangePreferences) -> dict[str, Any]:
    """Changes what is told."""

    def answer(done: Done) -> dict[str, Any]:
        return {"preferences": _preferences(customer_sheet(own_history(call, done.position)) or {})}

    return _changed(call, asked.command(), answer)


def own_history(call: Call, until: int | None = None) -> list[Recorded]:
    """The stream of the customer who is logged in, up to a position."""
    history = call.parts.store.history(call.user.account.id)
    return [recorded for recorded in history if until is None or recorded.position <= until]


def own_sheet(call: Call, history: list[Recorded]) -> dict[str, Any]:
    """The profile, with its version as the answer's ETag."""
    sheet = customer_sheet(history)
    assert sheet, "who is logged in has registered"
    give_etag(call, sheet["version"])
    return sheet


def _changed(call: Call, change: ProfileChange, answer: Any) -> dict[str, Any]:
    id = call.user.account.id

    def do(ctx: Context) -> Done:
        done = change_profile(id, change, demand_version(call), ctx)
        return Done(id, done.position, tuple(done.events))

    def told(done: Done) -> dict[str, Any]:
        return answer(done) | {"position": done.position, "version": _version_at(call, done.position)}

    answered = carry_out(call, Write(do, told, in_append=True))
    give_etag(call, answered["version"])
    return answered


def _write_seldom(call: Call) -> None:
    """Each address that is asked for gets a letter, whoever it belongs to. Raises Problem("rate_limited")."""
    settings = call.parts.settings
    if settings.rate_limits == "on":
        with call.parts.pool.connection() as db:
            take_token(db, f"letters {call.user.account.id}", settings.limits[Limit.AUTH])


def _version_at(call: Call, position: int) -> int:
    return own_history(call, position)[-1].originator_version


def _preferences(sheet: dict[str, Any]) -> dict[str, Any]:
    return {name: sheet[name] for name in PREFERENCES}


ROUTES = [
    Route("POST /api/customer/auth/register/", register, AUTH, 202),
    Route("POST /api/customer/auth/verify-email/", verify_email, AUTH),
    Route("POST /api/customer/auth/resend-verification/", resend, AUTH, 202),
    Route("GET /api/customer/profile/", profile, CUSTOMER_READ),
    Route("PATCH /api/customer/profile/", correct_profile, CUSTOMER_WRITE),
    Route("GET /api/customer/preferences/", preferences, CUSTOMER_READ),
    Route("PATCH /api/customer/preferences/", choose_preferences, CUSTOMER_WRITE),
]
