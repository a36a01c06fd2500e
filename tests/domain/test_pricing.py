"""Prices: examples by hand, and what the house and its staff can turn."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from commands.service_area import is_outside_core_area, look_up
from domain import Refused
from domain.house import House
from domain.price_list import SurchargeRule, SurchargeType
from domain.pricing import PriceRequest, price, share, surcharges_on
from domain.selection import PickupTime
from tests.domain.price_lists import DEFAULT, ENTRIES, TUESDAY, changed, selection, shelf

EXAMPLES = list(csv.DictReader(Path(__file__).with_name("pricing_examples.csv").open(encoding="utf-8")))
COLUMNS = {
    "base": "base_price_cents",
    "surcharge": "surcharge_cents",
    "same_day": "same_day_surcharge_cents",
    "coi_fee": "coi_fee_cents",
    "organizing": "organizing_total_cents",
    "tax": "organizing_tax_cents",
    "geographic": "geographic_surcharge_cents",
    "time_window": "time_window_surcharge_cents",
    "total": "total_price_cents",
}


def asked(line: str, **others) -> PriceRequest:
    return PriceRequest(selection(line), **{"pickup_date": TUESDAY, "pickup_time": PickupTime.MORNING} | others)


def columns(request, shelf, house) -> dict[str, str]:
    """The columns of an example; one that is refused has the code of the refusal for a total, and nothing else."""
    try:
        breakdown = price(request, shelf, house)
    except Refused as refused:
        return dict.fromkeys(COLUMNS, "") | {"total": refused.code}
    return {short: str(getattr(breakdown, name)) for short, name in COLUMNS.items()}


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['selection']}: {row['why']}")
def test_the_examples_by_hand(row):
    shelf, house = changed(row["changed"])
    request = PriceRequest(
        selection(row["selection"]),
        date.fromisoformat(row["pickup_date"]),
        PickupTime(row["pickup_time"]),
        coi_required=row["coi"] == "yes",
        is_outside_core_area=is_outside_core_area(*map(look_up, row["zips"].split()), house),
    )
    assert columns(request, shelf, house) == {short: row[short] for short in COLUMNS}


def test_there_are_examples_enough_and_none_is_told_twice():
    said = [tuple(row[name] for name in row if name != "why") for row in EXAMPLES]
    assert len(said) >= 60
    assert len(set(said)) == len(said)


def test_every_applied_rule_is_listed_with_its_amount():
    breakdown = price(asked("mini_move standard", pickup_date=date(2027, 7, 3)), DEFAULT, House())
    listed = [(rule.name, rule.amount_cents) for rule in breakdown.applied_rules]
    assert listed == [("Weekend", 34500), ("Peak date 2027-07-03", 43125)]


def test_the_organizing_services_are_listed_with_their_prices():
    services = price(asked("mini_move full packing unpacking"), DEFAULT, House()).organizing_services
    assert [(s.service_type, s.name, s.price_cents) for s in services] == [
        ("full_packing", "Full Packing", 440000),
        ("full_unpacking", "Full Unpacking", 180000),
    ]


@pytest.mark.parametrize(("cents", "percentage", "rounded"), [(50, "1", 1), (250, "1", 3), (249, "1", 2), (0, "25", 0)])
def test_a_percentage_is_rounded_half_up(cents, percentage, rounded):
    assert share(cents, Decimal(percentage)) == rounded


def test_a_total_at_the_maximum_is_sold_and_one_cent_more_is_refused():
    request = asked("mini_move petite")
    assert price(request, DEFAULT, House(payment_maximum_cents=99500)).total_price_cents == 99500
    with pytest.raises(Refused) as refusal:
        price(request, DEFAULT, House(payment_maximum_cents=99499))
    assert refusal.value.code == "total_exceeds_maximum"


def test_settings_of_the_house_are_in_the_price():
    house = House(organizing_tax_percentage=Decimal("10"), coi_fee_cents=7000)
    assert price(asked("mini_move petite packing"), DEFAULT, house).organizing_tax_cents == 14000
    assert price(asked("standard_delivery 4", coi_required=True), DEFAULT, house).coi_fee_cents == 7000
    assert price(asked("mini_move petite", coi_required=True), DEFAULT, house).coi_fee_cents == 5000


def rule_of(surcharge_type: SurchargeType) -> SurchargeRule:
    return next(rule for rule in DEFAULT.surcharges.values() if rule.surcharge_type is surcharge_type)


def test_a_rule_that_is_switched_off_costs_nothing_and_is_not_shown():
    off = shelf(replace(rule_of(SurchargeType.WEEKEND), is_active=False))
    saturday = date(2027, 1, 16)
    assert price(asked("mini_move petite", pickup_date=saturday), off, House()).surcharge_cents == 0
    assert surcharges_on(saturday, off) == []


def test_a_rule_for_saturdays_spares_sundays():
    saturdays = shelf(replace(rule_of(SurchargeType.WEEKEND), applies_sunday=False))
    prices = [
        price(asked("mini_move petite", pickup_date=day), saturdays, House()).surcharge_cents
        for day in (date(2027, 1, 16), date(2027, 1, 17))
    ]
    assert prices == [19900, 0]


def test_the_calendar_shows_the_rules_of_a_day():
    assert surcharges_on(TUESDAY, DEFAULT) == []
    assert surcharges_on(date(2027, 7, 3), DEFAULT) == [
        {
            "name": "Weekend",
            "calculation_type": "percentage",
            "percentage": "20.00",
            "applies_to_service_types": ["mini_move", "standard_delivery", "specialty_item"],
        },
        {
            "name": "Peak date 2027-07-03",
            "calculation_type": "percentage",
            "percentage": "25.00",
            "applies_to_service_types": "all",
        },
    ]


def test_the_calendar_shows_fixed_amounts_in_cents():
    fixed = replace(rule_of(SurchargeType.WEEKEND), percentage=None, fixed_amount_cents=4000)
    shown = surcharges_on(date(2027, 1, 16), shelf(fixed))
    assert [(s["calculation_type"], s["fixed_amount_cents"], "percentage" in s) for s in shown] == [
        ("fixed_amount", 4000, False)
    ]


def test_organizing_that_is_not_offered_is_refused():
    packing = next(entry for entry in ENTRIES if getattr(entry, "service_type", "") == "petite_packing")
    catalog = shelf(replace(packing, is_active=False))
    assert price(asked("mini_move petite unpacking"), catalog, House()).organizing_total_cents == 113000
    with pytest.raises(Refused) as refusal:
        price(asked("mini_move petite packing"), catalog, House())
    assert (refusal.value.code, refusal.value.path) == ("not_offered", "/include_packing")
