"""Prices on request: the breakdown for what is wanted, and a signed quote that holds it for half an hour."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeSerializer
from msgspec import ValidationError, convert, json, to_builtins
from msgspec.structs import replace

from commands import Context
from commands.service_area import Place, is_outside_core_area, served_place
from domain import Refused, Value
from domain.base_price import airport_of
from domain.house import House
from domain.offer import check_day, check_flight, check_hour
from domain.price_list import Airport
from domain.pricing import PriceRequest, Pricing, price
from domain.selection import PickupTime, Selection, SpecialtyItems, named

VALID = timedelta(minutes=30)


class Wanted(Value):
    """What a quote covers: service, selection, day, time, ZIPs and COI. The state is checked where one was given.

    delivery_zip is empty where the selection says where it goes: to an airport.
    """

    selection: Selection
    pickup_date: date
    pickup_time: PickupTime
    specific_pickup_hour: int | None
    coi_required: bool
    pickup_zip: str
    delivery_zip: str


class States(Value):
    """The states as they were written; None where only a ZIP was given."""

    pickup: str | None = None
    delivery: str | None = None


class Terms(Value):
    """What is wanted, checked and priced; `airport` is where a transfer goes, and its place the delivery's."""

    request: PriceRequest
    pricing: Pricing
    pickup: Place
    delivery: Place
    house: House
    airport: Airport | None = None


@dataclass(frozen=True)
class Preview:
    quote: str
    valid_until: datetime
    pricing: Pricing


class Quote(Value):
    contents: str
    valid_until: datetime
    pricing: Pricing


def preview(wanted: Wanted, ctx: Context, states: States | None = None) -> Preview:
    """The price of now, and a token that keeps it. Refuses what a booking of it would be refused, capacity aside."""
    pricing = terms(wanted, ctx, states).pricing
    quote = Quote(_contents(wanted), ctx.now + VALID, pricing)
    return Preview(_signer(ctx).dumps(to_builtins(quote)), quote.valid_until, pricing)


def terms(wanted: Wanted, ctx: Context, states: States | None = None, quote: str | None = None) -> Terms:
    """Checked against the rules and priced: as quoted, else as of now.

    Refuses with the codes of days, hours, ZIPs and prices, and `quote_expired`, `quote_mismatch`.
    """
    house, states, catalog = ctx.house(), states or States(), ctx.catalog()
    airport = airport_of(wanted.selection, catalog)
    pickup = _at("/pickup_address", wanted.pickup_zip, house, states.pickup)
    delivery = (
        _landing(airport, house) if airport else _at("/delivery_address", wanted.delivery_zip, house, states.delivery)
    )
    request = PriceRequest(
        wanted.selection,
        wanted.pickup_date,
        wanted.pickup_time,
        wanted.specific_pickup_hour,
        wanted.coi_required,
        is_outside_core_area(pickup, delivery, house),
    )
    check_hour(request)
    check_day(request, ctx.wall_clock, house)
    check_flight(request)
    pricing = quoted(quote, wanted, ctx) if quote else price(request, catalog, house)
    return Terms(request, pricing, pickup, delivery, house, airport)


def quoted(token: str, wanted: Wanted, ctx: Context) -> Pricing:
    """Exactly the price that was quoted, also when the catalogue has changed since."""
    try:
        quote = convert(_signer(ctx).loads(token), Quote)
    except (BadSignature, ValidationError):  # the latter: made by a version with other prices in its quotes
        raise Refused("quote_mismatch", "This is no quote of ours.", "/quote") from None
    if quote.contents != _contents(wanted):
        raise Refused("quote_mismatch", "The quote is for other contents; ask for a new one.", "/quote")
    if quote.valid_until < ctx.now:
        raise Refused("quote_expired", "The quote has expired; ask for a new one.", "/quote")
    return quote.pricing


def _at(path: str, zip_code: str, house: House, state: str | None) -> Place:
    try:
        return served_place(zip_code, house, state)
    except Refused as refusal:
        raise Refused(refusal.code, str(refusal), path + refusal.path) from None


def _landing(airport: Airport, house: House) -> Place:
    try:
        return served_place(airport.zip_code, house, airport.state)
    except Refused as refusal:
        raise Refused(refusal.code, str(refusal), "/blade_airport") from None


def _contents(wanted: Wanted) -> str:
    """The same however its ZIPs are written, 10013 or 10013-1234, and whatever its items are called."""
    chosen = wanted.selection
    if isinstance(chosen, SpecialtyItems):
        chosen = named(chosen, {item.id: "" for item in chosen.specialty_items})
    zips = {"pickup_zip": wanted.pickup_zip.strip()[:5], "delivery_zip": wanted.delivery_zip.strip()[:5]}
    return sha256(json.encode(replace(wanted, selection=chosen, **zips))).hexdigest()


def _signer(ctx: Context) -> URLSafeSerializer:
    return URLSafeSerializer(ctx.secret, salt="totetaxi quote")
