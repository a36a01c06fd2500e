"""What customers count as is kept, not looked up: it is what their list shows, also when several count at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg

from bench.past import load
from domain import booking, customer
from eventlog.envelope import unseal_all
from eventlog.feed import PostgresFeed, Progress, open_log
from projections import customers
from projections.customer_list import Wish, listed
from projections.erasing import erase_person
from tests.projections.accounts import Account
from tests.projections.stories import Story
from tests.samples import NOON, person
from tests.waiting import until

WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%totals%'"
TOTALS = "select total, bronze, silver from customers.totals"


def completed(store, n, name="ada"):
    story = Story(store, n, name)
    story.place()
    story.turn(booking.BookingConfirmed(), booking.BookingStarted(), booking.BookingCompleted())
    return story


def test_the_summary_counts_those_who_are_listed_under_their_tiers(store, ask, made, vault):
    load(made, vault, 3_000)
    ada = Account(store)
    ada.register()
    ada.verify()
    for n in (1, 2, 3):
        completed(store, 90_000 + n)
    shown = ask(customers, listed, Wish(limit=2_000)).customers
    told = ask(customers, customers.summary, NOON)
    assert told["total"] == len(shown) > 200
    assert +Counter(told["by_tier"]) == Counter(one["loyalty_tier"] for one in shown)
    assert ask(customers, listed, Wish("ada", tier="silver")).customers


def test_nobody_is_counted_who_closed_their_account_or_is_forgotten(store, ask, made):
    ada = Account(store)
    ada.register()
    completed(store, 1, "eve")
    assert ask(customers, customers.summary, NOON)["total"] == 2
    ada.tell(customer.AccountClosed())
    assert ask(customers, customers.summary, NOON)["total"] == 1
    store.vault.destroy(made, person("eve"), store.recorder.max_notification_id())
    erase_person(made, person("eve"))
    assert ask(customers, customers.summary, NOON) | {"by_tier": {}} == {"total": 0, "new": 0, "vip": 0, "by_tier": {}}
    assert made.execute("select * from customers.standings").fetchall() == []


def test_two_who_count_the_same_customer_at_once_do_not_miss_each_other(store, made, database):
    """One sees two completed bookings, the other the third: only together they are silver."""
    stories = [completed(store, n) for n in (1, 2, 3)]
    events = PostgresFeed(open_log(store.recorder)).read({n: Progress() for n in range(8)}, 1_000, 0).events
    placed = [one for one in events if one.name == "BookingPlaced"]
    turns = [one for one in events if one not in placed]
    later = [[one for one in turns if (one.key == stories[0].id) is own] for own in (False, True)]
    with psycopg.connect(database) as first, psycopg.connect(database) as second, ThreadPoolExecutor(1) as thread:
        for db in (first, second):
            db.execute("set search_path = customers, pg_catalog")
        customers.project(first, unseal_all(placed, store.vault, made))
        first.commit()
        customers.project(first, later[0])
        counting = thread.submit(customers.project, second, later[1])
        until(lambda: made.execute(WAITING).fetchone()[0])
        first.commit()
        counting.result(30)
        second.commit()
    assert made.execute(TOTALS).fetchall() == [(1, 0, 1)]
