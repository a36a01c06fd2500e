"""Specialty items on the day itself, and transfers whose delivery is the airport of the catalogue."""

from datetime import date, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from commands import NEW_YORK
from commands.booking_sheet import booking_sheet
from commands.bookings import Address, place_booking
from commands.persons import forget
from commands.quotes import preview, terms
from domain import Refused, catalog, house
from domain.address import Area, Street
from domain.house import ZipPrefixesExcluded
from domain.selection import BladeTransfer, ItemQuantity, SpecialtyItems
from eventlog.store import Ref
from tests.commands.wishes import WANTED, asks, booking, day
from tests.domain.price_lists import ITEMS
from tests.samples import MONDAY, NOON

TODAY = NOON.astimezone(NEW_YORK).date()
BOARD = SpecialtyItems((ItemQuantity(ITEMS["Surfboard"], 1),), is_same_day_delivery=True)
AT_ONCE = replace(WANTED, selection=BOARD, pickup_date=TODAY, delivery_zip="10021")
UPTOWN = Address("3 Park Ave", "New York", "NY", "10021")
FLIGHT = BladeTransfer("EWR", MONDAY, time(14, 30), 3, time(9))
TRANSFER = replace(WANTED, selection=FLIGHT, delivery_zip="")


def wall_clock(*at):
    return datetime.combine(TODAY, time(*at), NEW_YORK)


def flies(name="ada", wanted=TRANSFER, **changes):
    return asks(name, wanted, delivery=None, **changes)


def refusal(ask) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.code, refused.value.path


def test_specialty_items_are_fetched_today_when_ordered_before_ten(ctx):
    quoted = preview(AT_ONCE, ctx(wall_clock(9, 30)))
    placed = place_booking(asks("ada", AT_ONCE, delivery=UPTOWN, quote=quoted.quote), ctx(wall_clock(9, 59)))
    pricing = booking(ctx, placed).placed.pricing
    assert pricing == quoted.pricing
    assert (pricing.base_price_cents, pricing.same_day_surcharge_cents) == (35000, 36000)
    assert [place.service_type for place in day(ctx, TODAY).places.values()] == ["specialty_item"]


@pytest.mark.parametrize(
    ("wanted", "at", "refused"),
    [
        (AT_ONCE, (10,), ("same_day_too_late", "/pickup_date")),
        (replace(AT_ONCE, pickup_date=TODAY + timedelta(1)), (9,), ("same_day_not_today", "/is_same_day_delivery")),
        (
            replace(AT_ONCE, selection=replace(BOARD, is_same_day_delivery=False)),
            (9,),
            ("same_day_required", "/pickup_date"),
        ),
    ],
)
def test_same_day_has_the_rules_of_standard_delivery(ctx, wanted, at, refused):
    assert refusal(lambda: place_booking(asks("ada", wanted, delivery=UPTOWN), ctx(wall_clock(*at)))) == refused


def test_an_order_that_was_quoted_before_ten_comes_too_late_after_it(ctx):
    quote = preview(AT_ONCE, ctx(wall_clock(9, 50))).quote
    late = asks("ada", AT_ONCE, delivery=UPTOWN, quote=quote)
    assert refusal(lambda: place_booking(late, ctx(wall_clock(10))))[0] == "same_day_too_late"


def test_a_transfer_is_delivered_to_the_airport_as_the_catalogue_has_it(ctx):
    made = booking(ctx, place_booking(flies(), ctx())).placed
    assert made.delivery_area == Area("Newark", "NJ", "07114")
    assert made.personal.delivery == Street("Newark Liberty International")
    assert [place.service_type for place in day(ctx).places.values()] == ["blade_transfer"]


def test_a_transfer_of_somebody_who_was_forgotten_keeps_its_airport(ctx):
    placed = place_booking(flies(), ctx())
    forget(booking(ctx, placed).placed.person_id, ctx())
    shown = booking_sheet(ctx().store.history(placed.booking_id))
    assert (shown["delivery_address"]["city"], shown["delivery_address"]["address_line_1"]) == ("Newark", None)
    assert shown["selection"]["blade_airport"] == "EWR"


def test_an_airport_where_the_house_does_not_drive_is_refused_by_its_field(ctx):
    ctx().append([Ref(house, house.stream())], lambda state: [house.change(state, ZipPrefixesExcluded(("071",)))])
    assert refusal(lambda: place_booking(flies(), ctx())) == ("zip_not_served", "/blade_airport")
    place_booking(flies(wanted=replace(TRANSFER, selection=replace(FLIGHT, blade_airport="JFK"))), ctx())


def test_a_quote_for_an_airport_holds_while_it_moves(ctx):
    """Its ZIP is not what was asked for: the price stays, the van goes where the airport is now."""
    quoted = preview(TRANSFER, ctx())
    moved = lambda shelf: [catalog.offer(shelf, replace(shelf.airports["EWR"], zip_code="07101"))]  # noqa: E731
    ctx().append([Ref(catalog, catalog.stream())], moved)
    assert terms(TRANSFER, ctx(), None, quoted.quote).pricing == quoted.pricing
    made = booking(ctx, place_booking(flies(quote=quoted.quote), ctx())).placed
    assert (made.pricing, made.delivery_area.zip_code) == (quoted.pricing, "07101")


def test_one_person_has_one_booking_in_a_slot_whatever_the_service(ctx):
    place_booking(flies(), ctx())
    assert refusal(lambda: place_booking(asks(), ctx())) == ("slot_taken", "/pickup_time")
    place_booking(asks("eve"), ctx())


@pytest.mark.parametrize("on", [date(2027, 3, 14), date(2027, 11, 7)])
def test_on_the_days_of_the_clock_change_the_wall_clock_counts(ctx, on):
    chosen = replace(FLIGHT, blade_flight_date=on, blade_ready_time=time(1, 30), blade_flight_time=time(3))
    wanted = replace(TRANSFER, pickup_date=on, selection=chosen)
    now = datetime.combine(on - timedelta(days=5), time(12), NEW_YORK)
    assert place_booking(flies(wanted=wanted), ctx(now)).position
    chosen = replace(chosen, blade_ready_time=time(3))
    wanted = replace(wanted, selection=chosen)
    assert refusal(lambda: place_booking(flies("eve", wanted), ctx(now))) == ("blade_times", "/blade_ready_time")
