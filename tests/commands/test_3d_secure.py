"""The bank asks for the payer (3-D Secure): who goes there fails or passes, and comes back to the platform."""

from commands.hearing import hear
from commands.payments import create_intent
from domain.ids import payment_id
from tests.commands.wishes import ASKS, DECLINED, pay, payment, place, told


def test_3d_secure_asks_fails_and_is_a_try_each_time(ctx, sandbox):
    placed = place(ctx)
    id = payment(ctx, placed).intent_id
    pay(ctx, placed, DECLINED)
    for _ in range(2):
        pay(ctx, placed, ASKS)
        assert payment(ctx, placed).status == "requires_action"
        sandbox.http.post(f"/sandbox/3ds/{id}", data={"result": "fail"})
        for _ in range(2):
            hear(told(id, "payment_intent.payment_failed"), ctx())
        assert payment(ctx, placed).status == "failed"
    assert payment(ctx, placed).failed_tries == 3
    assert create_intent(placed.booking_number, ctx())[0] == payment_id(placed.booking_id, 2)


def test_from_3d_secure_the_payer_comes_back_to_the_site(ctx, sandbox):
    placed = place(ctx)
    pay(ctx, placed, ASKS, site="https://book.example.com:8443/")
    back = sandbox.http.post(f"/sandbox/3ds/{payment(ctx, placed).intent_id}", data={"result": "complete"})
    assert back.headers["location"].startswith("https://book.example.com:8443/?payment_intent=pi_")
