"""Placing a booking: booking, place on its day and payment are written together or not at all; then what ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec.structs import replace

from commands import booking_ref, bookings, day_ref
from commands.bookings import place_booking
from commands.changing import ByStaff, Changes, change_booking
from commands.ending import TooEarly, cancel_booking, expire_hold
from commands.quotes import preview
from domain import Refused, house, pickup_day
from domain.booking_status import Status
from domain.house import DailyCapacitySet, HoldTimeSet, InstructionZipsSet
from domain.ids import booking_id
from domain.selection import PickupTime, ServiceType, StandardDelivery
from eventlog.statements import Once
from eventlog.store import EventStore, KeyTaken, Ref
from tests.commands.changes import confirm_booking
from tests.commands.wishes import BEACH, TOWN, WANTED, asks, booking, contact, day, names, payment
from tests.samples import HOLD, MONDAY, NOON

LONG_AFTER = HOLD + timedelta(hours=1)


def set_house(ctx, *changes):
    for wish in changes:
        ctx().append([Ref(house, house.stream())], lambda state, wish=wish: [house.change(state, wish)])


def events(ctx) -> int:
    return ctx().store.recorder.max_notification_id()


def refusal(ask) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.code, refused.value.path


def test_booking_place_and_payment_are_written_together(ctx):
    placed = place_booking(asks(), ctx())
    assert names(ctx, placed.booking_id) == ["BookingPlaced"]
    assert list(day(ctx).places) == [placed.booking_id]
    assert payment(ctx, placed).amount_cents == booking(ctx, placed).placed.pricing.total_price_cents == 117000
    assert placed.position == events(ctx)


def test_the_number_finds_the_booking_and_nobody_guesses_it(ctx):
    placed = place_booking(asks(), ctx())
    assert placed.booking_id == booking_id(placed.booking_number)
    assert placed.booking_number[:2] == "TT"
    assert set(placed.booking_number[2:]) <= set(bookings.UNAMBIGUOUS)
    assert len(placed.booking_number) == 10


def test_two_bookings_that_draw_the_same_number_get_two(ctx, monkeypatch):
    drawn = iter(["TTSAMESAME", "TTSAMESAME", "TTOTHEROTH"])
    monkeypatch.setattr(bookings, "new_number", lambda: next(drawn))
    first, second = (place_booking(asks(name), ctx()) for name in ("ada", "eve"))
    assert [first.booking_number, second.booking_number] == ["TTSAMESAME", "TTOTHEROTH"]
    assert set(day(ctx).places) == {first.booking_id, second.booking_id}


def test_mail_and_phone_are_kept_in_one_form(ctx):
    asked = replace(asks(), customer=contact(email=" Ada@Example.COM ", phone="(212) 555-0123"))
    placed = place_booking(asked, ctx())
    kept = ctx().store.history(placed.booking_id)[0].event.personal
    assert (kept.email, kept.phone) == ("ada@example.com", "+12125550123")


def test_a_quote_gives_the_booking_its_price(ctx):
    quote = preview(WANTED, ctx()).quote
    set_house(ctx, house.GeographicThresholdSet(500))
    assert booking(ctx, place_booking(asks(quote=quote), ctx())).placed.pricing.total_price_cents == 117000
    assert booking(ctx, place_booking(asks("eve"), ctx())).placed.pricing.total_price_cents == 99500


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"customer": contact(email="ada")}, ("invalid_email", "/customer_info/email")),
        ({"customer": contact(phone="12")}, ("invalid_phone", "/customer_info/phone")),
        ({"pickup": replace(TOWN, state="NJ")}, ("zip_state_mismatch", "/pickup_address/state")),
        ({"delivery": replace(BEACH, state="CT")}, ("zip_state_mismatch", "/delivery_address/state")),
        (
            {
                "delivery": replace(TOWN, address_line_1=" 1  MAIN st "),
                "wanted": replace(WANTED, delivery_zip="10013-1234"),
            },
            ("same_address", "/delivery_address"),
        ),
        ({"quote": "nonsense"}, ("quote_mismatch", "/quote")),
        ({"wanted": replace(WANTED, pickup_date=NOON.date() - timedelta(1))}, ("pickup_in_past", "/pickup_date")),
    ],
)
def test_a_booking_against_the_rules_is_refused_and_nothing_is_written(ctx, changes, refused):
    before = events(ctx)
    assert refusal(lambda: place_booking(asks(**changes), ctx())) == refused
    assert events(ctx) == before


def test_some_places_need_a_word_on_how_to_get_in(ctx):
    set_house(ctx, InstructionZipsSet(("10013",)))
    asked = asks(special_instructions="")
    code = ("instructions_required", "/pickup_address/delivery_instructions")
    assert refusal(lambda: place_booking(asked, ctx())) == code
    place_booking(replace(asked, pickup=replace(TOWN, delivery_instructions="Side door")), ctx())


def test_a_blackout_day_takes_no_booking(ctx):
    ctx().append([day_ref(MONDAY)], lambda day: [pickup_day.black_out(day, MONDAY, "snow")])
    assert refusal(lambda: place_booking(asks(), ctx())) == ("blackout_day", "/pickup_date")


def test_a_day_takes_as_many_bookings_of_a_service_as_the_house_says(ctx):
    set_house(ctx, DailyCapacitySet(ServiceType.MINI_MOVE, 2))
    for name in ("ada", "eve"):
        place_booking(asks(name), ctx())
    assert refusal(lambda: place_booking(asks("kay"), ctx())) == ("no_capacity", "/pickup_date")
    place_booking(asks("kay", replace(WANTED, selection=StandardDelivery(3))), ctx())


def test_a_slot_is_one_persons_once_whatever_the_case_of_the_mail_and_the_service(ctx):
    place_booking(asks(), ctx())
    again = replace(asks(), customer=contact(email="ADA@example.com"))
    other_service = replace(WANTED, selection=StandardDelivery(3))
    for ask in (again, asks("ada", other_service)):
        assert refusal(lambda ask=ask: place_booking(ask, ctx())) == ("slot_taken", "/pickup_time")
    place_booking(asks("ada", replace(WANTED, pickup_time=PickupTime.NO_TIME_PREFERENCE)), ctx())


def test_the_last_places_are_given_once_by_two_processes(ctx, database, vault):
    with EventStore(database, vault) as other:

        def ask(n):
            try:
                place_booking(asks(f"guest{n}"), ctx(store=(ctx().store, other)[n % 2]))
            except Refused as refused:
                return refused.code

        with ThreadPoolExecutor(12) as guests:
            answers = list(guests.map(ask, range(40)))
    assert (answers.count(None), answers.count("no_capacity")) == (10, 30)
    assert len(day(ctx).places) == 10


def test_an_idempotency_key_is_used_up_with_the_booking(ctx):
    once = Once("anonymous", "POST /guest-booking/", "k1", b"hash", {})
    place_booking(asks(), ctx(once=once))
    before = events(ctx)
    with pytest.raises(KeyTaken):
        place_booking(asks("eve"), ctx(once=once))
    assert events(ctx) == before


def test_a_customer_cancels_what_is_pending_and_the_place_is_free_again(ctx):
    placed = place_booking(asks(), ctx())
    cancel_booking(placed.booking_id, "We stay.", False, ctx())
    cancel_booking(placed.booking_id, "We stay!", False, ctx())
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingCancelled"]
    assert names(ctx, placed.payment_id) == ["PaymentRequested", "PaymentWithdrawn"]
    assert not day(ctx).places
    cancelled = ctx().store.history(placed.booking_id)[1].event
    assert (cancelled.reason, cancelled.personal.text) == ("by_customer", "We stay.")


def test_only_staff_cancel_what_they_have_confirmed(ctx):
    placed = place_booking(asks(), ctx())
    confirm_booking(placed.booking_id, ctx(actor="staff:kim"))
    assert refusal(lambda: cancel_booking(placed.booking_id, "", False, ctx()))[0] == "not_allowed"
    cancel_booking(placed.booking_id, "", True, ctx(actor="staff:kim"))
    assert booking(ctx, placed).reason == "by_staff"


def test_an_unpaid_booking_ends_with_its_hold(ctx):
    placed = place_booking(asks(), ctx())
    expire_hold(placed.booking_id, ctx(HOLD))
    expire_hold(placed.booking_id, ctx(LONG_AFTER))
    assert booking(ctx, placed).reason == "payment_expired"
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingCancelled"]
    assert payment(ctx, placed).is_withdrawn
    assert not day(ctx).places


def test_a_hold_asked_about_too_early_has_to_be_asked_about_again(ctx):
    placed = place_booking(asks(), ctx())
    with pytest.raises(TooEarly):
        expire_hold(placed.booking_id, ctx(HOLD - timedelta(milliseconds=1)))
    assert names(ctx, placed.booking_id) == ["BookingPlaced"]


def test_the_house_says_how_long_a_hold_is(ctx):
    set_house(ctx, HoldTimeSet(45))
    assert booking(ctx, place_booking(asks(), ctx())).placed.hold_expires_at == NOON + timedelta(minutes=45)


def test_a_confirmed_booking_has_no_hold(ctx):
    placed = place_booking(asks(), ctx())
    confirm_booking(placed.booking_id, ctx(actor="staff:kim"))
    expire_hold(placed.booking_id, ctx(LONG_AFTER))
    assert booking(ctx, placed).status == "confirmed"


def test_a_guests_booking_goes_its_whole_way(ctx):
    id = (placed := place_booking(asks(), ctx())).booking_id
    steps = (Status.CONFIRMED, Status.IN_PROGRESS, Status.DELAYED, Status.IN_PROGRESS)
    for status in steps:
        change_booking(booking_ref(id), Changes(by_staff=ByStaff(status)), ctx(actor="staff:kim"))
    assert list(day(ctx).places) == [id]
    change_booking(booking_ref(id), Changes(by_staff=ByStaff(Status.COMPLETED)), ctx(actor="staff:kim"))
    assert (booking(ctx, placed).status, day(ctx).places) == ("completed", {})
    assert len(names(ctx, id)) == 1 + len(steps) + 1


def test_what_is_asked_of_no_booking_is_refused(ctx):
    nobody = booking_id("TT00000000")
    for ask in (confirm_booking, expire_hold, lambda id, ctx: cancel_booking(id, "", True, ctx)):
        assert refusal(lambda ask=ask: ask(nobody, ctx()))[0] == "not_found"
