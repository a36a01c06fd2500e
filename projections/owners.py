"""Whose a guest's bookings are and who is a VIP; kept by customers and bookings, each for itself.

A customer's own stream tells both, so they have the customer's key: what a booking needs of them is joined when asked.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from domain.customer import AccountClosed, MailChanged, MailVerified, VipGranted, VipRevoked
from eventlog.envelope import Recorded
from projections.people import CHANGES, Fold
from projections.rows import write

SCHEMA = """
    create table claims (
        mail_id     uuid not null,
        customer_id uuid not null,
        primary key (mail_id, customer_id)
    );
    create index on claims (customer_id);
    create table vips (
        person_id uuid primary key,
        is_vip    bool not null
    );
"""
OURS = frozenset({MailVerified, MailChanged, AccountClosed, VipGranted, VipRevoked})


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    fold = Fold({}, {})
    for recorded in batch:
        if type(recorded.event) in OURS:
            CHANGES[type(recorded.event)](fold, recorded)
    write_all(db, fold)


def write_all(db: Connection, fold: Fold) -> set[UUID]:
    """What the fold knows of claims and VIPs. Returns the mail addresses that are nobody's any more, by their ids."""
    gone: set[UUID] = set()
    if left := sorted(fold.moved | fold.closed):
        query = "delete from claims where customer_id = any(%s) returning mail_id"
        gone = {id for (id,) in db.cursor(row_factory=tuple_row).execute(query, (left,))}
    write(db, "claims", sorted(fold.claims), "do nothing")
    write(db, "vips", sorted(fold.vips.values()), "(person_id) do update set is_vip = excluded.is_vip")
    return gone
