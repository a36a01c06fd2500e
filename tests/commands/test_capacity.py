"""What staff decide of days beside guests who book them: one order or the other, all days of a range or none."""

from datetime import timedelta

import pytest

from commands import day_ref
from commands.bookings import place_booking
from commands.capacity import KEY, Days, black_out, reopen, set_limits
from commands.catalog import KINDS, Told, add_entry, catalog_ref, change_entry, find, seed
from commands.house_settings import change_settings, house_ref
from domain import Refused, house, pickup_day
from domain.pickup_day import PickupDay, PlaceReserved, taken
from domain.selection import ServiceType
from tests.commands.wishes import asks, day, place, together
from tests.samples import MONDAY

ONE = Days(MONDAY, MONDAY)
WEEK = Days(MONDAY, MONDAY + timedelta(6))


def guest(ctx, n):
    """What became of a guest who asks for a place: `booked`, or the code of the refusal."""

    def ask():
        try:
            place_booking(asks(f"guest{n}"), ctx())
        except Refused as refusal:
            return refusal.code
        return "booked"

    return ask


def past(ctx, on=MONDAY):
    return [recorded.event for recorded in ctx().store.history(pickup_day.stream(on))]


def test_a_range_is_decided_whole_under_one_key(ctx):
    done = set_limits(WEEK, {"mini_move": 3, "blade_transfer": 0}, ctx())
    assert len(done.events) == 14
    assert {recorded.key for recorded in done.events} == {KEY}
    assert [day(ctx, on).limits for on in WEEK.each()] == [{"mini_move": 3, "blade_transfer": 0}] * 7
    assert set_limits(WEEK, {"mini_move": 3}, ctx()).events == []
    lifted = set_limits(WEEK, {"mini_move": None}, ctx())
    assert {recorded.name for recorded in lifted.events} == {"LimitLifted"}


def test_a_range_with_a_limit_that_makes_no_sense_changes_no_day(ctx):
    with pytest.raises(Refused) as refusal:
        set_limits(WEEK, {"mini_move": 3, "blade_transfer": -1}, ctx())
    assert (refusal.value.code, refusal.value.path) == ("invalid_value", "/limits/blade_transfer")
    assert [past(ctx, on) for on in WEEK.each()] == [[]] * 7


def test_a_closed_day_keeps_its_bookings_and_its_own_reason(ctx):
    placed = place(ctx)
    black_out(ONE, "Snow", ctx())
    black_out(WEEK, "Ice", ctx())
    assert [day(ctx, on).reason for on in WEEK.each()] == ["Snow"] + ["Ice"] * 6
    assert placed.booking_id in day(ctx).places
    reopen(ONE, ctx())
    assert (day(ctx).is_blackout, day(ctx).reason) == (False, "")


def test_a_lowered_limit_is_never_exceeded_by_who_comes_after_it(ctx):
    """Twelve guests and two limits at once: each place was there by the limit in force when it was given."""
    limits = [lambda n=n: set_limits(ONE, {"mini_move": n}, ctx()) for n in (5, 2)]
    guests = [guest(ctx, n) for n in range(12)]
    became = together(*guests[:4], limits[0], *guests[4:8], limits[1], *guests[8:])
    state, given = PickupDay(), 0
    for event in past(ctx):
        if isinstance(event, PlaceReserved):
            assert taken(state, "mini_move") < state.limits.get("mini_move", 10)
            given += 1
        state = pickup_day.evolve(state, event)
    assert given == became.count("booked") == taken(state, "mini_move")
    assert {one for one in became if isinstance(one, str)} <= {"booked", "no_capacity"}
    assert guest(ctx, 99)() == ("no_capacity" if given >= state.limits["mini_move"] else "booked")


@pytest.mark.parametrize("turn", range(5))
def test_a_day_that_closes_while_guests_book_is_closed_before_or_after_each_of_them(ctx, turn):
    guests = [guest(ctx, n) for n in range(4)]
    became = together(*guests[:turn], lambda: black_out(ONE, "Snow", ctx()), *guests[turn:])
    state = PickupDay()
    for event in past(ctx):
        assert not (state.is_blackout and isinstance(event, PlaceReserved))
        state = pickup_day.evolve(state, event)
    assert state.is_blackout
    assert len(state.places) == became.count("booked")
    assert {one for one in became if isinstance(one, str)} <= {"booked", "blackout_day"}


def test_ranges_that_overlap_are_decided_one_after_the_other(ctx):
    """Both write to the same days, in either order of asking: nobody waits for ever, and both are whole."""
    other = Days(MONDAY + timedelta(3), MONDAY + timedelta(9))
    together(
        lambda: black_out(WEEK, "Snow", ctx()),
        lambda: black_out(other, "Ice", ctx()),
        lambda: set_limits(WEEK, {"mini_move": 1}, ctx()),
        lambda: set_limits(other, {"mini_move": 2}, ctx()),
    )
    shared = [MONDAY + timedelta(n) for n in range(3, 7)]
    assert len({(day(ctx, on).reason, day(ctx, on).limits["mini_move"]) for on in shared}) == 1
    assert [day(ctx, on).reason for on in (WEEK.first, other.last)] == ["Snow", "Ice"]


def test_of_two_changes_for_the_same_version_one_is_refused(ctx):
    version = ctx().store.load(catalog_ref()).version

    def ask(code):
        told = Told(KINDS["blade-airports"], {"price_per_bag_cents": 8000}, code)
        try:
            return change_entry(told, catalog_ref(version), ctx()).events[0].name
        except Refused as refusal:
            return refusal.code

    assert sorted(together(lambda: ask("JFK"), lambda: ask("EWR"))) == ["AirportServed", "version_conflict"]


def test_of_two_who_add_the_same_airport_one_is_told_that_it_is_there(ctx):
    fields = {"code": "TEB", "name": "Teterboro", "city": "Teterboro", "state": "nj", "zip_code": "07608-1234",
              "price_per_bag_cents": 9000, "minimum_bags": 1, "max_bags": 10}  # fmt: skip

    def ask():
        try:
            return add_entry(Told(KINDS["blade-airports"], fields), catalog_ref(), ctx()).events[0].name
        except Refused as refusal:
            return refusal.code

    assert sorted(together(ask, ask)) == ["AirportServed", "already_offered"]
    served = find(ctx().catalog(), KINDS["blade-airports"], "TEB")
    assert (served.state, served.zip_code) == ("NJ", "07608")


def test_an_airport_that_is_no_longer_served_can_still_be_withdrawn(ctx):
    change_settings({"zip_prefixes_not_served": ("071",)}, house_ref(), ctx())
    dearer, gone = ({"price_per_bag_cents": 100}, {"is_active": False})
    with pytest.raises(Refused, match="do not drive"):
        change_entry(Told(KINDS["blade-airports"], dearer, "EWR"), catalog_ref(), ctx())
    change_entry(Told(KINDS["blade-airports"], gone, "EWR"), catalog_ref(), ctx())
    assert ctx().catalog().airports["EWR"].is_active is False


def test_a_seed_after_staff_changed_and_withdrew_things_changes_nothing(ctx):
    change_entry(Told(KINDS["mini-moves"], {"is_active": False}, "petite"), catalog_ref(), ctx())
    change_entry(Told(KINDS["standard-delivery"], {"max_items": 5}, "standard-delivery"), catalog_ref(), ctx())
    for rule in list(ctx().catalog().surcharges.values()):
        change_entry(Told(KINDS["surcharges"], {"name": "Other"}, str(rule.id)), catalog_ref(), ctx())
    before = ctx().store.load(catalog_ref())
    assert seed(ctx()) == 0
    assert ctx().store.load(catalog_ref()) == before


def test_settings_that_were_once_allowed_are_read_for_ever(ctx):
    """Limits are asked of what is new; what was written before they were tightened still folds and can be left."""
    old = [house.BookingWindowSet(0), house.HoldTimeSet(100_000), house.DailyCapacitySet(ServiceType.MINI_MOVE, 10**6)]
    ctx().append([house_ref()], lambda _: [old])
    ctx().append([day_ref(MONDAY)], lambda _: [[pickup_day.LimitSet(MONDAY, "mini_move", 10**6)]])
    state = ctx().store.load(house_ref()).state
    assert (state.booking_window_days, state.hold_minutes, state.places("mini_move")) == (0, 100_000, 10**6)
    change_settings({"booking_window_days": 90, "hold_minutes": 30}, house_ref(), ctx())
    set_limits(ONE, {"mini_move": None}, ctx())
    assert guest(ctx, 1)() == "booked"
