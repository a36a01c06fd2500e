"""A booking is changed with its places and its open payment, or stays as it was; what was paid counts as it came."""

from datetime import time

import pytest
from msgspec.structs import replace

from commands.bookings import place_booking
from commands.changing import ByStaff
from commands.payments import cancel_intent, create_intent, open_payment
from commands.readdressing import Ends
from domain.booking import Status, due_cents
from domain.house import PaymentMaximumSet
from domain.ids import payment_id
from domain.selection import BladeTransfer, StandardDelivery
from tests.commands.changes import (
    AT_NINE,
    NEAR,
    SATURDAY,
    STAFF,
    TUESDAY,
    black_out,
    change,
    confirm_booking,
    furnish,
    has_its_place,
    head,
    limit,
    on,
    places,
    refused,
    start_booking,
)
from tests.commands.wishes import BEACH, PASSES, TOWN, WANTED, asks, at_stripe, booking, day, names, pay, payment, place
from tests.samples import MONDAY, NOON


def total(ctx, placed):
    return booking(ctx, placed).placed.pricing.total_price_cents


def test_another_slot_of_a_full_day_is_no_further_place(ctx):
    placed = place(ctx)
    limit(ctx, MONDAY, 1)
    appended = change(ctx, placed, AT_NINE)
    slot = day(ctx).places[placed.booking_id].slot
    assert (slot.pickup_time, slot.specific_pickup_hour, len(day(ctx).places)) == ("morning_specific", 9, 1)
    assert [r.name for r in appended.events] == [
        "BookingRescheduled",
        "PaymentWithdrawn",
        "PlaceReleased",
        "PlaceReserved",
    ]
    assert total(ctx, placed) == 117000 + 5000


def test_another_day_leaves_the_old_place_to_others_in_one_append(ctx):
    limit(ctx, MONDAY, 1)
    placed = place(ctx)
    change(ctx, placed, on(SATURDAY), reason="Snow")
    assert has_its_place(ctx, placed)
    assert places(ctx, placed) == [SATURDAY]
    assert total(ctx, placed) == 117000 + 19900
    place(ctx, "eve")
    moved = ctx().store.history(placed.booking_id)[-1].event
    assert (moved.moved_from, moved.pickup_date, moved.personal.text) == (MONDAY, SATURDAY, "Snow")


def full(ctx):
    limit(ctx, TUESDAY, 0)


def shut(ctx):
    black_out(ctx, TUESDAY)


def booked_elsewhere(ctx):
    place(ctx, wanted=replace(WANTED, pickup_date=TUESDAY, selection=StandardDelivery(3)))


@pytest.mark.parametrize(
    ("what", "code", "path"),
    [
        (booked_elsewhere, "slot_taken", "/pickup_time"),
        (full, "no_capacity", "/pickup_date"),
        (shut, "blackout_day", "/pickup_date"),
    ],
)
def test_a_day_that_cannot_be_had_leaves_everything_as_it_was(ctx, what, code, path):
    placed = place(ctx)
    what(ctx)
    assert refused(ctx, change, placed, on(TUESDAY), special_instructions="Not either") == (code, path)
    assert places(ctx, placed) == [MONDAY]
    assert names(ctx, placed.booking_id) == ["BookingPlaced"]


def test_the_rules_of_days_and_hours_hold_for_changes_too(ctx):
    placed = place(ctx)
    wrong = {
        "pickup_in_past": on(NOON.date().replace(day=3)),
        "same_day_required": on(NOON.date()),
        "outside_booking_window": on(MONDAY.replace(month=6)),
        "pickup_hour_required": replace(AT_NINE, specific_pickup_hour=None),
        "pickup_hour_not_allowed": replace(AT_NINE, pickup_time=None),
        "invalid_value": replace(AT_NINE, specific_pickup_hour=11),
        "unexpected_field": on(TUESDAY, is_same_day_delivery=True),
    }
    assert {code: refused(ctx, change, placed, time)[0] for code, time in wrong.items()} == {
        code: code for code in wrong
    }


def test_the_open_payment_is_withdrawn_exactly_when_the_total_is_another(ctx):
    placed = place(ctx)
    change(ctx, placed, on(TUESDAY), special_instructions="Ring once")
    assert not payment(ctx, placed).is_withdrawn
    change(ctx, placed, on(SATURDAY))
    assert payment(ctx, placed).is_withdrawn
    change(ctx, placed, on(MONDAY))
    second, _ = create_intent(placed.booking_number, ctx())
    assert second == payment_id(placed.booking_id, 2)
    assert (at_stripe(ctx, placed).status, at_stripe(ctx, placed, second).amount_cents) == ("canceled", 117000)
    change(ctx, placed, on(SATURDAY))
    third, _ = create_intent(placed.booking_number, ctx())
    assert payment(ctx, placed, third).amount_cents == total(ctx, placed) == 136900
    pay(ctx, replace(placed, payment_id=third))
    assert (booking(ctx, placed).status, due_cents(booking(ctx, placed))) == ("paid", 0)


def test_money_for_the_old_price_that_comes_all_the_same_is_paid_and_the_rest_is_due(ctx):
    placed = place(ctx)
    change(ctx, placed, AT_NINE)
    ctx().stripe.confirm_with_card(payment(ctx, placed).intent_id, PASSES, "http://127.0.0.1/")
    cancel_intent(placed.payment_id, ctx())
    made = booking(ctx, placed)
    assert (made.status, made.paid_cents, due_cents(made)) == ("paid", 117000, 5000)
    assert has_its_place(ctx, placed)


def test_what_was_begun_and_carried_out_unpaid_at_a_new_price_can_still_be_paid(ctx):
    placed = place(ctx)
    for status in (Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED):
        time = AT_NINE if status is Status.CONFIRMED else None
        change(ctx, placed, time, by_staff=ByStaff(status), reason="As told by phone" if time else "")
    second, _ = create_intent(placed.booking_number, ctx())
    assert payment(ctx, placed, second).amount_cents == due_cents(booking(ctx, placed)) == 117000 + 5000
    pay(ctx, replace(placed, payment_id=second))
    assert (booking(ctx, placed).status, due_cents(booking(ctx, placed))) == ("completed", 0)
    assert refused(ctx, lambda ctx: create_intent(placed.booking_number, ctx()))[0] == "invalid_transition"


def test_what_was_paid_stays_paid_when_staff_move_it(ctx):
    placed = place(ctx)
    pay(ctx, placed)
    change(ctx, placed, on(SATURDAY), by_staff=STAFF, reason="As told by phone")
    assert (payment(ctx, placed).is_withdrawn, due_cents(booking(ctx, placed))) == (False, 19900)
    change(ctx, placed, ends=Ends(delivery=NEAR), by_staff=STAFF)
    assert due_cents(booking(ctx, placed)) == 19900 - 17500
    assert has_its_place(ctx, placed)


def test_what_is_so_already_changes_nothing(ctx):
    placed = place(ctx)
    before = head(ctx)
    same = Ends(TOWN, BEACH)
    appended = change(ctx, placed, on(MONDAY), ends=same, special_instructions="Ring twice")
    assert (appended.events, appended.position) == ([], ctx().store.history(placed.booking_id)[-1].position)
    assert head(ctx) == before


def test_a_version_that_was_not_seen_is_refused(ctx):
    placed = place(ctx)
    assert refused(ctx, change, placed, AT_NINE, version=2) == ("version_conflict", "")
    assert refused(ctx, change, placed, AT_NINE, version=0) == ("version_conflict", "")
    change(ctx, placed, AT_NINE, version=1)
    assert refused(ctx, change, placed, on(TUESDAY), version=1) == ("version_conflict", "")


def test_customers_change_while_it_is_pending_and_staff_until_it_is_under_way(ctx):
    placed = place(ctx)
    confirm_booking(placed.booking_id, ctx())
    assert refused(ctx, change, placed, AT_NINE) == ("not_allowed", "")
    change(ctx, placed, AT_NINE, by_staff=STAFF)
    start_booking(placed.booking_id, ctx())
    for asked in ({"time": on(TUESDAY)}, {"ends": Ends(NEAR)}, {"special_instructions": "Late"}):
        assert refused(ctx, change, placed, by_staff=STAFF, **asked) == ("invalid_transition", "/status")
    change(ctx, placed, by_staff=ByStaff(notes="The door is blue."))
    assert booking(ctx, placed).placed.pickup_date == MONDAY


def test_a_total_over_the_maximum_is_refused(ctx):
    placed = place(ctx)
    furnish(ctx, PaymentMaximumSet(117000))
    assert refused(ctx, change, placed, on(SATURDAY))[0] == "total_exceeds_maximum"
    change(ctx, placed, on(TUESDAY))


FLIGHT = BladeTransfer("JFK", MONDAY, time(14, 30), 3, time(9))


def test_a_flight_moves_along_unless_another_is_told(ctx):
    placed = place(ctx, wanted=replace(WANTED, selection=FLIGHT, delivery_zip=""), delivery=None)
    change(ctx, placed, on(TUESDAY))
    assert booking(ctx, placed).placed.selection.blade_flight_date == TUESDAY
    assert refused(ctx, change, placed, on(SATURDAY, blade_flight_date=TUESDAY)) == (
        "blade_times",
        "/blade_flight_date",
    )
    late = FLIGHT.blade_flight_time
    assert refused(ctx, change, placed, on(None, blade_ready_time=late)) == ("blade_times", "/blade_ready_time")
    change(ctx, placed, on(SATURDAY, blade_flight_date=SATURDAY.replace(day=17)))
    assert booking(ctx, placed).placed.selection.blade_flight_date.day == 17
    assert refused(ctx, change, placed, ends=Ends(delivery=NEAR)) == ("unexpected_field", "/delivery_address")
    change(ctx, placed, ends=Ends(NEAR))
    assert booking(ctx, placed).placed.pickup_area.zip_code == "10016"


# 14:00 UTC is nine in the morning in New York.
EARLY = NOON.replace(hour=14)
TODAY = NOON.date()
AT_ONCE = replace(WANTED, pickup_date=TODAY, selection=StandardDelivery(3, is_same_day_delivery=True))


def test_same_day_delivery_is_for_its_day_and_goes_with_its_surcharge(ctx):
    placed = place_at(ctx, EARLY, AT_ONCE)
    before = total(ctx, placed)
    assert refused(ctx, change, placed, on(MONDAY, is_same_day_delivery=True))[0] == "same_day_not_today"
    assert refused(ctx, change, placed, on(None, is_same_day_delivery=False))[0] == "same_day_required"
    change(ctx, placed, on(MONDAY), now=EARLY)
    assert (booking(ctx, placed).placed.selection.is_same_day_delivery, total(ctx, placed)) == (False, before - 36000)
    assert refused(ctx, change, placed, on(TODAY, is_same_day_delivery=True))[0] == "same_day_too_late"
    change(ctx, placed, on(TODAY, is_same_day_delivery=True), now=EARLY)
    assert total(ctx, placed) == before


def place_at(ctx, now, wanted):
    placed = place_booking(asks(wanted=wanted), ctx(now))
    open_payment(placed.booking_number, placed.payment_id, ctx(now))
    return placed
