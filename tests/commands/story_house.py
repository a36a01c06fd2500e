"""The house of the stories: its store with the catalogue, its one account, and the calendar that follows its log."""

from dataclasses import replace as with_parts
from datetime import time, timedelta
from itertools import count

from msgspec.structs import replace

from commands import Context
from commands.catalog import seed
from commands.settling import settle
from domain import house
from domain.house import BookingWindowSet, DailyCapacitySet
from domain.selection import BladeTransfer, ItemQuantity, ServiceType, SpecialtyItems, StandardDelivery
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import Ref
from projections import bookings, calendar
from projections.schemas import look_into
from tests.commands.accounts_made import verified
from tests.commands.conftest import SECRET
from tests.commands.wishes import PETITE, WANTED
from tests.projections.stories import follow
from tests.samples import NOON

PLACES, MONTH = 2, timedelta(28)


class Saying:
    """Stripe, which says of an intent what it has said before."""

    def __init__(self, intent):
        self.intent = intent

    def retrieve_intent(self, _):
        return self.intent


def heard(id, intent, ctx):
    return settle(id, intent, with_parts(ctx, stripe=Saying(intent)))


class House:
    """The house and its one account; each story has a month of its own, so that none meets the places of another."""

    def __init__(self, store, db):
        self.store, self.db, self._months = store, db, count()
        seed(self.ctx())
        for wish in (BookingWindowSet(80), *(DailyCapacitySet(service, PLACES) for service in ServiceType)):
            self.ctx().append([Ref(house, house.stream())], lambda state, wish=wish: [house.change(state, wish)])
        self.ada = verified(self.ctx)
        self.item = min(self.ctx().catalog().specialty_items)

    def ctx(self, now=NOON):
        return Context(self.store, None, Origin("guest", new_id()), now, SECRET)

    def head(self):
        return self.store.recorder.max_notification_id() or 0

    def month(self):
        return NOON + MONTH * next(self._months)

    def availability(self, first, last):
        """As the calendar shows it once it has read the log."""
        follow(self.store, self.db, calendar)
        with self.db.transaction():
            look_into(self.db, "calendar")
            return calendar.availability(self.db, first, last, first)

    def lines(self, ids):
        """As the staff's list has them."""
        follow(self.store, self.db, bookings)
        columns = "booking_id, status, pickup_date, total_price_cents, paid_cents, is_deleted"
        rows = self.db.execute(f"select {columns} from bookings.lines where booking_id = any(%s)", (ids,))
        return {id: tuple(line) for id, *line in rows}

    def wanted(self, day, service, slot):
        """What is asked for of a service, on a day at a time with its hour."""
        selections = {
            "mini_move": PETITE,
            "standard_delivery": StandardDelivery(3),
            "specialty_item": SpecialtyItems((ItemQuantity(self.item, 1),)),
            "blade_transfer": BladeTransfer("JFK", day, time(14), 2, time(9)),
        }
        zip_code = "" if service == "blade_transfer" else WANTED.delivery_zip
        fields = {"selection": selections[service], "pickup_date": day, "delivery_zip": zip_code}
        return replace(WANTED, pickup_time=slot[0], specific_pickup_hour=slot[1], **fields)
