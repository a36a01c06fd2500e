"""What a booking costs after a change: what was bought at its booked price, when and where by the rules of now."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import Refused
from domain.house import House
from domain.price_list import SurchargeRule, SurchargeType
from domain.pricing import Bought, PriceRequest, Pricing, price, reprice
from domain.selection import PickupTime
from tests.domain.price_lists import DEFAULT, ENTRIES, TUESDAY, selection, shelf

SATURDAY, PEAK = date(2027, 1, 16), date(2027, 7, 3)
MOVE = PriceRequest(selection("mini_move petite packing"), TUESDAY, PickupTime.MORNING, coi_required=True)
ITEMS = PriceRequest(selection("standard_delivery 4"), TUESDAY, PickupTime.MORNING)
TODAY = replace(ITEMS, selection=selection("standard_delivery 4 same_day"))


def dearer(entry):
    """The entry with every price doubled."""
    prices = {name: 2 * getattr(entry, name) for name in entry.__struct_fields__
              if name.endswith("_cents") and getattr(entry, name)}  # fmt: skip
    return replace(entry, **prices)


# From one day to the next everything costs twice as much, the tax is 10 % and the house's certificate 7000.
DEARER = shelf(*(dearer(entry) for entry in ENTRIES))
DEARER_HOUSE = House(organizing_tax_percentage=Decimal(10), coi_fee_cents=7000)
WITHOUT_DELIVERY = replace(DEFAULT, delivery=None)
FREE_TODAY = replace(DEFAULT, delivery=replace(DEFAULT.delivery, same_day_surcharge_cents=0))


def booked(request=MOVE, catalog=DEFAULT) -> Bought:
    return Bought(request.selection, price(request, catalog, House()))


def again(was: Bought, request, catalog=DEARER) -> Pricing:
    return reprice(was, request, catalog, DEARER_HOUSE)


@pytest.mark.parametrize("request_", [MOVE, ITEMS, TODAY, replace(MOVE, pickup_date=PEAK, is_outside_core_area=True)])
def test_with_nothing_changed_the_price_is_as_it_was(request_):
    assert reprice(booked(request_), request_, DEFAULT, House()) == booked(request_).pricing


def test_what_was_bought_keeps_its_price_when_the_catalogue_rises():
    assert again(booked(), replace(MOVE, pickup_time=PickupTime.NO_TIME_PREFERENCE)) == booked().pricing
    kept = again(booked(ITEMS), replace(ITEMS, pickup_date=date(2027, 1, 13)))
    assert (kept.base_price_cents, kept.total_price_cents) == (38000, 38000)


def test_the_rules_of_now_are_on_the_booked_base():
    """20 % of the 99500 it was booked at; the fixed amounts are those of now: twice 17500 and twice 5000."""
    moved = replace(MOVE, pickup_date=SATURDAY, pickup_time=PickupTime.MORNING_SPECIFIC, is_outside_core_area=True)
    now = again(booked(), moved)
    assert (now.surcharge_cents, now.geographic_surcharge_cents, now.time_window_surcharge_cents) == (
        19900, 35000, 10000,
    )  # fmt: skip
    assert [(rule.name, rule.amount_cents) for rule in now.applied_rules] == [
        ("Weekend", 19900), ("Outside the core area", 35000), ("One-hour window", 10000),
    ]  # fmt: skip
    assert now.total_price_cents == 99500 + 5000 + 140000 + 12425 + 19900 + 35000 + 10000


def test_a_rule_that_came_since_holds_for_a_booking_that_moves_to_its_day():
    snow = SurchargeRule(
        UUID(int=1), SurchargeType.PEAK_DATE, "Snow", "", "all", Decimal("10.00"), specific_date=date(2027, 1, 13)
    )  # fmt: skip
    now = reprice(booked(), replace(MOVE, pickup_date=date(2027, 1, 13)), shelf(snow), House())
    assert (now.surcharge_cents, now.applied_rules[-1].name) == (9950, "Snow")


def test_a_rule_that_no_longer_applies_is_taken_off():
    was = booked(replace(MOVE, pickup_date=PEAK, is_outside_core_area=True))
    assert was.pricing.surcharge_cents == 44775
    now = reprice(was, MOVE, DEFAULT, House())
    assert now == booked().pricing
    assert now.applied_rules == ()


def test_same_day_delivery_is_dropped_with_its_day_and_costs_what_it_costs_now_when_it_is_new():
    assert again(booked(TODAY), ITEMS).same_day_surcharge_cents == 0
    assert again(booked(ITEMS), TODAY).same_day_surcharge_cents == 72000


@pytest.mark.parametrize(("catalog", "cents"), [(DEFAULT, 36000), (FREE_TODAY, 0)])
def test_same_day_delivery_that_was_bought_keeps_its_price(catalog, cents):
    later = replace(TODAY, pickup_time=PickupTime.NO_TIME_PREFERENCE)
    assert again(booked(TODAY, catalog), later).same_day_surcharge_cents == cents


def test_what_is_no_longer_sold_can_still_be_moved_but_not_be_added():
    withdrawn = shelf(*(replace(entry, is_active=False) for entry in DEFAULT.mini_moves.values()))
    assert again(booked(), replace(MOVE, pickup_date=SATURDAY), withdrawn).base_price_cents == 99500
    assert again(booked(ITEMS), replace(ITEMS, pickup_date=SATURDAY), WITHOUT_DELIVERY).base_price_cents == 38000
    with pytest.raises(Refused, match="Same-day delivery is not offered"):
        again(booked(ITEMS), TODAY, WITHOUT_DELIVERY)


def test_a_change_that_costs_more_than_can_be_paid_is_refused_and_one_cent_less_is_not():
    saturday = replace(MOVE, pickup_date=SATURDAY)
    total = 99500 + 5000 + 140000 + 12425 + 19900
    assert reprice(booked(), saturday, DEFAULT, House(payment_maximum_cents=total)).total_price_cents == total
    with pytest.raises(Refused) as refused:
        reprice(booked(), saturday, DEFAULT, House(payment_maximum_cents=total - 1))
    assert refused.value.code == "total_exceeds_maximum"
