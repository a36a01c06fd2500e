"""The bookings as staff list them: each line from its events, found, narrowed, sorted, page by page, and forgotten."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain import booking, customer
from domain.booking_events import BookingDeleted, CoreAreaOverridden, TimesPlanned
from domain.booking_status import Status
from projections import bookings
from projections.booking_list import After, Sort, Wish, given, listed, statement
from projections.erasing import erase_person
from projections.rebuilding import Site, rebuild
from projections.schemas import look_into
from tests.projections.accounts import Account, Member
from tests.projections.stories import CENTS, Story, rows, tell
from tests.samples import MONDAY, NOON, PRICING, person

DAY = timedelta(days=1)


def lines(ask, **wish):
    return ask(bookings, listed, Wish(**wish)).bookings


def numbers(ask, **wish):
    return [line["booking_number"][-1] for line in lines(ask, **({"is_descending": False} | wish))]


def forget(store, person_id):
    position = store.recorder.max_notification_id()
    with store.recorder.transaction() as db:
        store.vault.destroy(db, person_id, position)


def test_a_line_shows_what_was_booked_by_whom_and_what_is_due(store, ask):
    Story(store).place()
    [line] = lines(ask)
    assert line == {
        "id": Story(store).id, "booking_number": "TT00000001", "status": "pending", "service_type": "mini_move",
        "pickup_date": MONDAY, "pickup_time": "morning", "specific_pickup_hour": None,
        "customer": {"id": person("ada"), "name": "Ada Byron", "email": "ada@example.com", "phone": "+12125550123",
                     "is_vip": False, "is_guest": True},
        "pickup_city": "New York", "pickup_zip_code": "10013",
        "delivery_city": "Southampton", "delivery_zip_code": "11968",
        "total_price_cents": CENTS, "balance_due_cents": CENTS, "created_at": NOON, "updated_at": NOON}  # fmt: skip


def test_a_line_follows_what_is_changed(store, ask):
    story = Story(store)
    story.place()
    story.move(MONDAY + DAY, "morning_specific", 9, cents=CENTS + 5_000)
    [line] = lines(ask)
    assert (line["pickup_date"], line["pickup_time"], line["specific_pickup_hour"]) == (
        MONDAY + DAY, "morning_specific", 9)  # fmt: skip
    assert line["total_price_cents"] == line["balance_due_cents"] == CENTS + 5_000
    story.send_to("Sag Harbor", "11963", cents=CENTS + 7_000)
    [line] = lines(ask)
    assert (line["delivery_city"], line["delivery_zip_code"]) == ("Sag Harbor", "11963")
    assert line["total_price_cents"] == CENTS + 7_000
    story.turn(CoreAreaOverridden(person("ada"), False, PRICING))
    assert lines(ask)[0]["total_price_cents"] == CENTS


def test_what_is_due_is_what_was_not_paid_while_it_is_active(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    assert (lines(ask)[0]["status"], lines(ask)[0]["balance_due_cents"]) == ("paid", 0)
    story.move(MONDAY + DAY, cents=CENTS + 5_000)
    assert lines(ask)[0]["balance_due_cents"] == 5_000
    story.cancel()
    assert (lines(ask)[0]["status"], lines(ask)[0]["balance_due_cents"]) == ("cancelled", 0)


def test_whatever_happens_to_a_booking_is_its_last_update(store, ask):
    story = Story(store)
    story.place()
    for n, event in enumerate((booking.BookingConfirmed(), TimesPlanned(None, None), BookingDeleted()), 1):
        story.turn(event, at=NOON + n * DAY)
        [line] = lines(ask, deleted=isinstance(event, BookingDeleted))
        assert (line["created_at"], line["updated_at"]) == (NOON, NOON + n * DAY)


def test_what_was_put_away_is_listed_only_when_asked_for(store, ask):
    away = Story(store, 1)
    away.place()
    Story(store, 2).place()
    away.cancel()
    away.turn(BookingDeleted())
    assert (numbers(ask), numbers(ask, deleted=True)) == (["2"], ["1"])
    assert numbers(ask, deleted=True, status=(Status.PENDING,)) == []
    assert (numbers(ask, search="TT00000001"), numbers(ask, search="TT00000001", deleted=True)) == ([], ["1"])


def test_the_list_is_narrowed_by_status_service_day_and_customer_together(store, ask):
    for n in range(1, 5):
        Story(store, n, f"guest{n % 2}", day=MONDAY + n * DAY).place(at=NOON + n * DAY)
    Story(store, 3, "guest1").pay()
    assert numbers(ask, status=(Status.PENDING,)) == ["1", "2", "4"]
    assert numbers(ask, status=(Status.PAID, Status.PENDING, Status.PENDING)) == ["1", "2", "3", "4"]
    assert (numbers(ask, service_type="mini_move"), numbers(ask, service_type="blade_transfer")) == (list("1234"), [])
    assert numbers(ask, pickup_from=MONDAY + 2 * DAY, pickup_to=MONDAY + 3 * DAY) == ["2", "3"]
    assert numbers(ask, customer=person("guest1")) == ["1", "3"]
    assert numbers(ask, customer=person("guest1"), status=(Status.PAID,), pickup_from=MONDAY) == ["3"]
    assert numbers(ask, customer=person("nobody")) == []


def test_a_customer_is_found_by_either_id_with_all_that_is_theirs(store, ask):
    ada = Account(store)
    ada.register()
    Story(store, 1).place()
    Member(ada, 2).place(at=NOON + DAY)
    assert (numbers(ask, customer=ada.id), numbers(ask, customer=ada.mail_id)) == (["2"], ["1"])
    ada.verify()
    assert numbers(ask, customer=ada.id) == numbers(ask, customer=ada.mail_id) == ["1", "2"]
    assert [(one["customer"]["id"], one["customer"]["is_guest"]) for one in lines(ask)] == [
        (ada.id, False), (ada.id, True)]  # fmt: skip
    ada.tell(customer.AccountClosed())
    assert numbers(ask, customer=ada.id) == ["2"]


def test_a_vip_is_who_is_one_guest_or_account_and_what_the_account_is_counts(store, ask):
    ada, eve = Account(store), person("eve")
    ada.register()
    Story(store, 1).place()
    Story(store, 2, "eve").place(at=NOON + DAY)
    tell(store, eve, (eve, customer.VipGranted()))
    tell(store, ada.mail_id, (ada.mail_id, customer.VipGranted()))
    assert (numbers(ask, is_vip=True), numbers(ask, is_vip=False)) == (["1", "2"], [])
    ada.verify()
    assert (numbers(ask, is_vip=True), numbers(ask, is_vip=False)) == (["2"], ["1"])
    ada.tell(customer.VipGranted())
    assert [line["customer"]["is_vip"] for line in lines(ask)] == [True, True]
    assert (numbers(ask, is_vip=True), numbers(ask, is_vip=False)) == (["1", "2"], [])


@pytest.mark.parametrize(
    "typed", ["TT00000001", "tt0000000", "ada", "byr", "ada@example.com", "(212) 555-0123", "0123"]
)
def test_a_booking_is_found_by_its_number_and_by_whom_it_is(store, ask, typed):
    Story(store).place()
    assert numbers(ask, search=typed) == ["1"]
    assert numbers(ask, search=typed, status=(Status.PAID,)) == numbers(ask, search=f"{typed}x") == []


def test_a_search_without_letters_and_digits_finds_none(store, ask):
    Story(store).place()
    assert numbers(ask, search="?!'&") == []


@pytest.mark.parametrize("sort", sorted(Sort))
@pytest.mark.parametrize("is_descending", [False, True])
def test_pages_hold_every_booking_once_in_order_also_when_others_come_between(store, ask, sort, is_descending):
    stories = [Story(store, n, f"guest{n}", day=MONDAY + n // 2 * DAY) for n in range(6)]
    for n, story in enumerate(stories):
        story.place(at=NOON + n // 2 * DAY)
    for story in stories[::2]:
        story.pay()
    whole = lines(ask, sort=sort, is_descending=is_descending)
    keys = [(line[sort], line["id"]) for line in whole]
    assert keys == sorted(keys, reverse=is_descending)
    assert pages(store, ask, Wish(sort=sort, is_descending=is_descending, limit=2)) == [line["id"] for line in whole]


def pages(store, ask, wish):
    """The ids of all pages, less those that came while somebody turned the pages."""
    seen, news = [], []
    while True:
        page = ask(bookings, listed, wish)
        seen += [line["id"] for line in page.bookings]
        if page.next is None:
            return [id for id in seen if id not in news]
        late = Story(store, 50 + len(news), f"late{len(news)}", day=MONDAY + len(news) * DAY)
        late.place(at=NOON + len(news) * DAY)
        news.append(late.id)
        wish = replace(wish, after=page.next)


@pytest.mark.parametrize("sort", sorted(Sort))
def test_a_page_takes_the_next_of_each_status_and_sorts_no_others(store, ask, made, sort):
    """However many bookings there are: the next page by cursor reads a handful of rows in the order of an index."""
    Story(store).place()
    lines(ask)
    with made.transaction(force_rollback=True):
        look_into(made, "bookings")
        made.execute(MANY)
        made.execute("analyze lines")
        [last] = made.execute(f"select {sort}::text, booking_id from lines order by 1 offset 900 limit 1").fetchall()
        wish = Wish(sort=sort, status=(Status.PENDING, Status.PAID), limit=5, after=After(*last))
        asked = f"explain (analyze, format json) {statement(wish)}"
        [([told],)] = made.execute(asked, given(made, wish)).fetchall()
    scans = [node for node in nodes(told["Plan"]) if node.get("Relation Name") == "lines"]
    assert {node["Index Name"] for node in scans} == {f"lines_status_{sort}_booking_id_idx"}
    assert sum(node["Actual Rows"] for node in scans) <= 8
    assert all("ROW(" in node["Index Cond"] for node in scans)


MANY = """
    insert into lines select gen_random_uuid(), 'TX' || n, gen_random_uuid(), true, status, 'mini_move',
           pickup_date + n % 700, pickup_time, null, '', '', '', '', n, 0, created_at + n * interval '1 minute',
           updated_at, false from lines, generate_series(1, 20000) n"""


def nodes(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def test_who_was_forgotten_has_no_name_and_the_booking_is_found_by_its_number_alone(store, ask, made, database):
    Story(store, 1, "canary").place()
    Story(store, 2, "eve").place()
    assert numbers(ask, search="canary") == ["1"]
    forget(store, person("canary"))
    assert erase_person(made, person("canary")) == 0
    assert "canary" not in str(rows(made, "bookings")).lower()
    assert numbers(ask, search="canary") == []
    [line] = lines(ask, search="TT00000001")
    assert (line["customer"]["name"], line["customer"]["email"], line["total_price_cents"]) == (None, None, CENTS)
    assert rebuild(Site(database, store.vault), bookings).differences == []


def test_what_erasing_leaves_behind_is_found(store, ask, made, monkeypatch):
    Story(store).place()
    lines(ask)
    forget(store, person("ada"))
    monkeypatch.setattr(bookings, "erase", lambda db, person_ids: None)
    assert erase_person(made, person("ada")) == 1


def test_who_books_again_after_being_forgotten_is_known_by_the_new_booking(store, ask, made, database):
    Story(store, 1).place()
    lines(ask)
    forget(store, person("ada"))
    Story(store, 2).place(at=NOON + DAY)
    assert len(lines(ask)) == 2
    assert erase_person(made, person("ada")) == 0
    assert numbers(ask, search="ada") == ["2"]
    assert rebuild(Site(database, store.vault), bookings).differences == []
