"""Any story of bookings and days, told in any order to the real store: what always holds.

A few stories in `make test`, many and longer ones with TOTETAXI_PROVE=1.
"""

import os
from datetime import timedelta
from functools import partial

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from commands import booking_ref, day_ref
from commands.bookings import place_booking
from commands.changing import ByStaff, Changes, NewTime, change_booking
from commands.customer_bookings import BookFromAccount, book_from_account
from commands.ending import Cancellation, TooEarly, cancel_as_seen, delete_booking, expire_hold
from commands.payments import request_next
from commands.readdressing import Ends
from domain import Refused, payment, pickup_day
from domain.booking_status import ACTIVE, UNPAID, Status
from domain.ids import payment_id
from domain.selection import PickupTime, ServiceType
from integrations.stripe import Intent, StripeUnavailable
from tests.commands.story_house import PLACES, House, heard
from tests.commands.wishes import BEACH, TOWN, asks
from tests.proofs.days import Story
from tests.proofs.money import whole_log

PROVE = bool(os.environ.get("TOTETAXI_PROVE"))
STORIES, STEPS = (120, 60) if PROVE else (16, 40)
# To find the shortest story that fails takes minutes.
PHASES = (Phase.generate, Phase.shrink) if PROVE else (Phase.generate,)
NEVER = (Refused, TooEarly, StripeUnavailable)
FINAL = ("succeeded", "canceled")

PEOPLE = ["ada", "ADA", "eve"]
BOOKINGS = some.integers(0, 5)
GUESTS = some.sampled_from(PEOPLE)
DAYS, LATER = some.integers(0, 2), some.sampled_from([timedelta(minutes=1), timedelta(minutes=31), timedelta(1)])
SERVICES, LIMITS = some.sampled_from(list(ServiceType)), some.integers(0, 3)
SLOTS = some.sampled_from(
    [(PickupTime.MORNING, None), (PickupTime.NO_TIME_PREFERENCE, None), (PickupTime.MORNING_SPECIFIC, 9)]
)
SAID = some.sampled_from([Status.CONFIRMED, Status.IN_PROGRESS, Status.DELAYED, Status.COMPLETED])
TOLD = some.sampled_from([*FINAL, "succeeded", "processing", "requires_action", "requires_payment_method"])
NEXT = {"pending": "confirmed", "confirmed": "in_progress", "paid": "in_progress", "in_progress": "delayed",
        "delayed": "completed"}  # fmt: skip
NEAR = replace(TOWN, address_line_1="9 Park Ave", zip_code="10016")


class AnyStory(RuleBasedStateMachine):
    """Everything is asked at any time, and everything but a booking twice; what is refused has written nothing."""

    def __init__(self, house):
        super().__init__()
        self.house, self.now = house, house.month()
        self.days = [self.now.date() + timedelta(2 + n) for n in range(3)]
        self.story, self.read, self.stripe = Story(dict.fromkeys(map(str, ServiceType), PLACES)), house.head(), {}

    def ask(self, command, *args):
        """Asked again it writes nothing."""
        self.once(command, *args)
        head = self.house.head()
        self.once(command, *args)
        assert self.house.head() == head, "asked twice, done twice"

    def once(self, command, *args, wanted=None):
        """`wanted` are the day and the service that it asks for."""
        head = self.house.head()
        try:
            command(*args, self.house.ctx(self.now))
        except NEVER as refusal:
            wrong = self.story.unjust(refusal, *wanted) if wanted and isinstance(refusal, Refused) else []
            assert (self.house.head(), wrong) == (head, []), "refused, and done"
        self.what_must_be_true_is_true()

    @rule(who=GUESTS, day=DAYS, service=SERVICES, slot=SLOTS)
    def a_guest_books(self, who, day, service, slot):
        self.a_booking(who, self.days[day], service, slot)

    def a_booking(self, who, day, service, slot):
        asked = asks(who, self.house.wanted(day, service, slot))
        asked = replace(asked, delivery=None) if service == "blade_transfer" else asked
        self.once(place_booking, asked, wanted=(day, service))

    @rule(day=DAYS, service=SERVICES, slot=SLOTS)
    def a_customer_books(self, day, service, slot):
        to = None if service == "blade_transfer" else BEACH
        asked = BookFromAccount(self.house.ada, self.house.wanted(self.days[day], service, slot), TOWN, to)
        self.once(book_from_account, asked, wanted=(self.days[day], service))

    @initialize(service=SERVICES)
    def it_begins_with_three_bookings(self, service):
        slots = [(PickupTime.MORNING, None), (PickupTime.MORNING_SPECIFIC, 8), (PickupTime.NO_TIME_PREFERENCE, None)]
        for who, day, slot in zip(PEOPLE, self.days, slots, strict=True):
            self.a_booking(who, day, service, slot)

    def many_go_on(self):
        return sum(made.status in ACTIVE for made in self.story.bookings.values()) > 2

    def booking(self, one):
        """One of them, those that still go on first."""
        made = self.story.bookings
        return sorted(made, key=lambda id: made[id].status not in ACTIVE)[one % len(made)]

    @rule(one=BOOKINGS, day=DAYS, slot=SLOTS, by_staff=some.booleans())
    def it_is_rescheduled(self, one, day, slot, by_staff):
        id = self.booking(one)
        asked = Changes(NewTime(self.days[day], *slot), by_staff=ByStaff() if by_staff else None)
        service = str(self.story.bookings[id].placed.selection.service_type)
        self.once(change_booking, booking_ref(id), asked, wanted=(self.days[day], service))
        self.ask(change_booking, booking_ref(id), asked)

    @rule(one=BOOKINGS, pickup=some.sampled_from([TOWN, NEAR]), delivery=some.sampled_from([None, BEACH, NEAR]))
    def it_goes_elsewhere(self, one, pickup, delivery):
        id = self.booking(one)
        self.ask(change_booking, booking_ref(id), Changes(ends=Ends(pickup, delivery)))

    @rule(one=BOOKINGS, status=some.none() | SAID, notes=some.none() | some.sampled_from(["", "fragile"]))
    def staff_say(self, one, status, notes):
        id = self.booking(one)
        self.ask(change_booking, booking_ref(id), Changes(by_staff=ByStaff(status, notes)))

    @rule(one=BOOKINGS, far=some.booleans())
    def staff_know_the_area_better(self, one, far):
        id = self.booking(one)
        asked = Changes(reason="by the bridge", by_staff=ByStaff(is_outside_core_area=far))
        self.ask(change_booking, booking_ref(id), asked)

    @precondition(lambda self: self.many_go_on())
    @rule(one=BOOKINGS, by_staff=some.booleans(), cents=some.sampled_from([None, 0, 100]), approved=some.booleans())
    def it_is_cancelled(self, one, by_staff, cents, approved):
        id = self.booking(one)
        self.ask(cancel_as_seen, booking_ref(id), Cancellation("", by_staff, cents, approved))

    @precondition(lambda self: self.many_go_on())
    @rule(one=BOOKINGS, too_early=some.booleans())
    def its_hold_is_over(self, one, too_early):
        id = self.booking(one)
        if not too_early:
            self.now = max(self.now, self.story.bookings[id].placed.hold_expires_at)
        self.ask(expire_hold, id)

    @rule(one=BOOKINGS)
    def it_is_carried_on(self, one):
        """To the next of what staff say of it."""
        id = self.booking(one)
        status = self.story.bookings[id].status
        if status in NEXT:
            self.ask(change_booking, booking_ref(id), Changes(by_staff=ByStaff(Status(NEXT[status]))))

    @precondition(lambda self: self.many_go_on())
    @rule(one=BOOKINGS)
    def it_is_put_away(self, one):
        id = self.booking(one)
        self.ask(delete_booking, booking_ref(id), "")

    @rule(one=BOOKINGS, n=some.integers(0, 1), status=TOLD)
    def stripe_tells(self, one, n, status):
        """What Stripe has once said for good it says again; only of the last payment or the one before."""
        id = self.booking(one)
        paying = payment_id(id, max(1, self.story.bookings[id].payments - n))
        status = self.stripe.get(paying, status)
        if status in FINAL:
            self.stripe[paying] = status
        failure = "card_declined" if status == "requires_payment_method" else None
        amount, charge = self.story.payments[paying].amount_cents, f"ch_{self.house.head()}"
        intent = Intent(f"pi_{paying}", status, amount, "secret", charge, failure, {}, None)
        self.ask(heard, paying, intent)

    @rule(one=BOOKINGS)
    def it_is_billed_again(self, one):
        id = self.booking(one)
        made = self.story.bookings[id]
        last = self.story.payments[payment_id(id, made.payments)]
        if payment.is_spent(last) and made.status in UNPAID:
            self.ask(request_next, made.placed.booking_number, made.payments)

    @rule(later=LATER)
    def time_goes_by(self, later):
        self.now += later

    @rule(day=DAYS, service=SERVICES, limit=LIMITS)
    def the_day_gets_a_limit(self, day, service, limit):
        self.of_the_day(day, pickup_day.set_limit, service, limit)

    @rule(day=DAYS, service=SERVICES)
    def the_limit_is_lifted(self, day, service):
        self.of_the_day(day, pickup_day.lift_limit, service)

    @rule(day=DAYS, is_closed=some.booleans())
    def it_snows(self, day, is_closed):
        self.of_the_day(day, *((pickup_day.black_out, "snow") if is_closed else (pickup_day.reopen,)))

    def of_the_day(self, n, decision, *args):
        day = self.days[n]
        self.ask(lambda ctx: ctx.append([day_ref(day)], lambda state: [decision(state, day, *args)]))

    def what_must_be_true_is_true(self):
        if news := whole_log(self.house.store, self.read):
            self.read = news[-1].position
            assert self.story.follow(news) + self.story.at_rest() == []

    @invariant()
    def the_store_and_the_calendar_tell_the_same(self):
        shown = {}
        for day in self.days:
            state = self.story.days.get(pickup_day.stream(day), pickup_day.PickupDay())
            assert (self.house.store.load(day_ref(day)).state or pickup_day.PickupDay()) == state
            left = {str(service): max(0, pickup_day.left(state, service, PLACES)) for service in ServiceType}
            shown[day.isoformat()] = (state.is_blackout, left)
        found = self.house.availability(self.days[0], self.days[-1])
        assert {day["date"]: (day["is_blackout"], day["remaining"]) for day in found} == shown

    def teardown(self):
        """The staff's list, too, once it has read the story."""
        made = {
            id: (b.status, b.placed.pickup_date, b.placed.pricing.total_price_cents, b.paid_cents, b.is_deleted)
            for id, b in self.story.bookings.items()
        }
        assert self.house.lines(list(made)) == made


def test_in_any_story_what_must_be_true_is_true(store, db):
    house = House(store, db)
    how = settings(
        max_examples=STORIES,
        stateful_step_count=STEPS,
        phases=PHASES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(partial(AnyStory, house), settings=how)
