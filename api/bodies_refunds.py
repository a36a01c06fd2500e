"""The bodies by which staff ask for refunds and decide on them, and the command that the first becomes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.bodies_bookings import Why
from api.validation import LINES, Body, Integer, text
from commands.refunds import AskRefund


class NewRefund(Body):
    """`reason` is for whoever decides, and is kept with what is personal of the customer."""

    payment_id: UUID
    amount_cents: Annotated[Integer, Field(ge=1)]
    reason: Why

    def command(self) -> AskRefund:
        return AskRefund(self.payment_id, self.amount_cents, self.reason)


class DecidedRefund(Body):
    """`retry` is for one that has failed. A `reason` is kept with what is personal of the customer."""

    refund_id: UUID
    action: Literal["approve", "deny", "retry"]
    reason: Annotated[str, text(1000, pattern=LINES)] = ""
