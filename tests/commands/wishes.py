"""What the guests of these tests wish for, and what the log shows after it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from msgspec.structs import replace

from commands import booking_ref, day_ref, payment_ref
from commands.bookings import Address, Contact, PlaceBooking, place_booking
from commands.payments import open_payment, pay_in_sandbox
from commands.quotes import Wanted
from domain import pickup_day
from domain.selection import MiniMove, PickupTime, Tier
from integrations.stripe import StripeEvent
from tests.samples import MONDAY

PASSES, DECLINED, ASKS = "4242424242424242", "4000000000000002", "4000002760003184"
PETITE = MiniMove(Tier.PETITE)
WANTED = Wanted(PETITE, MONDAY, PickupTime.MORNING, None, False, "10013", "11968")
TOWN = Address("1 Main St", "New York", "NY", "10013")
BEACH = Address("2 Dune Rd", "Southampton", "NY", "11968")


def contact(name="ada", **changes) -> Contact:
    return replace(Contact(name.title(), "Byron", f"{name}@example.com", "+12125550123"), **changes)


def asks(name="ada", wanted=WANTED, **changes) -> PlaceBooking:
    return replace(PlaceBooking(contact(name), wanted, TOWN, BEACH, "Ring twice"), **changes)


def place(ctx, name="ada", **changes):
    """A booking whose payment Stripe knows."""
    placed = place_booking(asks(name, **changes), ctx())
    open_payment(placed.booking_number, placed.payment_id, ctx())
    return placed


def pay(ctx, placed, card=PASSES, **more) -> int:
    return pay_in_sandbox(payment(ctx, placed).intent_id, placed.booking_number, card, ctx(**more))


def booking(ctx, placed):
    return ctx().store.load(booking_ref(placed.booking_id)).state


def payment(ctx, placed, id=None):
    return ctx().store.load(payment_ref(id or placed.payment_id)).state


def day(ctx, on=MONDAY):
    return ctx().store.load(day_ref(on)).state


def names(ctx, stream) -> list[str]:
    """The names of a stream's events."""
    return [recorded.name for recorded in ctx().store.history(stream)]


def told(intent_id, type="payment_intent.succeeded") -> StripeEvent:
    return StripeEvent(f"evt_{uuid4().hex}", type, intent_id, False)


def at_stripe(ctx, placed, id=None):
    return ctx().stripe.retrieve_intent(payment(ctx, placed, id).intent_id)


def decline_three_times(ctx, placed):
    for _ in range(3):
        pay(ctx, placed, DECLINED)


def together(*asked):
    with ThreadPoolExecutor(len(asked)) as threads:
        return [future.result() for future in [threads.submit(ask) for ask in asked]]


def limit(ctx, places):
    ctx().append([day_ref(MONDAY)], lambda day: [pickup_day.set_limit(day, MONDAY, "mini_move", places)])
