"""A quote holds its price for half an hour, for exactly what it was given for."""

from datetime import date, timedelta

import pytest
from itsdangerous import URLSafeSerializer
from msgspec.structs import replace

from commands.quotes import preview, terms
from domain import Refused, catalog
from domain.selection import ItemQuantity, MiniMove, PickupTime, SpecialtyItems, StandardDelivery, Tier
from eventlog.store import Ref
from tests.commands.wishes import PETITE, WANTED
from tests.samples import MONDAY, NOON

OTHERS = [
    replace(WANTED, selection=MiniMove(Tier.FULL)),
    replace(WANTED, selection=MiniMove(Tier.PETITE, include_packing=True)),
    replace(WANTED, selection=StandardDelivery(3)),
    replace(WANTED, pickup_date=MONDAY + timedelta(1)),
    replace(WANTED, pickup_time=PickupTime.NO_TIME_PREFERENCE),
    replace(WANTED, coi_required=True),
    replace(WANTED, pickup_zip="10014"),
    replace(WANTED, delivery_zip="11937"),
]


def double_the_price(ctx):
    def decision(shelf):
        package = shelf.mini_moves[Tier.PETITE]
        return [catalog.offer(shelf, replace(package, base_price_cents=2 * package.base_price_cents))]

    ctx().append([Ref(catalog, catalog.stream())], decision)


def refusal(wanted, token, ctx) -> str:
    with pytest.raises(Refused) as refused:
        terms(wanted, ctx, None, token)
    return refused.value.code


def test_a_preview_shows_the_breakdown_of_the_price(ctx):
    shown = preview(WANTED, ctx())
    assert (shown.pricing.base_price_cents, shown.pricing.geographic_surcharge_cents) == (99500, 17500)
    assert shown.pricing.total_price_cents == 117000
    assert shown.valid_until == NOON + timedelta(minutes=30)


def test_a_quote_is_honoured_after_the_price_has_changed(ctx):
    shown = preview(WANTED, ctx())
    double_the_price(ctx)
    assert terms(WANTED, ctx(), None, shown.quote).pricing == shown.pricing
    assert terms(WANTED, ctx()).pricing.base_price_cents == 199000


def test_a_quote_of_another_version_is_refused(ctx):
    old = URLSafeSerializer(ctx().secret, salt="totetaxi quote").dumps({"price": 1})
    assert refusal(WANTED, old, ctx()) == "quote_mismatch"


@pytest.mark.parametrize("other", OTHERS)
def test_a_quote_for_other_contents_is_refused(ctx, other):
    assert refusal(other, preview(WANTED, ctx()).quote, ctx()) == "quote_mismatch"


def test_a_quote_is_for_a_zip_however_it_is_written_and_for_items_whatever_they_are_called(ctx):
    oddities = SpecialtyItems((ItemQuantity(next(iter(ctx().catalog().specialty_items)), 2),))
    (line,) = oddities.specialty_items
    wanted = replace(WANTED, selection=oddities)
    booked = SpecialtyItems((replace(line, name="As it was called"),))
    same = replace(wanted, selection=booked, pickup_zip="10013-1234", delivery_zip="11968 ")
    assert terms(same, ctx(), None, preview(wanted, ctx()).quote).pricing == preview(wanted, ctx()).pricing
    assert terms(wanted, ctx(), None, preview(same, ctx()).quote).pricing == preview(wanted, ctx()).pricing


@pytest.mark.parametrize(("minutes", "holds"), [(30, True), (31, False)])
def test_a_quote_holds_for_half_an_hour(ctx, minutes, holds):
    shown, later = preview(WANTED, ctx()), ctx(NOON + timedelta(minutes=minutes))
    if holds:
        assert terms(WANTED, later, None, shown.quote).pricing == shown.pricing
    else:
        assert refusal(WANTED, shown.quote, later) == "quote_expired"


def test_a_quote_that_was_tampered_with_is_refused(ctx):
    quote = preview(WANTED, ctx()).quote
    cheap = quote.replace(quote[10], "A" if quote[10] != "A" else "B", 1)
    for token in (cheap, quote[:-1], quote + "x", "nonsense", "\u20ac.\u20ac", "."):
        assert refusal(WANTED, token, ctx()) == "quote_mismatch"


def test_a_quote_signed_with_another_secret_is_refused(ctx):
    elsewhere = ctx(secret=b"another secret")
    assert refusal(WANTED, preview(WANTED, elsewhere).quote, ctx()) == "quote_mismatch"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"pickup_date": date(2027, 1, 3)}, "pickup_in_past", "/pickup_date"),
        ({"pickup_date": date(2027, 4, 5)}, "outside_booking_window", "/pickup_date"),
        ({"pickup_date": date(2027, 1, 4)}, "same_day_required", "/pickup_date"),
        ({"selection": StandardDelivery(3, True)}, "same_day_not_today", "/is_same_day_delivery"),
        ({"pickup_time": PickupTime.MORNING_SPECIFIC}, "pickup_hour_required", "/specific_pickup_hour"),
        ({"specific_pickup_hour": 9}, "pickup_hour_not_allowed", "/specific_pickup_hour"),
        ({"pickup_zip": "00000"}, "zip_unknown", "/pickup_address/zip_code"),
        ({"delivery_zip": "90210"}, "zip_not_served", "/delivery_address/zip_code"),
    ],
)
def test_what_cannot_be_booked_gets_no_quote(ctx, changes, code, path):
    with pytest.raises(Refused) as refused:
        preview(replace(WANTED, **changes), ctx())
    assert (refused.value.code, refused.value.path) == (code, path)


def test_the_last_day_of_the_window_can_be_quoted(ctx):
    assert preview(replace(WANTED, pickup_date=date(2027, 4, 4), selection=PETITE), ctx()).quote
