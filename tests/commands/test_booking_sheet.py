"""The sheet of a booking shows it as it stands, and as it stood at any moment."""

from datetime import timedelta

from commands.booking_sheet import booking_sheet, is_opening, manage_token, payment_sheet, payments_of
from commands.ending import expire_hold
from commands.persons import forget
from tests.commands.money_back import given_back
from tests.commands.wishes import DECLINED, pay, payment, place
from tests.samples import HOLD, NOON

MINUTE = timedelta(minutes=1)


def sheet(ctx, placed, until=lambda _: True):
    return booking_sheet(ctx().store.history(placed.booking_id), until)


def payment_shown(ctx, placed, until=lambda _: True):
    return payment_sheet(ctx().store.history(placed.payment_id), "pk_test", until)


def test_a_booking_is_shown_as_it_was_placed(ctx):
    placed = place(ctx)
    shown = sheet(ctx, placed)
    assert (shown["booking_number"], shown["status"], shown["version"]) == (placed.booking_number, "pending", 1)
    assert shown["selection"] == {"mini_move_package": "petite", "include_packing": False, "include_unpacking": False}
    assert shown["pickup_address"] == {
        "address_line_1": "1 Main St",
        "address_line_2": "",
        "city": "New York",
        "state": "NY",
        "zip_code": "10013",
        "delivery_instructions": "",
    }
    assert shown["customer_info"]["email"] == "ada@example.com"
    assert (shown["hold_expires_at"], shown["created_at"]) == ("2027-01-04T17:30:00.000Z", "2027-01-04T17:00:00.000Z")
    assert shown["pricing"]["total_price_cents"] == 117000


def test_a_booking_is_shown_as_it_stood_at_any_moment_and_version(ctx):
    placed = place(ctx)
    expire_hold(placed.booking_id, ctx(HOLD))
    pay(ctx, placed, now=HOLD + MINUTE)
    moments = {NOON - MINUTE: None, NOON: "pending", HOLD: "cancelled", HOLD + MINUTE: "paid"}
    for at, status in moments.items():
        stood = sheet(ctx, placed, lambda recorded, at=at: recorded.at <= at)
        assert (stood and stood["status"]) == status
    assert [sheet(ctx, placed, lambda r, v=v: r.originator_version <= v)["version"] for v in (1, 2, 3)] == [1, 2, 3]


def test_of_a_forgotten_person_the_sheet_shows_nothing_personal(ctx):
    placed = place(ctx)
    forget(ctx().store.vault.person_id("ada@example.com"), ctx())
    shown = sheet(ctx, placed)
    assert set(shown["customer_info"].values()) == {None}
    assert shown["pickup_address"]["address_line_1"] is shown["special_instructions"] is None
    assert (shown["pickup_address"]["zip_code"], shown["pricing"]["total_price_cents"]) == ("10013", 117000)


def test_a_payment_is_shown_to_its_payer(ctx):
    placed = place(ctx)
    assert payment_shown(ctx, placed)["status"] == "pending"
    pay(ctx, placed, DECLINED)
    assert payment_shown(ctx, placed)["failure_reason"] == "generic_decline"
    pay(ctx, placed)
    shown = payment_shown(ctx, placed)
    assert (shown["status"], shown["failure_reason"], shown["amount_cents"]) == ("succeeded", None, 117000)
    assert shown["stripe_payment_intent_id"] == payment(ctx, placed).intent_id
    assert shown["client_secret"].startswith(shown["stripe_payment_intent_id"])
    assert shown["processed_at"] == "2027-01-04T17:00:00.000Z"
    assert payment_shown(ctx, placed, is_opening)["status"] == "pending"
    given_back(ctx, placed, 4200)
    shown = payment_shown(ctx, placed)
    assert (shown["status"], shown["refunded_cents"]) == ("partially_refunded", 4200)


def test_before_stripe_was_reached_there_is_no_payment_to_show(ctx):
    placed = place(ctx)
    assert payment_shown(ctx, placed, lambda recorded: recorded.originator_version == 1) is None


def test_the_payments_of_a_booking_come_in_order(ctx):
    placed = place(ctx)
    [history] = payments_of(ctx().store, placed.booking_id)
    assert [recorded.name for recorded in history] == ["PaymentRequested", "PaymentOpened"]


def test_a_manage_token_belongs_to_one_booking_and_one_secret():
    tokens = {manage_token(number, secret) for number in ("TT1", "TT2") for secret in (b"a", b"b")}
    assert len(tokens) == 4
    assert manage_token("TT1", b"a") in tokens
