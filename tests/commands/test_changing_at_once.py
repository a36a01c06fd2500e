"""A booking is changed while somebody else ends it, pays it, changes it too, or its customer is being forgotten."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from commands import booking_ref
from commands.booked_by import held
from commands.changing import ByStaff, Changes, change_booking
from commands.customers import forget_customer, verify_mail
from commands.ending import cancel_booking, expire_hold
from commands.payments import confirm, create_intent
from commands.persons import forget
from commands.profiles import ProfileChange, change_profile
from commands.readdressing import Ends
from commands.tokens import Purpose
from domain import Refused
from domain.booking import due_cents
from domain.ids import payment_id
from eventlog.store import EventStore
from integrations.stripe import StripeUnavailable
from tests.commands.accounts_made import token, verified
from tests.commands.changes import NEAR, SATURDAY, STAFF, TUESDAY, change, has_its_place, on, refused
from tests.commands.wishes import PASSES, booking, names, payment, place, together
from tests.samples import HOLD
from tests.waiting import until

ROUNDS = 4
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%for key share%'"


def cancels(placed, ctx):
    cancel_booking(placed.booking_id, "We stay", False, ctx(HOLD))


def expires(placed, ctx):
    expire_hold(placed.booking_id, ctx(HOLD))


def pays(placed, ctx):
    """The money is at Stripe already."""
    confirm(payment(ctx, placed).intent_id, placed.booking_number, ctx())


def bills(placed, ctx):
    create_intent(placed.booking_number, ctx())


def moves(placed, ctx):
    change_booking(booking_ref(placed.booking_id), Changes(on(TUESDAY)), ctx())


def asked(call, *args, **more):
    try:
        call(*args, **more)
    except (Refused, StripeUnavailable) as refusal:
        return getattr(refusal, "code", "unavailable")
    return "done"


@pytest.mark.parametrize("other", [bills, cancels, expires, moves, pays])
def test_a_change_and_something_else_at_once_end_in_a_state_that_is_allowed(ctx, database, vault, other):
    with EventStore(database, vault) as elsewhere:

        def there(*args, **more):
            return ctx(*args, **({"store": elsewhere} | more))

        for n in range(ROUNDS):
            placed = place(ctx, f"guest{n}")
            if other is pays:
                ctx().stripe.confirm_with_card(payment(ctx, placed).intent_id, PASSES, "http://127.0.0.1/")
            told, also = together(
                partial(asked, change, ctx, placed, on(SATURDAY)),
                partial(asked, other, placed, there),
            )
            assert_sound(ctx, placed, told, also)


def assert_sound(ctx, placed, told, also):
    """Each of the two was done, or told that it came too late; places, price and open payment belong together."""
    made = booking(ctx, placed)
    assert has_its_place(ctx, placed)
    assert (told, also) in {("done", "done"), ("not_allowed", "done"), ("invalid_transition", "done"),
                            ("done", "unavailable")}  # fmt: skip
    assert ("BookingRescheduled" in names(ctx, placed.booking_id)) or told != "done"
    last = payment(ctx, placed, payment_id(placed.booking_id, made.payments))
    if made.status == "pending" and not last.is_withdrawn:
        assert last.amount_cents == due_cents(made)
    if made.status == "cancelled":
        assert last.is_withdrawn
    if made.status == "paid":
        assert made.paid_cents == 117000


def test_changes_of_two_that_were_not_read_before_are_both_made(ctx, database, vault):
    with EventStore(database, vault) as elsewhere:
        for n in range(ROUNDS):
            placed = place(ctx, f"guest{n}")
            ref, there = booking_ref(placed.booking_id), ctx(store=elsewhere)
            together(
                partial(change, ctx, placed, on(TUESDAY)),
                partial(change_booking, ref, Changes(special_instructions="Ring once"), there),
            )
            assert sorted(names(ctx, placed.booking_id)[1:]) == ["BookingRescheduled", "InstructionsChanged"]


def test_of_two_who_have_read_the_same_one_changes_it(ctx, database, vault):
    with EventStore(database, vault) as elsewhere:
        placed = place(ctx)
        ref = booking_ref(placed.booking_id)._replace(version=1)
        told = together(
            partial(asked, change_booking, ref, Changes(on(TUESDAY)), ctx()),
            partial(asked, change_booking, ref, Changes(on(SATURDAY)), ctx(store=elsewhere)),
        )
    assert sorted(told) == ["done", "version_conflict"]
    assert has_its_place(ctx, placed)


# Forgetting


def words(ctx, placed):
    """What can be read of what is personal in its events."""
    return [r.event.personal for r in ctx().store.history(placed.booking_id) if getattr(r.event, "personal", None)]


def ada(ctx):
    return ctx().store.vault.person_id("ada@example.com")


def test_who_is_being_forgotten_waits_for_a_change_that_is_being_decided(ctx, database):
    placed = place(ctx)
    with held(placed.booking_id, ctx()), psycopg.connect(database) as forgetting:
        forgetting.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            forgetting.execute("select from eventlog.person_keys where person_id = %s for update", (ada(ctx),))


def test_whose_key_goes_while_they_change_it_has_changed_nothing(ctx, database):
    """It is not sealed with a new key: nobody would ever forget that one."""
    placed = place(ctx)
    with psycopg.connect(database, autocommit=True) as watching, psycopg.connect(database) as forgetting:
        forgetting.execute("delete from eventlog.person_keys where person_id = %s", (ada(ctx),))
        with ThreadPoolExecutor(1) as thread:
            changed = thread.submit(asked, change, ctx, placed, ends=Ends(NEAR))
            until(lambda: watching.execute(WAITING).fetchone()[0])
            forgetting.commit()
            assert changed.result() == "invalid_transition"
        assert watching.execute("select count(*) from eventlog.person_keys").fetchone() == (0,)
    assert words(ctx, placed) == []


def test_of_who_is_forgotten_nothing_personal_is_written_any_more(ctx, db):
    """Their bookings stay the house's business, and staff decide about them."""
    placed = place(ctx)
    forget(ada(ctx), ctx())
    for personal in ({"ends": Ends(NEAR)}, {"special_instructions": "Ring"}, {"by_staff": ByStaff(notes="Deaf")}):
        told = {"by_staff": STAFF} | personal
        assert refused(ctx, change, placed, **told)[0] == "invalid_transition"
    change(ctx, placed, on(TUESDAY), by_staff=STAFF, reason="Ada asked for it")
    cancel_booking(placed.booking_id, "Ada has gone", True, ctx())
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingRescheduled", "BookingCancelled"]
    assert words(ctx, placed) == []
    assert db.execute("select count(*) from eventlog.person_keys").fetchone() == (0,)


def test_what_is_said_of_a_booking_goes_with_who_booked_it_and_left_the_address(ctx, db):
    """Not with whoever has the address next (decision 12)."""
    placed, id = place(ctx), verified(ctx)
    change_profile(id, ProfileChange(email="ada.b@example.com"), None, ctx())
    verify_mail(token(ctx, id, "ada.b@example.com", Purpose.CHANGE_MAIL), ctx())
    change(ctx, placed, ends=Ends(NEAR))
    cancel_booking(placed.booking_id, "We stay", False, ctx())
    assert len(words(ctx, placed)) == 3
    forget_customer(id, ctx())
    assert words(ctx, placed) == []
