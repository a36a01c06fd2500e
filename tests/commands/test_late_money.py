"""Money that comes when its hold is over, however we hear of it: it has its place again, or goes back; never both."""

from functools import partial

import pytest

from commands.bookings import place_booking
from commands.ending import expire_hold
from commands.hearing import hear, learn
from commands.payments import cancel_intent, confirm, open_payment
from commands.refunds import pay_back
from domain import refund
from eventlog.store import EventStore
from tests.commands.money_back import asked_until_known, at_stripe, intent_of, shown
from tests.commands.test_settling import BACK, LATE, expired
from tests.commands.wishes import PASSES, asks, booking, day, limit, names, place, together, told
from tests.samples import HOLD

IS_THERE, IS_GONE = "its place is there", "its place is gone"
PLACES = pytest.mark.parametrize("its_place", [IS_GONE, IS_THERE])


class Overtaken:
    """A store with whom, once, `other` is quicker: after it has decided, before it appends."""

    def __init__(self, store, other):
        self.store, self.other = store, other

    def __getattr__(self, name):
        return getattr(self.store, name)

    def append(self, refs, decision, note, alone=False):
        def overtaken(*states):
            decided, other, self.other = decision(*states), self.other, None
            if other:
                other()
            return decided

        return self.store.append(refs, overtaken, note, alone)


def rival(ctx, its_place, **more):
    if its_place == IS_GONE:
        limit(ctx, 1)
        place_booking(asks("eve"), ctx(**more))


def paid_at_stripe(ctx, placed):
    return ctx().stripe.confirm_with_card(intent_of(ctx, placed), PASSES, "http://127.0.0.1/").id


def is_right(ctx, sandbox, placed, its_place):
    """By our log, and by Stripe's own books."""
    back = refund.late_payment(placed.payment_id)
    if its_place == IS_GONE:
        pay_back(back, ctx(LATE))
        assert names(ctx, back) == [*BACK, "RefundCompleted"]
        asked, approved, _ = (recorded.event for recorded in ctx().store.history(back))
        assert (asked.requested_by, approved.approved_by) == ("system", "system")
        assert (shown(ctx, placed), at_stripe(ctx, sandbox, placed)) == (("refunded", "cancelled"), (1, 117000))
    else:
        assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingCancelled", "BookingReinstated"]
        assert (shown(ctx, placed), at_stripe(ctx, sandbox, placed)) == (("succeeded", "paid"), (0, 0))
    assert (placed.booking_id in day(ctx).places) is (its_place == IS_THERE)
    assert len(day(ctx).places) == 1


def by_webhook(ctx, placed, id):
    hear(told(id), ctx(LATE))


def by_the_payer(ctx, placed, id):
    confirm(id, placed.booking_number, ctx(LATE))


def never_but_asked_for(ctx, placed, id):
    learn(id, ctx(LATE))


def never_but_it_was_to_be_ended(ctx, placed, id):
    asked_until_known(lambda: cancel_intent(placed.payment_id, ctx(LATE)))


def by_all_of_them_at_once_and_twice(ctx, placed, id):
    ways = (by_webhook, by_the_payer, never_but_asked_for, never_but_it_was_to_be_ended)
    together(*[partial(way, ctx, placed, id) for way in ways * 2])


@PLACES
@pytest.mark.parametrize(
    "way",
    [by_all_of_them_at_once_and_twice, by_the_payer, by_webhook, never_but_asked_for, never_but_it_was_to_be_ended],
)
def test_however_we_hear_of_it(ctx, sandbox, way, its_place):
    placed = expired(ctx)
    rival(ctx, its_place)
    id = paid_at_stripe(ctx, placed)
    for _ in range(2):
        way(ctx, placed, id)
    is_right(ctx, sandbox, placed, its_place)


@PLACES
def test_before_our_own_call_to_stripe_has_returned(ctx, sandbox, its_place):
    placed = place_booking(asks(), ctx())
    made = ctx().stripe.create_intent(placed.payment_id, 117000, {"booking_number": placed.booking_number})
    expire_hold(placed.booking_id, ctx(HOLD))
    rival(ctx, its_place)
    ctx().stripe.confirm_with_card(made.id, PASSES, "http://127.0.0.1/")
    hear(told(made.id), ctx(LATE))
    open_payment(placed.booking_number, placed.payment_id, ctx(LATE))
    is_right(ctx, sandbox, placed, its_place)


@PLACES
def test_in_the_same_moment_the_hold_ends_first(ctx, sandbox, database, vault, its_place):
    placed = place(ctx)
    id = paid_at_stripe(ctx, placed)
    with EventStore(database, vault) as other:

        def ends():
            expire_hold(placed.booking_id, ctx(HOLD, store=other))
            rival(partial(ctx, store=other), its_place)

        hear(told(id), ctx(HOLD, store=Overtaken(ctx().store, ends)))
    is_right(ctx, sandbox, placed, its_place)


def test_in_the_same_moment_the_money_comes_first(ctx, sandbox, database, vault):
    placed = place(ctx)
    id = paid_at_stripe(ctx, placed)
    with EventStore(database, vault) as other:
        comes = partial(hear, told(id), ctx(HOLD, store=other))
        expire_hold(placed.booking_id, ctx(HOLD, store=Overtaken(ctx().store, comes)))
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingPaid"]
    assert (booking(ctx, placed).status, at_stripe(ctx, sandbox, placed)) == ("paid", (0, 0))
