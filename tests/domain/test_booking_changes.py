"""Changes of a booking after it was placed: who may make them until when, and that the rest stays as it was."""

from datetime import date, time, timedelta
from functools import partial

import pytest
from msgspec.structs import replace

from domain import Refused, booking
from domain.address import Area, Street, Streets, Words
from domain.booking import BookingPlaced, Status, due_cents
from domain.booking_changes import (
    change_addresses,
    change_instructions,
    check_changeable,
    delete,
    note,
    override_area,
    plan,
    reschedule,
)
from domain.booking_events import (
    BookingAddressesChanged,
    BookingDeleted,
    BookingNoted,
    BookingRescheduled,
    CoreAreaOverridden,
    InstructionsChanged,
    TimesPlanned,
)
from domain.moment import Moment
from domain.selection import MiniMove, StandardDelivery, Tier
from tests import Given
from tests.domain.test_booking import CONFIRMED, EXPIRED, FIRST, HISTORIES, PAID, PLACED, PRICE
from tests.samples import MONDAY, PRICING, person

given = partial(Given, booking)
ADA, TUESDAY = person("ada"), MONDAY + timedelta(1)
DEARER = replace(PRICING, surcharge_cents=19900, total_price_cents=119400)
CHEAPER = replace(PRICING, base_price_cents=90000, total_price_cents=90000)
RESCHEDULED = BookingRescheduled(
    ADA, MONDAY, TUESDAY, "morning_specific", 9, MiniMove(Tier.PETITE), DEARER, Words("The lift"), "America/Chicago"
)
THERE = Street("3 Bank St", "4C", "Ring"), Street("5 Elm St")
MOVED_IN = BookingAddressesChanged(
    ADA, Area("New York", "NY", "10014"), Area("Greenwich", "CT", "06830"), False, CHEAPER, Streets(*THERE), FIRST, ADA
)
TOLD, OVERRIDDEN = InstructionsChanged(ADA, Words("Knock")), CoreAreaOverridden(ADA, False, CHEAPER, Words("Near"))
PLANNED, NOTED = TimesPlanned(Moment(MONDAY, time(9)), Moment(MONDAY, time(14))), BookingNoted(ADA, Words("Lamps"))
DELETED = BookingDeleted()
CHANGES = {
    "reschedule": (reschedule, RESCHEDULED),
    "change_addresses": (change_addresses, MOVED_IN),
    "change_instructions": (change_instructions, TOLD),
    "override_area": (override_area, OVERRIDDEN),
    "plan": (plan, PLANNED),
    "note": (note, NOTED),
}
# Which fields of what was placed each change puts others in place of; everything else stays.
TOUCHED = {
    "reschedule": {"pickup_date", "pickup_time", "specific_pickup_hour", "pricing", "zone"},
    "change_addresses": {"pickup_area", "delivery_area", "is_outside_core_area", "pricing", "personal",
                         "pickup_address_id", "delivery_address_id"},
    "change_instructions": {"personal"},
    "override_area": {"is_outside_core_area", "pricing"},
    "plan": set(),
    "note": set(),
}  # fmt: skip
ACTIVE = ["confirmed", "delayed", "in_progress", "paid", "pending"]
ENDED = ["cancelled", "completed", "expired", "refunded"]
MAY_CHANGE = {"pending": (None, None), "confirmed": ("not_allowed", None), "paid": ("not_allowed", None)}
NOBODY = ("invalid_transition", "invalid_transition")


def code(state, by_staff) -> str | None:
    try:
        check_changeable(state, by_staff)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("status", sorted(HISTORIES))
def test_a_customer_changes_what_is_pending_and_staff_what_is_not_under_way(status):
    state = given(PLACED, *HISTORIES[status]).state
    assert (code(state, False), code(state, True)) == MAY_CHANGE.get(status, NOBODY)


def test_what_was_put_away_is_changed_by_nobody():
    """Such a state comes about only where it was ended before; the rule does not lean on that."""
    for history in ([DELETED], [EXPIRED, DELETED]):
        state = given(PLACED, *history).state
        assert (code(state, False), code(state, True)) == NOBODY


@pytest.mark.parametrize("asked", sorted(CHANGES))
def test_a_change_is_made_once(asked):
    decision, event = CHANGES[asked]
    given(PLACED).when(decision, event).then(event)
    given(PLACED, event).when(decision, event).then()


@pytest.mark.parametrize("asked", sorted(CHANGES))
def test_a_change_leaves_the_rest_as_it_was(asked):
    was, then = given(PLACED, PAID).state, given(PLACED, PAID, CHANGES[asked][1]).state
    touched = {name for name in BookingPlaced.__struct_fields__
               if getattr(was.placed, name) != getattr(then.placed, name)}  # fmt: skip
    assert touched == TOUCHED[asked]
    assert all(getattr(then.placed, name) == getattr(CHANGES[asked][1], name) for name in touched - {"personal"})
    stays = ("status", "is_paid", "reason", "payments", "paid_cents", "is_deleted")
    assert [getattr(then, name) for name in stays] == [getattr(was, name) for name in stays]


@pytest.mark.parametrize(
    "to",
    [
        replace(RESCHEDULED, pickup_date=MONDAY),
        replace(RESCHEDULED, pickup_time="morning"),
        replace(RESCHEDULED, specific_pickup_hour=10),
        replace(RESCHEDULED, selection=StandardDelivery(3)),
    ],
)
def test_another_day_time_hour_or_selection_alone_is_another_appointment(to):
    given(PLACED, RESCHEDULED).when(reschedule, to).then(to)
    given(PLACED, RESCHEDULED, to).when(reschedule, to).then()


def test_the_same_appointment_for_another_reason_or_price_is_none():
    given(PLACED, RESCHEDULED).when(reschedule, replace(RESCHEDULED, pricing=PRICING, personal=None)).then()


@pytest.mark.parametrize(
    "to",
    [
        replace(MOVED_IN, pickup_area=Area("New York", "NY", "10015")),
        replace(MOVED_IN, delivery_area=Area("Greenwich", "CT", "06831")),
        replace(MOVED_IN, personal=Streets(Street("4 Bank St"), THERE[1])),
        replace(MOVED_IN, personal=Streets(THERE[0], replace(THERE[1], delivery_instructions="Ring"))),
        replace(MOVED_IN, pickup_address_id=None),
        replace(MOVED_IN, delivery_address_id=None),
    ],
)
def test_one_end_that_differs_is_a_change_of_address(to):
    given(PLACED, MOVED_IN).when(change_addresses, to).then(to)


def test_addresses_are_both_replaced_and_the_other_words_stay():
    own = given(PLACED, TOLD, MOVED_IN).state.placed.personal
    assert (own.pickup, own.delivery, own.special_instructions, own.first_name) == (*THERE, "Knock", "Ada")


def test_an_override_holds_until_the_addresses_change():
    assert given(PLACED, OVERRIDDEN).state.is_area_overridden
    assert not given(PLACED, OVERRIDDEN, replace(MOVED_IN, is_outside_core_area=True)).state.is_area_overridden
    assert given(PLACED, OVERRIDDEN, RESCHEDULED).state.is_area_overridden


@pytest.mark.parametrize("asked", ["change_addresses", "change_instructions"])
def test_where_the_person_is_forgotten_a_change_is_still_read(asked):
    """Their key is gone: neither what was placed nor what was changed tells anything personal any more."""
    event = replace(CHANGES[asked][1], personal=None)
    then = given(replace(PLACED, personal=None), event).state.placed
    assert then.personal is None
    assert then.pickup_area == (MOVED_IN if asked == "change_addresses" else PLACED).pickup_area
    assert given(PLACED, event).state.placed.personal == PLACED.personal


def test_notes_take_the_place_of_the_notes_before_and_can_be_taken_back():
    given(PLACED, NOTED).when(note, BookingNoted(ADA, Words("Vases"))).then(BookingNoted(ADA, Words("Vases")))
    given(PLACED, NOTED).when(note, BookingNoted(ADA, Words(""))).then(BookingNoted(ADA, Words("")))
    given(PLACED).when(note, BookingNoted(ADA, Words(""))).then()
    assert [given(PLACED, *more).state.notes for more in ([], [NOTED], [NOTED, BookingNoted(ADA)])] == ["", "Lamps", ""]


@pytest.mark.parametrize("status", sorted(HISTORIES))
def test_staff_note_at_any_time_and_plan_until_it_has_ended(status):
    story = given(PLACED, *HISTORIES[status])
    story.when(note, NOTED).then(NOTED)
    if status in ACTIVE:
        story.when(plan, PLANNED).then(PLANNED)
    else:
        assert status in ENDED
        story.when(plan, PLANNED).refused("invalid_transition")
        given(PLACED, PLANNED, *HISTORIES[status]).when(plan, PLANNED).then()


def test_a_plan_is_for_its_day():
    assert given(PLACED, PLANNED, RESCHEDULED).state.plan == TimesPlanned(None, None)
    later_that_day = replace(RESCHEDULED, pickup_date=MONDAY)
    assert given(PLACED, PLANNED, later_that_day).state.plan == PLANNED


def test_a_plan_leaves_what_the_customer_was_told():
    state = given(PLACED, PLANNED).state
    assert (state.plan, state.placed) == (PLANNED, PLACED)
    none = TimesPlanned(None, None)
    given(PLACED, PLANNED).when(plan, none).then(none)
    given(PLACED).when(plan, none).then()


@pytest.mark.parametrize("status", sorted(HISTORIES))
def test_what_has_ended_is_put_away_once_and_what_is_active_not_at_all(status):
    story = given(PLACED, *HISTORIES[status]).when(delete)
    if status in ACTIVE:
        story.refused("invalid_transition")
    else:
        story.then(DELETED)
        given(PLACED, *HISTORIES[status], DELETED).when(delete).then()
        assert given(PLACED, *HISTORIES[status], DELETED).state.is_deleted


def test_late_money_does_not_bring_back_what_was_put_away():
    state = given(PLACED, EXPIRED, DELETED).state
    assert not booking.is_expired(state)
    given(PLACED, EXPIRED, DELETED).when(booking.reinstate, FIRST, PRICE).refused("invalid_transition")


def test_what_is_due_is_the_price_of_now_less_what_was_paid():
    told = [given(PLACED, *more).state for more in ([], [RESCHEDULED], [CONFIRMED, PAID], [PAID, RESCHEDULED])]
    assert [due_cents(state) for state in told] == [PRICE, 119400, 0, 19900]
    assert due_cents(given(PLACED, PAID, OVERRIDDEN).state) == -9500
    assert due_cents(given(PLACED, PAID, RESCHEDULED, booking.BookingPaid(ADA, 19900)).state) == 0
    assert given(PLACED, EXPIRED, booking.BookingReinstated(FIRST, PRICE)).state.paid_cents == PRICE


def test_a_booking_rescheduled_while_pending_keeps_its_hold_and_loses_it_as_before():
    state = given(PLACED, RESCHEDULED).state
    assert (state.status, state.placed.hold_expires_at) == (Status.PENDING, PLACED.hold_expires_at)
    over = replace(EXPIRED, pickup_date=date(2027, 1, 12))
    given(PLACED, RESCHEDULED).when(booking.expire, PLACED.hold_expires_at).then(over)
