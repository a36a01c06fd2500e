"""Whoever is forgotten while something of theirs is being written: neither waits for the other for ever."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from commands.bookings import Address
from commands.customer_sheet import contact_of
from commands.customers import forget_customer
from commands.export import held
from commands.profiles import ProfileChange, change_profile
from commands.saved_addresses import AddressToSave, add_address, checked
from domain import Refused
from eventlog.store import EventStore
from tests.commands.accounts_made import verified
from tests.waiting import until

# Two who wait for each other are not parted, but give up after a while.
NO_WAY_OUT = "-c deadlock_timeout=1h -c lock_timeout=20s"
WAITING = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
HOME = Address("1 Main St", "New York", "NY", "10013")


def save_address(id, ctx):
    add_address(checked(AddressToSave(id, "Home", HOME), ctx), ctx)


def ask_for_mail(id, ctx):
    with pytest.raises(Refused, match="closed"):
        change_profile(id, ProfileChange(first_name="Augusta", email="new@example.com"), 2, ctx)


MEETINGS = {
    "an_address_is_saved": ("eventlog.person_keys where person_id", [save_address, forget_customer]),
    "another_mail_is_asked_for": ("api.accounts where id", [forget_customer, ask_for_mail]),
}


@pytest.mark.parametrize("meeting", sorted(MEETINGS))
def test_who_is_forgotten_while_they_write_is_forgotten(ctx, database, vault, meeting):
    """Both come to the same row, in this order, while somebody has it; then it is free."""
    row, acts = MEETINGS[meeting]
    id = verified(ctx)
    with (
        EventStore(make_conninfo(database, options=NO_WAY_OUT), vault) as store,
        psycopg.connect(database, autocommit=True) as watch,
        ThreadPoolExecutor(2) as both,
    ):
        with psycopg.connect(database) as db:
            db.execute(f"select from {row} = %s for update", (id,))
            done = []
            for act in acts:
                done.append(both.submit(partial(act, id, ctx(store=store))))
                until(lambda: watch.execute(WAITING).rowcount == len(done))
        for one in done:
            one.result(60)
        assert contact_of(store.history(id)) is None
        assert watch.execute("select from api.accounts").rowcount == 0


def test_an_export_of_who_is_forgotten_in_this_moment_is_refused(ctx):
    id = verified(ctx)
    forget_customer(id, ctx())
    with pytest.raises(Refused, match="closed"):
        held(id, {}, ctx())
