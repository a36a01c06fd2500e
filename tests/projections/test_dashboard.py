"""The dashboard: each figure from the events that make it."""

from datetime import UTC, datetime, timedelta

from domain import booking, payment, pickup_day, refund
from domain.booking_events import BookingDeleted
from domain.selection import ServiceType
from projections import dashboard
from tests.projections.stories import CENTS, Story, tell
from tests.samples import MONDAY, NOON


def seen(ask, now=NOON):
    return ask(dashboard, dashboard.dashboard, now)


def test_an_empty_log_shows_zeros_everywhere(ask):
    shown = seen(ask)
    assert shown["revenue"] == {"today_cents": 0, "last_7_days_cents": 0, "last_30_days_cents": 0, "month_cents": 0}
    assert set(shown["bookings"]["by_status"].values()) == set(shown["bookings"]["by_service_type"].values()) == {0}
    assert (shown["urgent"], shown["bookings"]["upcoming"]) == ([], [])


def test_money_counts_on_the_new_york_day_on_which_it_came(store, ask):
    Story(store).place()
    Story(store).pay(at=datetime(2027, 1, 31, 4, 30, tzinfo=UTC))  # 23:30 of the 30th
    on = {day: seen(ask, datetime(2027, 1, day, 20, tzinfo=UTC))["revenue"]["today_cents"] for day in (29, 30, 31)}
    assert on == {29: 0, 30: CENTS, 31: 0}


def test_a_refund_counts_on_its_own_day(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.give_back(500, at=NOON + timedelta(days=8))
    week, later = seen(ask)["revenue"], seen(ask, NOON + timedelta(days=8))["revenue"]
    assert (week["today_cents"], week["last_7_days_cents"]) == (CENTS, CENTS)
    assert later == {"today_cents": -500, "last_7_days_cents": -500, "last_30_days_cents": CENTS - 500,
                     "month_cents": CENTS - 500}  # fmt: skip


def test_a_refund_that_failed_after_all_is_revenue_again(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.give_back()
    assert seen(ask)["revenue"]["today_cents"] == 0
    tell(store, story.id, (story.refund, refund.RefundFailed("the bank sent it back")))
    assert seen(ask)["revenue"]["today_cents"] == CENTS


def test_seven_days_are_today_and_the_six_before(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    last, gone = NOON + timedelta(days=6), NOON + timedelta(days=7)
    assert [seen(ask, now)["revenue"]["last_7_days_cents"] for now in (last, gone)] == [CENTS, 0]


def test_a_booking_is_counted_under_the_status_it_has(store, ask):
    story = Story(store)
    steps = [("pending", story.place), ("paid", story.pay),
             ("in_progress", lambda: story.turn(booking.BookingStarted())),
             ("delayed", lambda: story.turn(booking.BookingDelayed())),
             ("completed", lambda: story.turn(booking.BookingCompleted())),
             ("refunded", lambda: story.turn(booking.BookingRefunded(CENTS)))]  # fmt: skip
    for status, step in steps:
        step()
        counts = seen(ask)["bookings"]
        assert {name: n for name, n in counts["by_status"].items() if n} == {status: 1}
        assert counts["by_service_type"]["mini_move"] == 1


def test_upcoming_counts_active_bookings_from_today_on(store, ask):
    Story(store, 1).place()
    Story(store, 2, "eve").place()
    Story(store, 3, "kim", day=MONDAY + timedelta(1)).place()
    Story(store, 2, "eve").cancel()
    assert seen(ask)["bookings"]["upcoming"] == [
        {"date": MONDAY, "count": 1},
        {"date": MONDAY + timedelta(1), "count": 1},
    ]
    assert len(seen(ask, NOON + timedelta(days=8))["bookings"]["upcoming"]) == 1


def test_a_rescheduled_booking_counts_on_its_new_day_and_is_urgent_before_its_new_time(store, ask):
    story = Story(store)
    story.place()
    assert [day["date"] for day in seen(ask)["bookings"]["upcoming"]] == [MONDAY]
    story.move(MONDAY + timedelta(2), "morning_specific", 10)
    assert seen(ask)["bookings"]["upcoming"] == [{"date": MONDAY + timedelta(2), "count": 1}]
    ten = datetime(2027, 1, 13, 15, tzinfo=UTC)
    assert seen(ask, ten - timedelta(hours=24, minutes=1))["urgent"] == []
    [urgent] = seen(ask, ten - timedelta(hours=24))["urgent"]
    assert (urgent["pickup_date"], urgent["pickup_time"]) == (MONDAY + timedelta(2), "morning_specific")


def test_what_was_put_away_counts_nowhere_but_its_money_stays_and_a_refund_goes_on_waiting(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    asked = refund.RefundRequested(story.payment, story.id, 100, "scratched", "staff")
    tell(store, story.id, (story.refund, asked))
    story.cancel()
    assert [urgent["reason"] for urgent in seen(ask, NOON + timedelta(days=2))["urgent"]] == ["refund_waiting"]
    story.turn(BookingDeleted())
    shown = seen(ask, NOON + timedelta(days=2))
    assert set(shown["bookings"]["by_status"].values()) == set(shown["bookings"]["by_service_type"].values()) == {0}
    assert shown["bookings"]["upcoming"] == []
    assert [urgent["reason"] for urgent in shown["urgent"]] == ["refund_waiting"]
    assert shown["revenue"]["last_7_days_cents"] == CENTS


def test_a_counter_that_is_back_at_zero_is_as_if_it_had_never_been(store, ask, made):
    story = Story(store)
    story.place()
    seen(ask)
    story.move(MONDAY + timedelta(1))
    seen(ask)
    assert made.execute("select pickup_date from dashboard.pickups").fetchall() == [(MONDAY + timedelta(1),)]


def test_an_unpaid_booking_is_urgent_a_day_before_its_pickup(store, ask):
    Story(store, 1).place()
    Story(store, 2, "eve").place()
    Story(store, 2, "eve").pay()
    eight = datetime(2027, 1, 11, 13, tzinfo=UTC)
    assert seen(ask, eight - timedelta(hours=24, minutes=1))["urgent"] == []
    [urgent] = seen(ask, eight - timedelta(hours=24))["urgent"]
    assert (urgent["reason"], urgent["booking_number"], urgent["status"]) == ("unpaid", "TT00000001", "pending")


def test_a_delayed_booking_and_a_refund_that_waits_are_urgent(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.turn(booking.BookingStarted(), booking.BookingDelayed())
    asked = refund.RefundRequested(story.payment, story.id, 100, "scratched", "staff")
    tell(store, story.id, (story.refund, asked))
    day = timedelta(days=1)
    assert [urgent["reason"] for urgent in seen(ask, NOON + day - timedelta(minutes=1))["urgent"]] == ["delayed"]
    assert {urgent["reason"] for urgent in seen(ask, NOON + day)["urgent"]} == {"delayed", "refund_waiting"}
    tell(store, story.id, (story.refund, refund.RefundDenied("staff")))
    assert [urgent["reason"] for urgent in seen(ask, NOON + day)["urgent"]] == ["delayed"]
    tell(store, story.id, (story.refund, refund.RefundApproved("system")))
    assert [urgent["reason"] for urgent in seen(ask, NOON + day)["urgent"]] == ["delayed"]


def test_a_refund_that_failed_is_urgent_until_it_is_tried_again(store, ask):
    story = paid(store)
    asked = refund.RefundRequested(story.payment, story.id, 100, "late_payment", "system")
    tell(store, story.id, (story.refund, asked), (story.refund, refund.RefundApproved("system")))
    assert reasons(ask) == []
    tell(store, story.id, (story.refund, refund.RefundFailed("expired_or_canceled_card")))
    assert reasons(ask) == ["refund_failed"]
    assert reasons(ask, NOON + timedelta(days=30)) == []
    tell(store, story.id, (story.refund, refund.RefundTriedAgain("staff", 2)))
    assert reasons(ask) == []
    tell(store, story.id, (story.refund, refund.RefundFailed("refunded_at_stripe")))
    assert reasons(ask) == []


def test_a_refund_that_a_person_began_at_stripe_is_urgent_for_a_week(store, ask):
    story = paid(store)
    asked = refund.RefundRequested(story.payment, story.id, 100, refund.BEGUN_AT_STRIPE, "stripe")
    tell(store, story.id, (story.refund, asked), (story.refund, refund.RefundCompleted("re_1", 100)))
    assert reasons(ask) == ["refund_at_stripe"]
    assert reasons(ask, NOON + timedelta(days=7)) == []


def paid(store):
    story = Story(store)
    story.place()
    story.pay()
    return story


def reasons(ask, now=NOON):
    return [urgent["reason"] for urgent in seen(ask, now)["urgent"]]


def test_a_dispute_is_urgent_until_the_last_is_closed_also_where_the_booking_is_over_or_put_away(store, ask):
    story = Story(store)
    story.place()
    story.pay()

    def happens(event, day):
        tell(store, story.id, (story.payment, event), at=NOON + timedelta(day))
        return [(urgent["reason"], urgent["since"]) for urgent in seen(ask)["urgent"]]

    since = [("dispute", NOON + timedelta(1))]
    assert happens(payment.DisputeOpened("dp_1", CENTS, "fraudulent"), 1) == since
    story.cancel()
    story.turn(BookingDeleted())
    assert happens(payment.DisputeOpened("dp_2", CENTS, "general"), 2) == since
    assert happens(payment.DisputeClosed("dp_1", "won"), 3) == since
    assert happens(payment.DisputeClosed("dp_2", "won"), 4) == []
    assert happens(payment.DisputeClosed("dp_2", "lost"), 5) == []


def test_a_lost_dispute_is_gone_from_revenue_on_the_day_on_which_it_closes(store, ask):
    story = Story(store)
    story.place()
    story.pay()

    def earned(event, day):
        tell(store, story.id, (story.payment, event), at=NOON + timedelta(day))
        revenue = seen(ask, NOON + timedelta(day))["revenue"]
        return revenue["today_cents"], revenue["last_7_days_cents"]

    assert earned(payment.DisputeOpened("dp_1", 500, "fraudulent"), 1) == (0, CENTS)
    assert earned(payment.DisputeClosed("dp_1", "lost"), 2) == (-500, CENTS - 500)
    assert earned(payment.DisputeOpened("dp_2", 300, "general"), 3) == (0, CENTS - 500)
    assert earned(payment.DisputeClosed("dp_2", "won"), 4) == (0, CENTS - 500)
    assert earned(payment.DisputeClosed("dp_1", "won"), 5) == (500, CENTS)


def test_a_dispute_that_opens_anew_is_not_lost_any_more(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    lost = payment.DisputeOpened("dp_1", 500, "general"), payment.DisputeClosed("dp_1", "lost")
    tell(store, story.id, *((story.payment, event) for event in lost))
    assert seen(ask)["revenue"]["today_cents"] == CENTS - 500
    tell(store, story.id, (story.payment, payment.DisputeOpened("dp_1", 700, "general")))
    assert (seen(ask)["revenue"]["today_cents"], len(seen(ask)["urgent"])) == (CENTS, 1)


def test_capacity_shows_fourteen_days_with_places_taken_and_to_be_had(store, ask):
    Story(store).place()
    stream = pickup_day.stream(MONDAY)
    tell(store, stream, (stream, pickup_day.LimitSet(MONDAY, ServiceType.MINI_MOVE, 4)))
    tuesday = pickup_day.stream(MONDAY + timedelta(1))
    tell(store, tuesday, (tuesday, pickup_day.DayBlackedOut(MONDAY + timedelta(1), "snow")))
    capacity = seen(ask)["capacity"]
    assert len(capacity) == 14
    assert [(day["date"].day, day["used"], day["limit"]) for day in capacity[6:9]] == [
        (10, 0, 40),
        (11, 1, 34),
        (12, 0, 0),
    ]
