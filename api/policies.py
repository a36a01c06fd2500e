"""Who may call a route, how often, and what the audit log calls it: declared by each route beside its path."""

from enum import StrEnum

from domain import Value
from domain.audit import Action
from domain.permissions import Permission


class Who(StrEnum):
    """Whom a route is for. A payer needs no more than the booking's number, which cannot be guessed."""

    ANYONE = "anyone"
    PAYER = "payer"
    CUSTOMER = "customer"
    STAFF = "staff"
    STRIPE = "stripe"
    MACHINES = "machines"


class Limit(StrEnum):
    """A bucket of tokens, refilled within a minute, for an address or a user; how many is a setting of this name."""

    AUTH = "auth"
    PUBLIC_WRITES = "public_writes"
    STATUS = "status"
    CUSTOMER_READS = "customer_reads"
    CUSTOMER_WRITES = "customer_writes"
    STAFF_READS = "staff_reads"
    STAFF_WRITES = "staff_writes"


class Policy(Value):
    """`limit` is counted for the caller's address, or for the user where one has to be logged in.

    Of staff it is asked what they `may`, and what they may beside it for a field of the body that is in `by_field`.
    `acts` is the action in the audit log: of a read once it is answered, of a write with its events. What `is_instant`
    waits for nothing and so needs no thread: it answers also while all threads wait for Postgres. `card_field` is the
    one field of the body in which a card number may be: a test card's, where Stripe is the sandbox.
    """

    who: Who
    limit: Limit | None = None
    is_write: bool = False
    may: Permission | None = None
    acts: Action | None = None
    is_instant: bool = False
    by_field: dict[str, Permission] = {}
    card_field: str | None = None


def staff_read(may: Permission | None, acts: Action | None = None) -> Policy:
    return Policy(Who.STAFF, Limit.STAFF_READS, may=may, acts=acts)


def staff_write(may: Permission | None, acts: Action | None, by_field: dict[str, Permission] | None = None) -> Policy:
    return Policy(Who.STAFF, Limit.STAFF_WRITES, is_write=True, may=may, acts=acts, by_field=by_field or {})


def lacking(may: Permission) -> str:
    """What is told to staff who may not: they know what to ask an admin for."""
    return f"This needs the permission {may}, which neither your role nor a flag gives you."


CATALOGUE = Policy(Who.ANYONE)
PUBLIC_WRITE = Policy(Who.ANYONE, Limit.PUBLIC_WRITES, is_write=True)
STATUS = Policy(Who.ANYONE, Limit.STATUS)
AUTH = Policy(Who.ANYONE, Limit.AUTH, is_write=True)
PAYER = Policy(Who.PAYER, Limit.PUBLIC_WRITES, is_write=True)
PAYER_BY_TEST_CARD = Policy(Who.PAYER, Limit.PUBLIC_WRITES, is_write=True, card_field="card")
PAYER_READ = Policy(Who.PAYER, Limit.STATUS)
CUSTOMER_READ = Policy(Who.CUSTOMER, Limit.CUSTOMER_READS)
CUSTOMER_WRITE = Policy(Who.CUSTOMER, Limit.CUSTOMER_WRITES, is_write=True)
CUSTOMER_AUTH = Policy(Who.CUSTOMER, Limit.AUTH, is_write=True)
STAFF_AUTH = Policy(Who.STAFF, Limit.AUTH, is_write=True)
SIGNED_BY_STRIPE = Policy(Who.STRIPE, is_write=True)
SYSTEM = Policy(Who.MACHINES)
ALIVE = Policy(Who.MACHINES, is_instant=True)
