"""The history of a person: their bookings with payments and refunds as a timeline, newest first."""

from datetime import timedelta

import pytest

from domain import booking, payment
from domain.address import Words
from domain.booking_events import BookingDeleted, CoreAreaOverridden, TimesPlanned
from domain.moment import moment_of
from projections import history
from tests.projections.stories import CENTS, Story, tell
from tests.samples import MONDAY, NOON, PRICING, person


def of_ada(ask, **more):
    return ask(history, history.of_person, person("ada"), **more)


def test_somebody_who_never_booked_has_no_history(store, ask):
    Story(store, 1, "eve").place()
    assert of_ada(ask) == {"person": None, "bookings": [], "next_cursor": None}


def test_a_booking_shows_what_was_chosen_and_where_it_goes(store, ask):
    Story(store).place()
    [shown] = of_ada(ask)["bookings"]
    assert (shown["booking_number"], shown["status"], shown["service_type"]) == ("TT00000001", "pending", "mini_move")
    assert (shown["pickup_date"], shown["pickup_time"], shown["total_price_cents"]) == (MONDAY, "morning", 99500)
    assert shown["selection"]["mini_move_package"] == "petite"
    assert shown["delivery_address"] == {
        "address_line_1": "2 Dune Rd", "address_line_2": "", "delivery_instructions": "",
        "city": "Southampton", "state": "NY", "zip_code": "11968"}  # fmt: skip


def test_bookings_and_what_happened_to_each_are_newest_first(store, ask):
    first, second = Story(store, 1), Story(store, 2, day=MONDAY + timedelta(1))
    first.place()
    second.place()
    first.pay(at=NOON + timedelta(minutes=5))
    shown = of_ada(ask)["bookings"]
    assert [one["booking_number"] for one in shown] == ["TT00000002", "TT00000001"]
    *paying, placing = shown[1]["timeline"]
    assert placing["what"] == "BookingPlaced"
    assert [line["position"] for line in paying] == [8, 7, 6, 5]
    assert {line["what"] for line in paying} == {"PaymentRequested", "PaymentOpened", "PaymentSucceeded", "BookingPaid"}
    [paid] = [line for line in paying if line["what"] == "BookingPaid"]
    assert (paid["at"], paid["amount_cents"]) == (NOON + timedelta(minutes=5), CENTS)


def test_a_payment_is_shown_with_its_status_and_why_it_failed(store, ask):
    story = Story(store)
    story.place()
    tell(store, story.id, (story.payment, payment.PaymentRequested(story.id, person("ada"), CENTS)),
         (story.payment, payment.PaymentFailed("card_declined", "ch_0")))  # fmt: skip
    [failed] = of_ada(ask)["bookings"][0]["payments"]
    assert (failed["id"], failed["status"], failed["failure_reason"]) == (story.payment, "failed", "card_declined")
    story.pay()
    [paid] = of_ada(ask)["bookings"][0]["payments"]
    assert (paid["status"], paid["amount_cents"], paid["stripe_charge_id"]) == ("succeeded", CENTS, "ch_1")
    assert "secret" not in str(of_ada(ask))


def test_a_refund_is_shown_and_its_payment_tells_how_much_went_back(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.give_back(500)
    [shown] = of_ada(ask)["bookings"]
    assert [(back["status"], back["amount_cents"]) for back in shown["refunds"]] == [("completed", 500)]
    assert [(paid["status"], paid["refunded_cents"]) for paid in shown["payments"]] == [("partially_refunded", 500)]


def test_a_payment_given_back_in_full_is_refunded(store, ask):
    story = Story(store)
    story.place()
    story.pay()
    story.give_back()
    assert of_ada(ask)["bookings"][0]["payments"][0]["status"] == "refunded"


def test_the_words_of_a_cancellation_are_in_the_timeline(store, ask):
    story = Story(store)
    story.place()
    story.cancel("My sister drives me")
    [shown] = of_ada(ask)["bookings"]
    assert (shown["status"], shown["reason"]) == ("cancelled", "by_customer")
    assert shown["timeline"][0]["reason"] == "My sister drives me"


def test_a_status_is_the_last_one_however_many_batches_it_took(store, ask):
    story = Story(store)
    story.place()
    assert of_ada(ask)["bookings"][0]["status"] == "pending"
    story.turn(booking.BookingConfirmed())
    assert of_ada(ask)["bookings"][0]["status"] == "confirmed"


def test_a_long_history_comes_page_by_page(store, ask):
    for n in range(5):
        Story(store, n, day=MONDAY + timedelta(n)).place()
    pages, cursor = [], None
    while not pages or cursor:
        page = of_ada(ask, limit=2, cursor=cursor)
        pages.append([one["booking_number"][-1] for one in page["bookings"]])
        cursor = page["next_cursor"]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


def test_the_person_is_as_they_booked_last(store, ask):
    Story(store).place()
    assert of_ada(ask)["person"] == {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com",
                                     "phone": "+12125550123"}  # fmt: skip


def test_a_customer_is_several_persons_whose_bookings_are_told_together_page_by_page(store, ask):
    for n, name in enumerate(("ada", "ada.b", "eve"), 1):
        Story(store, n, name, day=MONDAY + timedelta(n)).place()
    both = [person("ada"), person("ada.b")]
    first = ask(history, history.of_persons, both, limit=1)
    assert [one["booking_number"] for one in first["bookings"]] == ["TT00000002"]
    second = ask(history, history.of_persons, both, limit=1, cursor=first["next_cursor"])
    assert [one["booking_number"] for one in second["bookings"]] == ["TT00000001"]
    assert (first["person"]["email"], second["next_cursor"]) == ("ada.b@example.com", None)


def test_a_reschedule_tells_from_which_day_to_which(store, ask):
    story = Story(store)
    story.place()
    story.move(MONDAY + timedelta(2), "morning_specific", 9, cents=CENTS + 1)
    [shown] = of_ada(ask)["bookings"]
    assert (shown["pickup_date"], shown["specific_pickup_hour"]) == (MONDAY + timedelta(2), 9)
    assert shown["total_price_cents"] == CENTS + 1
    moved = shown["timeline"][0]
    assert (moved["what"], moved["from_date"], moved["to_date"]) == (
        "BookingRescheduled", MONDAY, MONDAY + timedelta(2))  # fmt: skip


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_addresses_are_shown_as_they_were_changed_last(store, ask, in_one_batch):
    story = Story(store)
    story.place()
    for street in ("9 Elsewhere", "10 Elsewhere"):
        if not in_one_batch:
            of_ada(ask)
        story.send_to("Sag Harbor", "11963", street)
    [shown] = of_ada(ask)["bookings"]
    assert shown["delivery_address"] == {
        "address_line_1": "10 Elsewhere", "address_line_2": "", "delivery_instructions": "",
        "city": "Sag Harbor", "state": "NY", "zip_code": "11963"}  # fmt: skip
    assert shown["pickup_address"]["address_line_1"] == "1 Main St"
    assert of_ada(ask)["person"]["first_name"] == "Ada"


def staffs_canaries(story):
    story.place()
    story.move(MONDAY + timedelta(1), words="canary reason")
    story.turn(CoreAreaOverridden(person("ada"), False, PRICING, Words("canary area")))
    story.turn(TimesPlanned(moment_of(NOON), None))
    story.note("canary note")
    story.turn(booking.BookingCancelled("by_staff", MONDAY, person("ada"), Words("canary farewell")))


def test_customers_see_nothing_that_staff_wrote_planned_or_knew_better(store, ask):
    story = Story(store)
    staffs_canaries(story)
    for shown in (of_ada(ask)["bookings"][0], ask(history, history.of_booking, story.id)):
        assert "canary" not in str(shown)
        assert [line["what"] for line in shown["timeline"]] == [
            "BookingCancelled", "BookingRescheduled", "BookingPlaced"]  # fmt: skip


def test_staff_see_all_of_it(store, ask):
    story = Story(store)
    staffs_canaries(story)
    shown = ask(history, history.of_booking, story.id, for_staff=True)
    assert [line.get("reason") for line in shown["timeline"]] == [
        "canary farewell", "canary note", None, "canary area", "canary reason", None]  # fmt: skip


def test_a_booking_that_was_put_away_is_in_no_list_and_staff_still_see_it(store, ask):
    away, there = Story(store, 1), Story(store, 2, day=MONDAY + timedelta(1))
    for story in (away, there):
        story.place()
    assert ask(history, history.of_booking, away.id)["booking_number"] == "TT00000001"
    away.turn(BookingDeleted())
    assert [one["id"] for one in of_ada(ask)["bookings"]] == [there.id]
    assert ask(history, history.placed_by, [person("ada")]) == ([there.id], None)
    assert ask(history, history.of_booking, away.id) is None
    assert ask(history, history.of_booking, away.id, for_staff=True)["booking_number"] == "TT00000001"
    assert ask(history, history.of_booking, person("nobody")) is None
