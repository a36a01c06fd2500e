"""What is selected of each service, in the bodies that price and book it."""

import re
from datetime import time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, WithJsonSchema

from api.validation import Body, Day, Integer, text
from domain.selection import BladeTransfer, ItemQuantity, MiniMove, SpecialtyItems, StandardDelivery, Tier

WALL_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def wall_time(value: Any) -> time:
    """Neither seconds nor a zone: it is what a clock in New York shows."""
    if isinstance(value, str) and re.fullmatch(WALL_TIME, value):
        return time.fromisoformat(value)
    raise ValueError("a time is written HH:MM")


WallTime = Annotated[time, BeforeValidator(wall_time), WithJsonSchema({"type": "string", "pattern": f"^{WALL_TIME}$"})]


class MiniMoveSelection(Body):
    service_type: Literal["mini_move"]
    mini_move_package: Tier
    include_packing: bool = False
    include_unpacking: bool = False

    def selection(self) -> MiniMove:
        return MiniMove(self.mini_move_package, self.include_packing, self.include_unpacking)


class DeliverySelection(Body):
    service_type: Literal["standard_delivery"]
    standard_delivery_item_count: Integer
    is_same_day_delivery: bool = False

    def selection(self) -> StandardDelivery:
        return StandardDelivery(self.standard_delivery_item_count, self.is_same_day_delivery)


class Item(Body):
    """So many of a specialty item of the catalogue."""

    id: UUID
    quantity: Integer


class SpecialtySelection(Body):
    service_type: Literal["specialty_item"]
    specialty_items: list[Item]
    is_same_day_delivery: bool = False

    def selection(self) -> SpecialtyItems:
        items = tuple(ItemQuantity(item.id, item.quantity) for item in self.specialty_items)
        return SpecialtyItems(items, self.is_same_day_delivery)


class BladeSelection(Body):
    """`blade_airport` is the code of an airport of the catalogue; the times are New York's."""

    service_type: Literal["blade_transfer"]
    blade_airport: Annotated[str, text(10, least=1)]
    blade_flight_date: Day
    blade_flight_time: WallTime
    blade_bag_count: Integer
    blade_ready_time: WallTime

    def selection(self) -> BladeTransfer:
        leaves = self.blade_flight_date, self.blade_flight_time
        return BladeTransfer(self.blade_airport, *leaves, self.blade_bag_count, self.blade_ready_time)
