"""What each service costs before anything is added."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import Refused
from domain.base_price import airport_of, base_of
from domain.catalog import Catalog
from domain.selection import ItemQuantity, SpecialtyItems, Tier
from tests.domain.price_lists import DEFAULT, ITEMS, selection, shelf


def refusal_of(chosen, catalog) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        base_of(chosen, catalog)
    return refusal.value.code, refusal.value.path


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        ("standard_delivery 31", "too_many_items", "/standard_delivery_item_count"),
        ("standard_delivery 0", "invalid_value", "/standard_delivery_item_count"),
        ("standard_delivery -4", "invalid_value", "/standard_delivery_item_count"),
        ("specialty_item Crib=11", "too_many_items", "/specialty_items/0/quantity"),
        ("specialty_item Crib=6 Bicycle=10 Crib=5", "too_many_items", "/specialty_items/2/quantity"),
        ("specialty_item Crib=0", "invalid_value", "/specialty_items/0/quantity"),
        ("specialty_item Crib=2 Crib=-1", "invalid_value", "/specialty_items/1/quantity"),
        ("specialty_item", "invalid_value", "/specialty_items"),
        ("blade_transfer JFK 21", "too_many_bags", "/blade_bag_count"),
        ("blade_transfer JFK 0", "invalid_value", "/blade_bag_count"),
        ("blade_transfer LGA 2", "not_offered", "/blade_airport"),
    ],
)
def test_what_cannot_be_sold_is_refused_with_its_field(line, code, path):
    assert refusal_of(selection(line), DEFAULT) == (code, path)


def test_an_item_that_nobody_knows_is_refused():
    unknown = SpecialtyItems((ItemQuantity(UUID(int=1), 1),))
    assert refusal_of(unknown, DEFAULT) == ("unknown_item", "/specialty_items/0/id")


def test_the_same_item_on_two_lines_is_counted_together():
    assert base_of(selection("specialty_item Crib=2 Crib=3"), DEFAULT).cents == 5 * 35000


def test_ten_of_each_item_are_not_too_many():
    assert base_of(selection("specialty_item Crib=10 Bicycle=10"), DEFAULT).cents == 10 * (35000 + 25000)


def test_one_bag_is_charged_as_two():
    assert [base_of(selection(f"blade_transfer JFK {n}"), DEFAULT).cents for n in (1, 2, 3)] == [15000, 15000, 22500]


def test_a_transfer_goes_to_its_airport_also_after_it_was_withdrawn():
    withdrawn = replace(DEFAULT.airports["EWR"], is_active=False)
    assert airport_of(selection("blade_transfer EWR 2"), shelf(withdrawn)) == withdrawn
    assert airport_of(selection("standard_delivery 4"), DEFAULT) is None


@pytest.mark.parametrize(
    ("line", "withdrawn"),
    [
        ("mini_move petite", DEFAULT.mini_moves[Tier.PETITE]),
        ("standard_delivery 4", DEFAULT.delivery),
        ("specialty_item Crib=1", DEFAULT.specialty_items[ITEMS["Crib"]]),
        ("blade_transfer JFK 2", DEFAULT.airports["JFK"]),
    ],
)
def test_what_is_withdrawn_is_not_offered(line, withdrawn):
    assert refusal_of(selection(line), shelf(replace(withdrawn, is_active=False)))[0] == "not_offered"


@pytest.mark.parametrize("line", ["mini_move full", "standard_delivery 4", "blade_transfer JFK 2"])
def test_an_empty_catalogue_offers_nothing(line):
    assert refusal_of(selection(line), Catalog())[0] == "not_offered"
