"""How bookings end: staff say what goes back of the money, and it is set aside with the end, once."""

import pytest
from msgspec.structs import replace

from commands import booking_ref, payment_ref
from commands.changing import ByStaff
from commands.ending import Cancellation, cancel_as_seen, delete_booking, expire_hold
from commands.refunds import pay_back
from domain import payment as payments
from domain import refund
from domain.booking_events import BookingBilledAgain
from domain.booking_status import Status
from domain.ids import payment_id
from domain.payment import DisputeOpened, PaymentOpened, PaymentRequested, PaymentSucceeded
from domain.payment_events import PaymentSecret
from tests.commands.changes import SATURDAY, STAFF, change, confirm_booking, has_its_place, on, refused, start_booking
from tests.commands.wishes import booking, day, names, pay, payment, place
from tests.samples import HOLD

BY_STAFF = Cancellation("The van broke down", by_staff=True)


def cancel(ctx, placed, version=None, **more):
    ref = booking_ref(placed.booking_id)._replace(version=version)
    return cancel_as_seen(ref, replace(BY_STAFF, **more), ctx(actor="staff:grace"))


def delete(ctx, placed, version=None):
    return delete_booking(booking_ref(placed.booking_id)._replace(version=version), "A test", ctx())


def back(ctx, id):
    """What goes back of a payment, as it was asked for."""
    return [recorded.event for recorded in ctx().store.history(refund.of_cancellation(id))]


def paid(ctx, name="ada"):
    placed = place(ctx, name)
    pay(ctx, placed)
    return placed


def test_all_of_it_goes_back_by_default_and_waits_for_a_second_person(ctx):
    placed = paid(ctx)
    cancel(ctx, placed)
    [asked] = back(ctx, placed.payment_id)
    assert (asked.amount_cents, asked.booking_id, asked.requested_by) == (117000, placed.booking_id, "staff:grace")
    assert payments.refundable_cents(payment(ctx, placed)) == 0
    pay_back(refund.of_cancellation(placed.payment_id), ctx())
    assert len(back(ctx, placed.payment_id)) == 1
    assert (booking(ctx, placed).status, booking(ctx, placed).reason) == ("cancelled", "by_staff")
    assert has_its_place(ctx, placed)


def test_an_admin_approves_with_it_and_the_money_goes_back_once(ctx, sandbox):
    placed = paid(ctx)
    cancel(ctx, placed, is_approved=True, refund_cents=50000)
    for _ in range(2):
        cancel(ctx, placed, is_approved=True, refund_cents=60000)
        pay_back(refund.of_cancellation(placed.payment_id), ctx())
    assert [type(event).__name__ for event in back(ctx, placed.payment_id)] == [
        "RefundRequested", "RefundApproved", "RefundCompleted"]  # fmt: skip
    [line] = [line for line in sandbox.ledger() if line["id"] == payment(ctx, placed).intent_id]
    assert line["refunded"] == 50000


def test_nothing_goes_back_where_staff_say_so(ctx):
    placed = paid(ctx)
    cancel(ctx, placed, refund_cents=0)
    assert (back(ctx, placed.payment_id), payment(ctx, placed).refunds) == ([], {})
    assert booking(ctx, placed).status == "cancelled"


@pytest.mark.parametrize("cents", [-1, 117001])
def test_more_than_was_paid_or_less_than_nothing_cannot_go_back(ctx, cents):
    placed = paid(ctx)
    assert refused(ctx, cancel, placed, refund_cents=cents) == ("refund_exceeds_payment", "/refund_cents")
    assert (booking(ctx, placed).status, has_its_place(ctx, placed)) == ("paid", True)


def test_of_what_was_not_paid_nothing_goes_back(ctx):
    placed = place(ctx)
    assert refused(ctx, cancel, placed, refund_cents=1)[0] == "refund_exceeds_payment"
    cancel(ctx, placed)
    assert payment(ctx, placed).is_withdrawn
    assert back(ctx, placed.payment_id) == []


def pay_more(ctx, placed, cents):
    """A second payment of the booking, as settling a difference makes it."""
    second = payment_id(placed.booking_id, 2)
    mine = booking(ctx, placed).placed.person_id
    events = [PaymentRequested(placed.booking_id, mine, cents), PaymentOpened("pi_2", mine, PaymentSecret("s")),
              PaymentSucceeded(cents, "ch_2")]  # fmt: skip
    ctx().append(
        [booking_ref(placed.booking_id), payment_ref(second)], lambda *_: [[BookingBilledAgain(second)], events]
    )
    return second


@pytest.mark.parametrize(("cents", "parts"), [(None, [117000, 19900]), (120000, [117000, 3000]), (9, [9])])
def test_what_was_paid_in_parts_goes_back_from_the_first_part_on(ctx, cents, parts):
    placed = paid(ctx)
    second = pay_more(ctx, placed, 19900)
    cancel(ctx, placed, refund_cents=cents)
    given = [*back(ctx, placed.payment_id), *back(ctx, second)]
    assert [event.amount_cents for event in given] == parts


def test_money_that_came_when_the_van_was_under_way_goes_back_too(ctx):
    """Nobody had paid when the guest's booking was started."""
    placed = place(ctx)
    confirm_booking(placed.booking_id, ctx())
    start_booking(placed.booking_id, ctx())
    pay(ctx, placed)
    cancel(ctx, placed)
    [asked] = back(ctx, placed.payment_id)
    assert payment(ctx, placed).refunds == {refund.of_cancellation(placed.payment_id): asked.amount_cents}


def test_while_a_bank_holds_one_part_no_more_than_the_other_goes_back(ctx):
    placed = paid(ctx)
    second = pay_more(ctx, placed, 19900)
    ctx().append([payment_ref(placed.payment_id)], lambda _: [[DisputeOpened("dp_1", 117000, "general")]])
    for cents in (None, 19901):
        assert refused(ctx, cancel, placed, refund_cents=cents) == ("payment_not_refundable", "/refund_cents")
    cancel(ctx, placed, refund_cents=19900)
    assert [event.amount_cents for event in back(ctx, second)] == [19900]
    assert back(ctx, placed.payment_id) == []


def test_what_was_given_back_before_does_not_go_back_again(ctx):
    placed = paid(ctx)
    earlier = refund.late_payment(placed.payment_id)
    ctx().append([payment_ref(placed.payment_id)], lambda one: [payments.reserve_refund(one, earlier, 100000)])
    assert refused(ctx, cancel, placed, refund_cents=17001)[0] == "refund_exceeds_payment"
    cancel(ctx, placed)
    assert [event.amount_cents for event in back(ctx, placed.payment_id)] == [17000]


def test_a_version_that_was_not_seen_ends_nothing(ctx):
    placed = place(ctx)
    for end in (cancel, delete):
        assert refused(ctx, end, placed, version=2) == ("version_conflict", "")
    cancel(ctx, placed, version=1)
    assert refused(ctx, delete, placed, version=1) == ("version_conflict", "")


def test_after_a_change_of_day_the_new_place_is_freed(ctx):
    placed = place(ctx)
    change(ctx, placed, on(SATURDAY))
    expire_hold(placed.booking_id, ctx(HOLD))
    assert day(ctx, SATURDAY).places == {}
    assert ctx().store.history(placed.booking_id)[-1].event.pickup_date == SATURDAY


def test_what_waits_for_its_money_is_put_away_and_cancelled_at_once(ctx):
    placed = place(ctx)
    delete(ctx, placed)
    delete(ctx, placed)
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingCancelled", "BookingDeleted"]
    assert (has_its_place(ctx, placed), payment(ctx, placed).is_withdrawn) == (True, True)
    assert ctx().store.history(placed.booking_id)[1].event.personal.text == "A test"


def test_what_is_paid_or_under_way_is_cancelled_before_it_is_put_away(ctx):
    one, other = paid(ctx), place(ctx, "eve")
    confirm_booking(other.booking_id, ctx())
    start_booking(other.booking_id, ctx())
    for placed in (one, other):
        assert refused(ctx, delete, placed) == ("invalid_transition", "/status")
        cancel(ctx, placed)
        delete(ctx, placed)
        assert booking(ctx, placed).is_deleted


def test_what_is_paid_when_the_van_is_under_way_is_the_bookings_and_goes_back_with_its_end(ctx):
    placed = place(ctx)
    confirm_booking(placed.booking_id, ctx())
    start_booking(placed.booking_id, ctx())
    pay(ctx, placed)
    made = booking(ctx, placed)
    assert (made.status, made.is_paid, made.paid_cents) == ("in_progress", True, 117000)
    cancel(ctx, placed)
    assert [asked.amount_cents for asked in back(ctx, placed.payment_id)] == [117000]


def test_what_is_done_is_put_away_with_its_money_where_it_is(ctx):
    placed = paid(ctx)
    change(ctx, placed, by_staff=ByStaff(Status.COMPLETED))
    assert has_its_place(ctx, placed)
    delete(ctx, placed)
    assert (booking(ctx, placed).status, booking(ctx, placed).is_deleted) == ("completed", True)
    assert payment(ctx, placed).refunds == {}
    assert refused(ctx, change, placed, on(SATURDAY), by_staff=STAFF)[0] == "invalid_transition"


def test_late_money_does_not_bring_back_what_was_put_away(ctx):
    placed = place(ctx)
    expire_hold(placed.booking_id, ctx(HOLD))
    delete(ctx, placed)
    pay(ctx, placed, now=HOLD)
    assert booking(ctx, placed).status == "cancelled"
    assert names(ctx, refund.late_payment(placed.payment_id)) == ["RefundRequested", "RefundApproved"]
