"""Stories that the tests tell to the log, and read models that follow it."""

from msgspec.structs import replace

from domain import audit, booking, payment, pickup_day, refund
from domain.address import Area, Street, Streets, Words
from domain.booking_events import BookingAddressesChanged, BookingNoted, BookingRescheduled
from domain.ids import booking_id, payment_id
from domain.payment_events import PaymentSecret
from domain.selection import MiniMove, Tier
from eventlog.envelope import AGGREGATES
from eventlog.feed import PostgresFeed, open_log
from eventlog.ids import new_id
from eventlog.store import Ref
from projections.applying import apply, positions
from projections.schemas import FRAME_TABLES, name_of
from tests.samples import MONDAY, NOON, PRICING, note, person, placed, wish

CENTS = 99_500


def aggregate_of(event):
    """The module whose streams such events lie on."""
    return next(aggregate for aggregate in AGGREGATES if isinstance(event, aggregate.Event))


def tell(store, key, *steps, at=NOON):
    """One append: these events, each with its stream, under this key. Returns the position of the last one."""
    events = {}
    for stream, event in steps:
        events.setdefault(stream, []).append(event)
    refs = [Ref(aggregate_of(new[0]), stream) for stream, new in events.items()]
    return store.append(refs, lambda *_: list(events.values()), note(at, key=key)).position


def act(store, staff="grace", about="ada"):
    """An entry of the audit log: somebody of the staff looks at a customer."""
    acted = audit.StaffActed(
        person(staff), audit.Action.VIEW_CUSTOMER, "req-1", person(staff), customer_id=person(about)
    )
    seen = replace(acted, personal=audit.Whence("192.0.2.1", "a browser"))
    return tell(store, id := new_id(), (id, seen))


class Story:
    """A booking's life, told one append at a time; each step answers its position."""

    def __init__(self, store, n=1, name="ada", **placing):
        self.store, self.number, self.name = store, f"TT{n:08d}", name
        self.id, self.payment = booking_id(self.number), payment_id(booking_id(self.number), 1)
        self.refund, self.day = refund.late_payment(self.payment), placing.pop("day", MONDAY)

    def place(self, at=NOON):
        place = pickup_day.reserve(None, wish(self.id, self.name, self.day))
        return tell(self.store, self.id, (self.id, placed(self.name, self.day, self.number)),
                    *((pickup_day.stream(self.day), event) for event in place), at=at)  # fmt: skip

    def pay(self, at=NOON):
        asked = payment.PaymentRequested(self.id, person(self.name), CENTS)
        opened = payment.PaymentOpened("pi_1", person(self.name), PaymentSecret("secret"))
        paid = payment.PaymentSucceeded(CENTS, "ch_1")
        return tell(self.store, self.id, *((self.payment, event) for event in (asked, opened, paid)),
                    (self.id, booking.BookingPaid(self.payment, CENTS)), at=at)  # fmt: skip

    def turn(self, *events, at=NOON):
        return tell(self.store, self.id, *((self.id, event) for event in events), at=at)

    def cancel(self, words=None, at=NOON):
        why = booking.BookingCancelled("by_customer", self.day, person(self.name), words and Words(words))
        released = pickup_day.PlaceReleased(self.day, self.id, "mini_move")
        return tell(self.store, self.id, (self.id, why), (pickup_day.stream(self.day), released), at=at)

    def move(self, day, pickup_time="morning", hour=None, words="It rains", cents=CENTS):
        """Rescheduled by staff, who tell why."""
        selection, pricing = MiniMove(Tier.PETITE), replace(PRICING, total_price_cents=cents)
        to = BookingRescheduled(person(self.name), self.day, day, pickup_time, hour, selection, pricing, Words(words))
        self.day = day
        return self.turn(to)

    def send_to(self, city, zip_code, street="9 Elsewhere", cents=CENTS, **saved):
        """Delivered somewhere else."""
        ends = Streets(Street("1 Main St"), Street(street))
        areas = Area("New York", "NY", "10013"), Area(city, "NY", zip_code)
        pricing = replace(PRICING, total_price_cents=cents)
        return self.turn(BookingAddressesChanged(person(self.name), *areas, True, pricing, ends, **saved))

    def note(self, words):
        return self.turn(BookingNoted(person(self.name), Words(words)))

    def give_back(self, cents=CENTS, at=NOON):
        asked = refund.RefundRequested(self.payment, self.id, cents, "too late", "system")
        done = (asked, refund.RefundApproved("system"), refund.RefundCompleted("re_1", cents))
        moved = payment.RefundReserved(self.refund, cents), payment.RefundPaidOut(self.refund, cents)
        return tell(self.store, self.id, *((self.refund, event) for event in done),
                    *((self.payment, event) for event in moved), at=at)  # fmt: skip


def follow(store, db, model, limit=500):
    """The live read model, brought to the end of the log in batches of at most `limit`."""
    feed = PostgresFeed(open_log(store.recorder))
    while (batch := feed.read(at := positions(db, name_of(model)), limit, 0)).progress != at:
        apply(db, model, batch, store.vault)


def rows(db, schema):
    """All rows of the model's tables in a schema, as text, by table."""
    return {
        table: db.execute(f'select t::text from "{schema}"."{table}" t order by 1').fetchall()
        for table in tables(db, schema)
        if table not in FRAME_TABLES
    }


def tables(db, schema):
    found = db.execute("select tablename from pg_tables where schemaname = %s order by tablename", (schema,))
    return [table for (table,) in found]


def empty(db, schema):
    """The read model as it is before the first event."""
    db.execute(f"truncate {', '.join(f'{schema}.{table}' for table in tables(db, schema) if table != 'positions')}")
    db.execute(f"update {schema}.positions set position = 0, kafka_offset = null")
