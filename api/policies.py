"""Who may call a route and how often: each route declares one of these beside its path."""

from enum import StrEnum

from domain import Value


class Who(StrEnum):
    """Whom a route is for. A payer needs no more than the booking's number, which cannot be guessed."""

    ANYONE = "anyone"
    PAYER = "payer"
    STAFF = "staff"
    STRIPE = "stripe"
    MACHINES = "machines"


class Limit(Value):
    """A bucket of tokens, refilled within a minute: one for an address or a user, shared by the routes of a name."""

    name: str
    per_minute: int


class Policy(Value):
    """`limit` is counted for the caller's address, or for the user where one has to be logged in.

    What `is_instant` waits for nothing and so needs no thread: it answers also while all threads wait for Postgres.
    """

    who: Who
    limit: Limit | None = None
    is_write: bool = False
    is_instant: bool = False


CATALOGUE = Policy(Who.ANYONE)
PUBLIC_WRITE = Policy(Who.ANYONE, Limit("public writes", 20), is_write=True)
STATUS = Policy(Who.ANYONE, Limit("status look-ups", 30))
LOGIN = Policy(Who.ANYONE, Limit("auth", 5), is_write=True)
PAYER = Policy(Who.PAYER, Limit("public writes", 20), is_write=True)
PAYER_READ = Policy(Who.PAYER, Limit("status look-ups", 30))
STAFF_READ = Policy(Who.STAFF, Limit("staff reads", 300))
STAFF_WRITE = Policy(Who.STAFF, Limit("staff writes", 60), is_write=True)
SIGNED_BY_STRIPE = Policy(Who.STRIPE, is_write=True)
SYSTEM = Policy(Who.MACHINES)
ALIVE = Policy(Who.MACHINES, is_instant=True)
