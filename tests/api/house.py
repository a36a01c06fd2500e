"""A running API for tests: a real server on a real database, and clients that speak HTTP to it."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import psycopg
import uvicorn

from api.app import create
from api.route import Route
from commands import NEW_YORK, Context
from commands.accounts import Account, Kind, create_account, open_session
from commands.catalog import seed
from commands.passwords import hashed
from domain import customer, staff_member
from domain.customer import Contact, CustomerRegistered, MailVerified
from domain.default_catalog import default_entries
from domain.permissions import Flags, Role
from domain.price_list import SpecialtyItem
from domain.staff_member import StaffDetails, StaffMemberAdded
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import EventStore, Note, Ref
from eventlog.vault import Vault
from integrations.stripe import connect
from projections.models import create_all
from settings import Settings
from tests.integrations.stripe_account import KEY, SECRET, free_port, wait_until

MASTER, IDENTITY = b"m" * 32, b"identity"
ENV = {
    "TOTETAXI_ENV": "test",
    "SECRET_KEY": "a secret of the tests that is long enough",
    "TOTETAXI_MASTER_KEYS": f"test:{b64encode(MASTER).decode()}",
    "TOTETAXI_IDENTITY_KEY": IDENTITY.decode(),
    "STRIPE_SECRET_KEY": KEY,
    "STRIPE_PUBLISHABLE_KEY": "pk_test_tests",
    "STRIPE_WEBHOOK_SECRET": SECRET,
    "TOTETAXI_STRIPE_API_URL": "http://127.0.0.1:9",
    "TOTETAXI_RATE_LIMITS": "off",
}
ITEMS = {item.name: str(item.id) for item in default_entries([]) if isinstance(item, SpecialtyItem)}
PASSWORD = "correct horse battery"
JSON = {"content-type": "application/json"}


@contextmanager
def serving(settings: Settings, *extra: Route) -> Iterator[str]:
    """The API in this process; its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create(settings, extra), port=port, log_level="critical", proxy_headers=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def furnish(database: str) -> None:
    """Read models and the default catalogue."""
    with psycopg.connect(database, autocommit=True) as db:
        create_all(db)
    with EventStore(database, Vault({"test": MASTER}, IDENTITY)) as store:
        stripe = connect(KEY, "http://127.0.0.1:9", SECRET)
        seed(Context(store, stripe, Origin("tests", new_id()), datetime.now(UTC), b"secret"))


class Person(NamedTuple):
    """Somebody with an account; `headers` are those of a session."""

    id: UUID
    mail: str
    headers: dict[str, str]


@cache
def password_hash() -> str:
    return hashed(PASSWORD)


class House:
    """A client of one API, with the database behind it."""

    def __init__(self, url: str, database: str, identity: bytes = IDENTITY):
        self.url, self.database, self.identity = url, database, identity
        self.http = httpx.Client(base_url=url, timeout=60, verify=False, limits=httpx.Limits(max_connections=None))

    def book(self, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.http.post("/api/public/guest-booking/", json=body or booking(), headers=headers)

    def customer(self, mail: str = "ada@example.com", is_verified: bool = True) -> "Person":
        """A new customer with PASSWORD, logged in."""
        contact = Contact("Ada", "Byron", mail, "+12125550123")
        account = Account(new_id(), Kind.CUSTOMER, mail, self.mail_id(mail), is_verified=is_verified)
        registered = [CustomerRegistered(account.id, account.mail_id, contact)]
        return self._enter(account, customer, registered + [MailVerified(account.mail_id)] * is_verified)

    def log_in_staff(self, role: str = "admin", mail: str = "staff@example.com", **flags: bool) -> "Person":
        """A new member of staff with PASSWORD, logged in."""
        mail_id = self.mail_id(mail)
        account = Account(new_id(), Kind.STAFF, mail, mail_id, role=Role(role), flags=Flags(**flags))
        details = StaffDetails("Grace Hopper", mail)
        added = StaffMemberAdded(account.id, account.mail_id, Role(role), account.flags, details)
        return self._enter(account, staff_member, [added])

    def mail_id(self, mail: str) -> UUID:
        return self.store.vault.person_id(mail)

    @cached_property
    def store(self) -> EventStore:
        return EventStore(self.database, Vault({"test": MASTER}, self.identity))

    def close(self) -> None:
        self.http.close()
        if "store" in self.__dict__:
            self.store.close()

    def _enter(self, account: Account, aggregate: Any, events: list[Any]) -> "Person":
        now = datetime.now(UTC)
        with self.store.recorder.transaction() as db:
            assert create_account(db, account, password_hash(), now)
            self.store.append([Ref(aggregate, account.id)], lambda _: [events], Note(now, Origin("tests", new_id())))
            session = open_session(db, account, now)
        return Person(account.id, account.mail, {"X-Session-Id": session.token})

    def count(self, what: str = "eventlog.stored_events where topic = 'BookingPlaced'") -> int:
        with psycopg.connect(self.database) as db:
            return db.execute(f"select count(*) from {what}").fetchone()[0]


@contextmanager
def open_house(database: str, *extra: Route, **env: str) -> Iterator[House]:
    furnish(database)
    settings = Settings.from_env(ENV | {"DATABASE_URL": database} | env)
    with serving(settings, *extra) as url:
        house = House(url, database, settings.identity_key)
        try:
            yield house
        finally:
            house.close()


def in_days(days: int) -> str:
    return (datetime.now(NEW_YORK).date() + timedelta(days)).isoformat()


NO_MOVE = {"mini_move_package": None, "include_packing": None}


def booking(mail: str = "ada@example.com", **changed: Any) -> dict[str, Any]:
    """A Mini Move ten days from now; fields with None as their value are left out."""
    body = {
        "customer_info": {"first_name": "Ada", "last_name": "Byron", "email": mail, "phone": "+12125550123"},
        "service_type": "mini_move",
        "mini_move_package": "standard",
        "include_packing": True,
        "pickup_address": {"address_line_1": "1 Main St", "city": "New York", "state": "NY", "zip_code": "10013"},
        "delivery_address": {"address_line_1": "2 Dune Rd", "city": "Southampton", "state": "NY", "zip_code": "11968"},
        "pickup_date": in_days(10),
        "pickup_time": "morning",
    } | changed
    return {name: value for name, value in body.items() if value is not None}


def delivery(**changed: Any) -> dict[str, Any]:
    """A standard delivery of four items."""
    return booking(**(NO_MOVE | {"service_type": "standard_delivery", "standard_delivery_item_count": 4} | changed))


def odd_things(**changed: Any) -> dict[str, Any]:
    """Two cribs and a bicycle."""
    items = [{"id": ITEMS["Crib"], "quantity": 2}, {"id": ITEMS["Bicycle"], "quantity": 1}]
    return booking(**(NO_MOVE | {"service_type": "specialty_item", "specialty_items": items} | changed))


def transfer(**changed: Any) -> dict[str, Any]:
    """Three bags to the helicopter, on the day of the flight."""
    selection = {
        "service_type": "blade_transfer",
        "blade_airport": "JFK",
        "blade_flight_date": in_days(10),
        "blade_flight_time": "14:30",
        "blade_bag_count": 3,
        "blade_ready_time": "09:00",
    }
    return booking(**(NO_MOVE | {"delivery_address": None} | selection | changed))
