"""What clients want to book: any service of the catalogue, between any two real ZIPs, on any day of the window."""

import random
from datetime import date, timedelta
from functools import cache
from typing import Any

import zipcodes

from bench.wire import Wire

STATES = ("NY", "CT", "NJ")
PACKAGES = ("petite", "standard", "full")


async def wanted(wire: Wire, mail: str, day: date) -> dict[str, Any]:
    """The body of a guest's booking."""
    chance, selection = wire.chance, await _selection(wire, day)
    pickup, delivery = address(chance, "Main St"), address(chance, "Dune Rd")
    body = {
        "customer_info": person(chance, mail), "pickup_address": pickup, "delivery_address": delivery,
        "pickup_date": day.isoformat(), "special_instructions": "Ring twice", "coi_required": chance.random() < 0.2,
        **time_of_day(chance),
    }  # fmt: skip
    if "blade_airport" in selection:
        del body["delivery_address"]
    return body | selection


def person(chance: random.Random, mail: str) -> dict[str, Any]:
    phone = f"+1212555{chance.randrange(100, 10000):04d}"
    return {"first_name": "Guest", "last_name": "Simulated", "email": mail, "phone": phone}


def address(chance: random.Random, street: str) -> dict[str, str]:
    return {"address_line_1": f"{chance.randrange(1, 900)} {street}", **chance.choice(places())}


def time_of_day(chance: random.Random) -> dict[str, Any]:
    at_an_hour = {"pickup_time": "morning_specific", "specific_pickup_hour": chance.choice([8, 9, 10])}
    return chance.choice([{"pickup_time": "morning"}, {"pickup_time": "no_time_preference"}, at_an_hour])


def priced(body: dict[str, Any]) -> dict[str, Any]:
    """What of it a price depends on."""
    return {name: value for name, value in body.items() if name not in ("customer_info", "special_instructions")}


async def _selection(wire: Wire, day: date) -> dict[str, Any]:
    chance = wire.chance
    match chance.random():
        case x if x < 0.35:
            return {"service_type": "standard_delivery", "standard_delivery_item_count": chance.randrange(1, 31)}
        case x if x < 0.7:
            organizing = {name: chance.random() < 0.3 for name in ("include_packing", "include_unpacking")}
            return {"service_type": "mini_move", "mini_move_package": chance.choice(PACKAGES), **organizing}
        case x if x < 0.85:
            items = (await wire.get("/api/public/services/"))[1]["specialty_items"]
            chosen = chance.sample(items, chance.randrange(1, 4))
            lines = [{"id": item["id"], "quantity": chance.randrange(1, 4)} for item in chosen]
            return {"service_type": "specialty_item", "specialty_items": lines}
    flight = {"blade_flight_date": (day + timedelta(days=chance.randrange(2))).isoformat(),
              "blade_flight_time": f"{chance.randrange(12, 20)}:30", "blade_ready_time": "09:00"}  # fmt: skip
    airport, bags = chance.choice(["JFK", "EWR"]), chance.randrange(1, 21)
    return {"service_type": "blade_transfer", "blade_airport": airport, "blade_bag_count": bags, **flight}


@cache
def places() -> list[dict[str, str]]:
    """Every real ZIP of the three states whose coordinates are known."""
    rows = [row for state in STATES for row in zipcodes.filter_by_state(state) if float(row["lat"])]
    return [{"city": row["city"], "state": row["state"], "zip_code": row["zip_code"]} for row in rows]


def window(today: date, days: int = 90) -> list[date]:
    """The days a client may choose: from tomorrow to the end of the booking window."""
    return [today + timedelta(days=n) for n in range(1, days + 1)]
