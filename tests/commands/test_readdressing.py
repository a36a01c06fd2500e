"""Other addresses for a booking: checked as when it was placed, priced anew, and the driver still gets in."""

from functools import reduce

import pytest
from msgspec.structs import replace

from commands.changing import ByStaff
from commands.readdressing import Ends
from domain.booking import evolve
from domain.house import InstructionZipsSet
from tests.commands.changes import AT_NINE, NEAR, TUESDAY, change, furnish, on, places, refused
from tests.commands.test_changing import total
from tests.commands.wishes import BEACH, TOWN, booking, payment, place
from tests.samples import MONDAY

FAR_AWAY = replace(BEACH, zip_code="90210", state="CA")


@pytest.mark.parametrize(
    ("ends", "code", "path"),
    [
        (Ends(delivery=FAR_AWAY), "zip_not_served", "/delivery_address/zip_code"),
        (Ends(replace(TOWN, zip_code="00000")), "zip_unknown", "/pickup_address/zip_code"),
        (Ends(replace(NEAR, state="NJ")), "zip_state_mismatch", "/pickup_address/state"),
        (Ends(delivery=TOWN), "same_address", "/delivery_address"),
        (Ends(pickup=BEACH), "same_address", "/pickup_address"),
    ],
)
def test_the_rules_of_addresses_hold_for_changes_too(ctx, ends, code, path):
    placed = place(ctx)
    assert refused(ctx, change, placed, ends=ends) == (code, path)


def test_an_end_that_is_not_told_stays_and_the_distance_is_measured_anew(ctx):
    placed = place(ctx)
    change(ctx, placed, ends=Ends(delivery=NEAR))
    made = booking_now(ctx, placed)
    assert (made.pickup_area.zip_code, made.personal.pickup.address_line_1) == ("10013", "1 Main St")
    assert (made.delivery_area.zip_code, made.personal.delivery.address_line_1) == ("10016", "5 Park Ave")
    assert (made.is_outside_core_area, made.pricing.total_price_cents) == (False, 99500)
    assert payment(ctx, placed).is_withdrawn
    assert places(ctx, placed) == [MONDAY]


def booking_now(ctx, placed):
    """What was placed with what was changed, personal parts too."""
    return reduce(evolve, (r.event for r in ctx().store.history(placed.booking_id)), None).placed


def test_how_the_driver_gets_in_stays_told_where_the_house_needs_it(ctx):
    placed = place(ctx, special_instructions="")
    furnish(ctx, InstructionZipsSet(("10013", "10016")))
    change(ctx, placed, AT_NINE)
    assert refused(ctx, change, placed, ends=Ends(NEAR)) == (
        "instructions_required", "/pickup_address/delivery_instructions")  # fmt: skip
    change(ctx, placed, ends=Ends(NEAR), special_instructions="Blue door")
    assert refused(ctx, change, placed, special_instructions="") == ("instructions_required", "/special_instructions")
    change(ctx, placed, ends=Ends(replace(NEAR, delivery_instructions="Blue door")))
    change(ctx, placed, special_instructions="")
    change(ctx, placed, ends=Ends(delivery=replace(BEACH, address_line_1="3 Dune Rd")))


def test_staff_know_the_area_better_until_it_is_another(ctx):
    placed = place(ctx)
    known = ByStaff(is_outside_core_area=False)
    assert refused(ctx, change, placed, by_staff=known) == ("missing_field", "/reason")
    change(ctx, placed, by_staff=known, reason="On the way")
    assert (total(ctx, placed), payment(ctx, placed).is_withdrawn) == (99500, True)
    change(ctx, placed, on(TUESDAY))
    assert total(ctx, placed) == 99500
    change(ctx, placed, ends=Ends(NEAR))
    assert (total(ctx, placed), booking(ctx, placed).is_area_overridden) == (117000, False)
