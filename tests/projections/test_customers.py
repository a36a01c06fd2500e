"""Customers: accounts and guests, whose bookings are whose, what they spent, and how high they have come."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from domain import booking, customer, refund
from domain.booking_events import BookingDeleted
from domain.ids import booking_id
from eventlog.envelope import unseal_all
from eventlog.feed import PostgresFeed, Progress, open_log
from projections import customers
from projections.applying import apply
from projections.customer_list import Wish, listed
from projections.erasing import erase_person
from projections.rebuilding import Site, rebuild
from tests.projections.accounts import Account, Member
from tests.projections.stories import CENTS, Story, empty, rows, tell
from tests.samples import NOON, person, placed

DAY = timedelta(days=1)


def everybody(ask, **wish):
    return ask(customers, listed, Wish(**wish)).customers


def names(ask, **wish):
    return [one["first_name"] for one in everybody(ask, **wish)]


def statistics(ask, *person_ids):
    return ask(customers, customers.statistics, list(person_ids))


def summary(ask, now=NOON):
    return ask(customers, customers.summary, now)


def forget(store, person_id):
    position = store.recorder.max_notification_id()
    with store.recorder.transaction() as db:
        store.vault.destroy(db, person_id, position)


def test_a_guest_is_a_customer_since_the_first_booking_and_is_called_as_in_the_newest(store, ask):
    Story(store, 1).place(at=NOON + DAY)
    king = placed(number="TT00000002")
    king = replace(king, personal=replace(king.personal, last_name="King"))
    tell(store, booking_id(king.booking_number), (booking_id(king.booking_number), king))
    [ada] = everybody(ask)
    assert (ada["id"], ada["has_account"], ada["registered_at"]) == (person("ada"), False, NOON)
    assert (ada["first_name"], ada["last_name"], ada["email"], ada["phone"]) == (
        "Ada", "King", "ada@example.com", "+12125550123")  # fmt: skip


def test_an_account_is_called_as_its_details_were_corrected_and_its_mail_changed(store, ask):
    ada = Account(store)
    ada.register(email="old@example.com")
    ada.tell(customer.CustomerDetailsCorrected(ada.id, customer.Contact("Ada", "King", "old@example.com", "+1")))
    ada.tell(customer.MailChanged(ada.id, person("new"), customer.MailAddress("new@example.com")))
    [shown] = everybody(ask)
    assert (shown["id"], shown["has_account"], shown["registered_at"]) == (ada.id, True, NOON)
    assert (shown["last_name"], shown["email"]) == ("King", "new@example.com")
    assert names(ask, search="new@example.com") == ["Ada"]
    assert names(ask, search="old@example.com") == []


def test_a_guest_whose_mail_an_account_has_verified_is_shown_under_the_account_alone(store, ask):
    ada, guest = Account(store), Story(store)
    guest.place()
    guest.pay()
    ada.register()
    assert len(everybody(ask)) == 2
    ada.verify()
    [shown] = everybody(ask)
    assert (shown["id"], shown["total_spent_cents"], shown["total_bookings"]) == (ada.id, CENTS, 1)
    assert summary(ask)["total"] == 1


def test_a_guest_of_an_account_that_was_closed_is_a_guest_again(store, ask):
    ada = Account(store)
    Story(store).place()
    ada.register()
    ada.verify()
    ada.tell(customer.AccountClosed())
    [shown] = everybody(ask)
    assert (shown["id"], shown["has_account"]) == (person("ada"), False)


def test_statistics_count_what_was_paid_over_all_the_persons_of_a_customer(store, ask):
    ada = Account(store)
    ada.register()
    guest, member, unpaid = Story(store, 1), Member(ada, 2), Story(store, 3, "eve")
    for story, at in ((guest, NOON), (member, NOON + DAY), (unpaid, NOON)):
        story.place(at=at)
    guest.pay()
    member.pay()
    both = statistics(ask, ada.id, ada.mail_id)
    assert (both["total_bookings"], both["total_spent_cents"], both["last_booking_at"]) == (2, 2 * CENTS, NOON + DAY)
    assert statistics(ask, ada.id)["total_spent_cents"] == CENTS
    assert statistics(ask, person("eve"))["total_bookings"] == 0
    assert statistics(ask, uuid4())["last_booking_at"] is None


def test_a_refund_is_not_spent_and_one_that_failed_after_all_is_spent_again(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.give_back(500)
    assert statistics(ask, person("ada"))["total_spent_cents"] == CENTS - 500
    tell(store, story.id, (story.refund, refund.RefundFailed("the bank sent it back")))
    assert statistics(ask, person("ada"))["total_spent_cents"] == CENTS


@pytest.mark.parametrize(
    ("completed", "cents", "tier"),
    [(0, 0, "bronze"), (2, 249_999, "bronze"), (3, 0, "silver"), (0, 250_000, "silver"), (7, 999_999, "silver"),
     (8, 0, "gold"), (0, 1_000_000, "gold"), (19, 2_499_999, "gold"), (20, 0, "platinum"), (0, 2_500_000, "platinum")],
)  # fmt: skip
def test_the_tier_follows_what_was_completed_or_spent(made, ask, completed, cents, tier):
    ada = uuid4()
    for n in range(max(1, completed)):
        made.execute(
            "insert into customers.purchases values (%s, %s, %s, null, null, true, %s, 0, '{}', %s)",
            (uuid4(), ada, NOON, n < completed, 0 if n else cents),
        )
    assert statistics(ask, ada)["loyalty_tier"] == tier


def test_a_booking_that_was_given_back_is_completed_no_more(store, ask):
    for n in range(3):
        story = Story(store, n)
        story.place()
        story.turn(booking.BookingConfirmed(), booking.BookingStarted(), booking.BookingCompleted())
    assert statistics(ask, person("ada"))["loyalty_tier"] == "silver"
    assert summary(ask)["by_tier"] == {"bronze": 0, "silver": 1, "gold": 0, "platinum": 0}
    story.turn(booking.BookingRefunded(CENTS))
    assert statistics(ask, person("ada"))["loyalty_tier"] == "bronze"


def test_new_are_those_who_came_in_the_last_thirty_days(store, ask):
    Story(store, 1).place()
    Account(store, "eve").register(at=NOON + 29 * DAY)
    assert [summary(ask, NOON + n * DAY)["new"] for n in (30, 31, 60)] == [2, 1, 0]
    assert summary(ask, NOON + 60 * DAY)["total"] == 2


def test_everybody_is_counted_once_under_the_tier_that_all_their_bookings_reach(store, ask):
    assert summary(ask) == {"total": 0, "new": 0, "vip": 0,
                            "by_tier": {"bronze": 0, "silver": 0, "gold": 0, "platinum": 0}}  # fmt: skip
    ada = Account(store)
    ada.register()
    ada.verify()
    for story in (Story(store, 1), Story(store, 2), Member(ada, 3), Story(store, 4, "eve")):
        story.place()
        story.pay()
    assert summary(ask)["by_tier"] == {"bronze": 1, "silver": 1, "gold": 0, "platinum": 0}
    assert [one["first_name"] for one in everybody(ask, tier="silver")] == ["Ada"]


def test_vip_is_who_was_granted_it_last_guest_or_account(store, ask):
    ada, eve = Account(store), person("eve")
    ada.register()
    Story(store, 1, "eve").place()
    ada.tell(customer.VipGranted())
    tell(store, eve, (eve, customer.VipGranted()))
    assert sorted(names(ask, is_vip=True)) == ["Ada", "Eve"]
    ada.tell(customer.VipRevoked())
    assert (names(ask, is_vip=True), names(ask, is_vip=False), summary(ask)["vip"]) == (["Eve"], ["Ada"], 1)


def test_what_was_put_away_was_bought_all_the_same(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.turn(BookingDeleted())
    assert statistics(ask, person("ada"))["total_spent_cents"] == CENTS


def test_who_was_forgotten_is_not_listed_and_nothing_is_kept_of_them(store, ask, made):
    Story(store, 1, "canary").place()
    account = Account(store, "canaryaccount")
    account.register()
    Story(store, 3, "eve").place()
    assert len(everybody(ask)) == 3
    for id in (person("canary"), account.id):
        forget(store, id)
        assert erase_person(made, id) == 0
    assert names(ask) == ["Eve"]
    assert summary(ask)["total"] == 1
    assert "canary" not in str(rows(made, "customers")).lower()


def test_what_erasing_leaves_behind_is_found(store, ask, made, monkeypatch):
    Story(store).place()
    everybody(ask)
    forget(store, person("ada"))
    monkeypatch.setattr(customers, "erase", lambda db, person_ids: None)
    assert erase_person(made, person("ada")) == 1


def test_a_guest_who_books_again_after_being_forgotten_is_known_anew(store, ask, made, database):
    Story(store, 1).place()
    everybody(ask)
    forget(store, person("ada"))
    Story(store, 2).place(at=NOON + DAY)
    assert names(ask) == ["Ada"]
    assert erase_person(made, person("ada")) == 0
    assert names(ask) == ["Ada"]
    assert rebuild(Site(database, store.vault), customers).differences == []


def test_keys_in_any_order_give_the_same_rows(store, made):
    ada, guest = Account(store), Story(store)
    for step in (guest.place, ada.register, guest.pay, ada.verify, Member(ada, 2).place, Story(store, 3).place):
        step()
    ada.tell(customer.VipGranted())
    Account(store, "eve").register()
    Account(store, "eve").tell(customer.AccountClosed())
    events = PostgresFeed(open_log(store.recorder)).read({n: Progress() for n in range(8)}, 1_000, 0)
    apply(made, customers, events, store.vault)
    expected = rows(made, "customers")
    assert len(expected["people"]) == 2
    read = unseal_all(events.events, store.vault, made)
    for first in {recorded.key for recorded in events.events}:
        empty(made, "customers")
        with made.transaction():
            made.execute("set local search_path = customers")
            for part in (True, False):
                customers.project(made, [r for r in read if (r.key == first) is part])
        assert rows(made, "customers") == expected
