"""Every route for everybody: who is let in, who is told to log in, who may not; expected from the house's own table.

Requests are without body and name nothing that is there: what comes after the door (404, 415, 422 …) is not asked here.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest

from api.app import create, policies
from commands.accounts import SESSION, Account, account_of, log_out, open_session
from domain.permissions import Flags, Permission, Role
from settings import Settings
from tests.api.house import ENV
from tests.domain.roles import may

P = Permission
ANY = None
CATALOG_KINDS = (
    "mini-moves",
    "organizing",
    "standard-delivery",
    "specialty-items",
    "blade-airports",
    "surcharges",
)
# What a member of staff needs for each route, in the words of the table; ANY: to be logged in.
STAFF_ROUTES: dict[str, Permission | None] = {
    "POST /api/staff/auth/logout/": ANY,
    "GET /api/staff/auth/user/": ANY,
    "GET /api/staff/csrf-token/": ANY,
    "POST /api/staff/auth/second-factor/": ANY,
    "POST /api/staff/auth/second-factor/confirm/": ANY,
    "POST /api/staff/auth/second-factor/remove/": ANY,
    "GET /api/staff/dashboard/": P.VIEW_BOOKINGS,
    "GET /api/staff/bookings/{id}/": P.VIEW_BOOKINGS,
    "PATCH /api/staff/bookings/{id}/": P.VIEW_BOOKINGS,  # and more for each field
    "DELETE /api/staff/bookings/{id}/": P.MODIFY_BOOKINGS,
    "POST /api/staff/bookings/{id}/reschedule/": P.MODIFY_BOOKINGS,
    "POST /api/staff/bookings/{id}/cancel/": P.MODIFY_BOOKINGS,
    "GET /api/staff/bookings/": P.VIEW_BOOKINGS,
    "GET /api/staff/exports/bookings.csv": P.EXPORT,
    "GET /api/staff/bookings/{id}/events/": P.VIEW_BOOKINGS,
    "GET /api/staff/bookings/{id}/as-of/": P.VIEW_BOOKINGS,
    "GET /api/staff/customers/": P.VIEW_CUSTOMERS,
    "GET /api/staff/customers/{id}/": P.VIEW_CUSTOMERS,
    "PATCH /api/staff/customers/{id}/notes/": P.WRITE_NOTES,
    "POST /api/staff/customers/{id}/forget/": P.FORGET_CUSTOMER,
    "GET /api/staff/accounts/": P.MANAGE_STAFF,
    "POST /api/staff/accounts/": P.MANAGE_STAFF,
    "GET /api/staff/accounts/{id}/": P.MANAGE_STAFF,
    "PATCH /api/staff/accounts/{id}/": P.MANAGE_STAFF,
    "GET /api/staff/catalog/": P.MANAGE_CATALOG,
    **{
        f"{method} /api/staff/catalog/{kind}/{more}": P.MANAGE_CATALOG
        for kind in CATALOG_KINDS
        for method, more in (("GET", ""), ("POST", ""), ("GET", "{id}/"), ("PATCH", "{id}/"))
    },
    "GET /api/staff/capacity/": P.MANAGE_CATALOG,
    "POST /api/staff/capacity/limits/": P.MANAGE_CATALOG,
    "GET /api/staff/capacity/blackouts/": P.MANAGE_CATALOG,
    "POST /api/staff/capacity/blackouts/": P.MANAGE_CATALOG,
    "DELETE /api/staff/capacity/blackouts/{date}/": P.MANAGE_CATALOG,
    "GET /api/staff/capacity/{date}/": P.MANAGE_CATALOG,
    "PATCH /api/staff/capacity/{date}/": P.MANAGE_CATALOG,
    "GET /api/staff/settings/": P.MANAGE_CATALOG,
    "PATCH /api/staff/settings/": P.MANAGE_CATALOG,
    "GET /api/payments/payments/": P.VIEW_FINANCIALS,
    "GET /api/payments/payments/{id}/events/": P.VIEW_FINANCIALS,
    "GET /api/payments/refunds/": P.REQUEST_REFUNDS,
    "POST /api/payments/refunds/create/": P.REQUEST_REFUNDS,
    "POST /api/payments/refunds/process/": P.APPROVE_REFUNDS,
    "GET /api/staff/audit/": P.VIEW_OWN_AUDIT,
    "GET /api/staff/audit/verify/": P.VIEW_AUDIT,
    "GET /api/staff/projections/": P.REPLAY,
    "GET /api/staff/parked-events/": P.REPLAY,
    "POST /api/staff/parked-events/{id}/retry/": P.REPLAY,
    "POST /api/staff/parked-events/{id}/skip/": P.REPLAY,
    "GET /api/staff/work/": P.REPLAY,
    "POST /api/staff/work/{id}/retry/": P.REPLAY,
}
CUSTOMER_DOORS = {
    f"POST /api/customer/auth/{word}/"
    for word in ("login", "register", "password-reset", "password-reset/confirm", "verify-email", "resend-verification")
}
STAFF_DOORS = {"POST /api/staff/auth/login/"}
ENDS_THE_ACCOUNT = "DELETE /api/customer/account/"
STAFF_GROUPS = ("/api/staff/", "/api/payments/payments/", "/api/payments/refunds/")
OPEN_GROUPS = ("/api/public/", "/api/payments/", "/dev/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")
LET_IN = 0
NAMES = {"{id}": str(uuid4()), "{booking_number}": "TT22222222"}


class Caller(NamedTuple):
    """`role` is a member of staff's, "customer", or "" for nobody; `fate` is what became of the account or session."""

    role: str = ""
    flags: Flags = Flags()
    fate: str = ""

    def __str__(self) -> str:
        odd = [name for name in Flags.__struct_fields__ if getattr(self.flags, name) != getattr(Flags(), name)]
        return "-".join(["nobody" if not self.role else self.role, *odd, *[self.fate] * bool(self.fate)])


APPROVING, SEEING, NOT_MODIFYING = (
    Flags(can_approve_refunds=True),
    Flags(can_view_financials=True),
    Flags(can_modify_bookings=False),
)
CALLERS = [
    Caller(),
    Caller("customer"),
    *(Caller(role, fate=fate) for role in ("customer", "admin") for fate in ("disabled", "expired", "logged_out")),
    *(Caller(role, flags) for role in Role for flags in (Flags(), APPROVING, SEEING, NOT_MODIFYING)),
]


def routes() -> list[str]:
    return sorted(policies(create(Settings.from_env(ENV | {"DATABASE_URL": "dbname=none"}))))


def is_open(where: str) -> bool:
    is_group = where.split(" ")[1].startswith(OPEN_GROUPS) and not is_for_staff(where)
    return where in CUSTOMER_DOORS | STAFF_DOORS or is_group


def is_for_staff(where: str) -> bool:
    return where.split(" ")[1].startswith(STAFF_GROUPS)


def expected(where: str, caller: Caller) -> int:
    """401, 403 or LET_IN."""
    if is_open(where):
        return LET_IN
    for_staff = is_for_staff(where)
    if caller.fate or not caller.role or for_staff is (caller.role == "customer"):
        return 401
    needed = STAFF_ROUTES[where] if for_staff else ANY
    return LET_IN if needed is ANY or needed in may(Role(caller.role), caller.flags) else 403


class Door:
    """Lets somebody of one kind try routes, each with a session of its own, because some routes end it."""

    def __init__(self, house, caller: Caller):
        self.house, self.caller = house, caller
        self.account = self.enter() if caller.role else None

    def enter(self) -> Account:
        """Somebody new."""
        mail, caller = f"{uuid4().hex}@example.com", self.caller
        flags = {name: getattr(caller.flags, name) for name in Flags.__struct_fields__}
        is_customer = caller.role == "customer"
        person = self.house.customer(mail) if is_customer else self.house.log_in_staff(caller.role, mail, **flags)
        with self.house.store.recorder.connection() as db:
            db.execute("update api.accounts set is_active = %s where id = %s", (caller.fate != "disabled", person.id))
            return account_of(db, mail)

    def headers(self, where: str) -> dict[str, str]:
        if not self.account:
            return {}
        account = self.enter() if where == ENDS_THE_ACCOUNT else self.account
        made = datetime.now(UTC) - (SESSION if self.caller.fate == "expired" else timedelta())
        with self.house.store.recorder.connection() as db:
            token = open_session(db, account, made).token
            if self.caller.fate == "logged_out":
                log_out(db, token)
        return {"X-Session-Id": token}


def answered(house, where: str, headers: dict[str, str]) -> int:
    method, path = where.split(" ")
    for name, value in NAMES.items():
        path = path.replace(name, value)
    status = house.http.request(method, path, headers=headers).status_code
    house.http.cookies.clear()
    return status if status in (401, 403) or status >= 500 else LET_IN


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_a_route_lets_in_whom_the_table_lets_in(still_house, caller):
    door = Door(still_house, caller)
    staff = caller.role not in ("", "customer")
    asked = [where for where in routes() if not is_open(where) or not staff]
    told = {where: answered(still_house, where, door.headers(where)) for where in asked}
    assert told == {where: expected(where, caller) for where in asked}


def test_every_route_that_asks_who_comes_is_in_the_table():
    staff = {where for where in routes() if is_for_staff(where) and not is_open(where)}
    assert staff == set(STAFF_ROUTES)
    assert set(routes()) >= CUSTOMER_DOORS | STAFF_DOORS | {ENDS_THE_ACCOUNT}
    assert [where for where in routes() if not is_open(where) and not where.split(" ")[1].startswith("/api/")] == []


def test_the_table_lets_nobody_do_everything_but_admins():
    callers = [Caller(role) for role in Role if role is not Role.ADMIN]
    assert all(any(expected(where, caller) == 403 for where in STAFF_ROUTES) for caller in callers)
    assert all(expected(where, Caller("admin")) == LET_IN for where in STAFF_ROUTES)
