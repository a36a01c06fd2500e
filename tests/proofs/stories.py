"""What may become of the money of one booking: stories of payers, staff, banks and Stripe, told in turn.

A story asserts nothing: things are in a bad way while it is told. What is true of all of them is seen at the end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.proofs.payers import (
    DECLINED,
    DISPUTED,
    FAILING_BACK,
    GOOD,
    MASTERCARD,
    SECURE,
    SLOW_BACK,
    Payer,
    Staff,
    comes_true,
)


class Desk(NamedTuple):
    """An admin, one who asks for refunds, and one who decides on them."""

    admin: Staff
    asker: Staff
    decider: Staff


Story = Callable[[Payer, Desk], Awaitable[object]]


# Paying


async def pays(payer: Payer, desk: Desk) -> None:
    await payer.pays()


async def is_declined_first(payer: Payer, desk: Desk) -> None:
    await payer.pays(DECLINED)
    await payer.pays()


async def is_declined_until_a_new_payment_is_needed(payer: Payer, desk: Desk) -> None:
    for _ in range(3):
        await payer.pays(DECLINED)
    if await payer.opens():
        await payer.pays()


async def shows_who_they_are(payer: Payer, desk: Desk) -> None:
    await payer.pays(SECURE)
    await payer.stripe.passes_3ds(payer.intent, payer.chance.choice(["complete", "complete", "fail"]))
    await payer.tells()


async def closes_the_browser(payer: Payer, desk: Desk) -> None:
    """Only the webhook, or reconciliation, tells of it."""
    await payer.stripe.pays(payer.intent, payer.chance.choice([GOOD, MASTERCARD, SECURE]))
    await payer.stripe.passes_3ds(payer.intent)


async def pays_with_two_hands(payer: Payer, desk: Desk) -> None:
    await asyncio.gather(payer.pays(), payer.stripe.pays(payer.intent, MASTERCARD), payer.opens(), payer.tells())


async def walks_away(payer: Payer, desk: Desk) -> None:
    await payer.looks()


async def pays_when_the_hold_is_over(payer: Payer, desk: Desk) -> None:
    """In about that moment; whether the money still comes is Stripe's to say."""

    async def is_over() -> bool:
        return (await payer.looks()).get("booking_status") == "cancelled"

    await comes_true(is_over, 100)
    await payer.stripe.pays(payer.intent, GOOD)


# Cancelling


async def cancels_while_paying(payer: Payer, desk: Desk) -> None:
    await asyncio.gather(payer.cancels(), payer.stripe.pays(payer.intent, GOOD))


async def is_cancelled_unpaid(payer: Payer, desk: Desk) -> None:
    await asyncio.gather(desk.asker.cancels(payer.id), payer.pays())


async def is_cancelled_by_an_admin(payer: Payer, desk: Desk) -> None:
    await payer.pays()
    await desk.admin.cancels(payer.id)


async def is_cancelled_with_a_part_back(payer: Payer, desk: Desk) -> None:
    """Which waits for a colleague, who is asked twice."""
    if not await payer.pays():
        return
    await desk.asker.cancels(payer.id, refund_cents=payer.cents // 3)
    for back in (await desk.decider.file(payer.id))["refunds"]:
        await asyncio.gather(*(desk.decider.decides(back["id"], "approve") for _ in range(2)))


async def is_cancelled_with_nothing_back(payer: Payer, desk: Desk) -> None:
    await payer.pays()
    await desk.asker.cancels(payer.id, refund_cents=0)


# Refunds


async def asks_for_much_back(payer: Payer, desk: Desk) -> None:
    """Five halves at once: two of them fit. One is approved by two at once, the others denied."""
    if not await payer.pays():
        return
    asked = await asyncio.gather(*(desk.asker.asks_back(payer.payment_id, payer.cents // 2) for _ in range(5)))
    made = [id for id in asked if id]
    for id in made[:1]:
        await asyncio.gather(desk.decider.decides(id, "approve"), desk.admin.decides(id, "approve"))
    for id in made[1:]:
        await desk.decider.decides(id, "deny")


async def is_refunded_at_stripe(payer: Payer, desk: Desk) -> None:
    """By a person there, while somebody here asks for all of it."""
    if not await payer.pays():
        return
    part = payer.cents // payer.chance.randrange(1, 4)
    away = payer.stripe.acts("refunds", intent=payer.intent, amount=part)
    id, _ = await asyncio.gather(desk.asker.asks_back(payer.payment_id, payer.cents), away)
    if id:
        await desk.decider.decides(id, payer.chance.choice(["approve", "deny"]))


async def has_money_that_comes_slowly(payer: Payer, desk: Desk) -> None:
    if await payer.pays(SLOW_BACK) and (id := await desk.asker.asks_back(payer.payment_id, payer.cents)):
        await desk.decider.decides(id, "approve")


async def has_money_that_comes_back(payer: Payer, desk: Desk) -> None:
    """The refund was made, then failed; it is tried again."""
    if not await payer.pays(FAILING_BACK):
        return
    if not (id := await desk.asker.asks_back(payer.payment_id, payer.cents // 2)):
        return
    await desk.decider.decides(id, "approve")
    backs = await comes_true(lambda: _at_stripe(payer))
    for back in backs:
        await payer.stripe.acts(f"refunds/{back['id']}/settle", outcome="failed")

    async def has_failed() -> bool:
        return {"failed"} == {one["status"] for one in (await desk.asker.file(payer.id)).get("refunds", [])}

    if await comes_true(has_failed):
        await desk.decider.decides(id, "retry")


async def _at_stripe(payer: Payer) -> list[dict]:
    return (await payer.stripe.line(payer.intent))["refunds"]


# Disputes


async def is_disputed(payer: Payer, desk: Desk) -> None:
    """As soon as it is paid; the bank decides, while somebody asks for a refund."""
    await payer.pays(DISPUTED)
    _, id = await asyncio.gather(_closed(payer), desk.asker.asks_back(payer.payment_id, 100))
    if id:
        await desk.decider.decides(id, "approve")


async def is_disputed_over_a_part(payer: Payer, desk: Desk) -> None:
    await payer.pays()
    await payer.stripe.acts("disputes", intent=payer.intent, amount=payer.cents // 2)
    if payer.chance.random() < 0.5:
        await _closed(payer)


async def _closed(payer: Payer) -> None:
    for one in (await payer.stripe.line(payer.intent))["disputes"]:
        await payer.stripe.acts(f"disputes/{one['id']}/close", outcome=payer.chance.choice(["won", "lost"]))


# Changes


async def moves_to_a_dearer_day(payer: Payer, desk: Desk) -> None:
    """And pays what is missing, once it is asked for."""
    if not await payer.pays():
        return
    await desk.asker.moves(payer.id, payer.a_day(weekend=True))
    if await comes_true(payer.opens):
        await payer.pays()


async def moves_to_a_cheaper_day(payer: Payer, desk: Desk) -> None:
    """What was paid too much goes back by itself."""
    await payer.pays()
    await desk.asker.moves(payer.id, payer.a_day(weekend=False))


async def moves_before_paying(payer: Payer, desk: Desk) -> None:
    """The open payment of the old price is withdrawn; paid all the same, it counts."""
    moves = desk.asker.moves(payer.id, payer.a_day(weekend=True))
    await asyncio.gather(moves, payer.stripe.pays(payer.intent, GOOD))
    if await payer.opens():
        await payer.pays()


async def is_carried_out_and_gets_all_back(payer: Payer, desk: Desk) -> None:
    if not await payer.pays():
        return
    await desk.asker.carries_out(payer.id)
    if id := await desk.asker.asks_back(payer.payment_id, payer.cents):
        await desk.decider.decides(id, "approve")


ON_A_WEEKEND = {moves_to_a_cheaper_day}
AFTER_THE_HOLD: tuple[Story, ...] = (pays_when_the_hold_is_over,)
STORIES: tuple[Story, ...] = (
    pays, is_declined_first, is_declined_until_a_new_payment_is_needed, shows_who_they_are, closes_the_browser,
    pays_with_two_hands, walks_away, cancels_while_paying, is_cancelled_unpaid, is_cancelled_by_an_admin,
    is_cancelled_with_a_part_back, is_cancelled_with_nothing_back, asks_for_much_back, is_refunded_at_stripe,
    has_money_that_comes_slowly, has_money_that_comes_back, is_disputed, is_disputed_over_a_part,
    moves_to_a_dearer_day, moves_to_a_cheaper_day, moves_before_paying, is_carried_out_and_gets_all_back,
)  # fmt: skip
