"""Whatever is quoted costs the same cents when it is booked, though everything has become dearer in between."""

from datetime import timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import asdict, replace

from commands.bookings import place_booking
from commands.quotes import Wanted, preview
from domain import catalog, house
from domain.house import PaymentMaximumSet
from domain.price_list import SurchargeRule
from domain.selection import BladeTransfer, PickupTime, is_same_day
from eventlog.store import Ref
from tests.commands.wishes import BEACH, TOWN, asks, booking, payment
from tests.domain.any_request import requests
from tests.samples import NOON

TODAY = NOON.date()
ENDS = {"10013": TOWN, "11968": BEACH}


@some.composite
def wishes(draw) -> Wanted:
    """Anything that can be booked at noon: in the window, not for today, at an hour where one was chosen."""
    request = draw(requests)
    chosen, on = request.selection, TODAY + timedelta(draw(some.integers(1, 90)))
    if is_same_day(chosen):
        chosen = replace(chosen, is_same_day_delivery=False)
    if is_transfer := isinstance(chosen, BladeTransfer):
        chosen = replace(chosen, blade_flight_date=on)
    hour = draw(some.integers(8, 10)) if request.pickup_time is PickupTime.MORNING_SPECIFIC else None
    ends = draw(some.permutations(sorted(ENDS)))
    return Wanted(chosen, on, request.pickup_time, hour, request.coi_required, ends[0], "" if is_transfer else ends[1])


def make_dearer(ctx):
    """Every price is a dollar up, every rule a dollar or a percent."""

    def decision(shelf):
        return [[event for entry in entries(shelf) for event in catalog.offer(shelf, dearer(entry))]]

    ctx().append([Ref(catalog, catalog.stream())], decision)


def entries(shelf):
    shelves = shelf.mini_moves, shelf.organizing, shelf.specialty_items, shelf.airports, shelf.surcharges
    return [entry for shelf_ in shelves for entry in shelf_.values()] + [shelf.delivery]


def dearer(entry):
    if isinstance(entry, SurchargeRule) and entry.percentage is not None:
        return replace(entry, percentage=entry.percentage + 1)
    return replace(entry, **{name: cents + 100 for name, cents in asdict(entry).items() if name.endswith("_cents")})


def test_what_was_quoted_is_what_the_booking_and_its_payment_cost(ctx):
    guests, most = count(), PaymentMaximumSet(50_000_000)  # for a dozen pianos
    ctx().append([Ref(house, house.stream())], lambda state: [house.change(state, most)])

    @settings(max_examples=15, deadline=None)
    @given(wishes())
    def quoted_and_booked(wanted):
        quoted = preview(wanted, ctx())
        make_dearer(ctx)
        ends = {"pickup": ENDS[wanted.pickup_zip], "delivery": ENDS.get(wanted.delivery_zip)}
        placed = place_booking(asks(f"guest{next(guests)}", wanted, quote=quoted.quote, **ends), ctx())
        assert booking(ctx, placed).placed.pricing == quoted.pricing
        assert payment(ctx, placed).amount_cents == quoted.pricing.total_price_cents
        assert preview(wanted, ctx()).pricing.base_price_cents > quoted.pricing.base_price_cents

    quoted_and_booked()
