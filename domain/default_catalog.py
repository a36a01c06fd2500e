"""The price list that the house begins with, as data. Ids are made of names: every database has the same ones."""

from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.price_list import (
    Airport,
    DeliveryRates,
    Entry,
    MiniMovePackage,
    OrganizingService,
    SpecialtyItem,
    SurchargeRule,
    SurchargeType,
)
from domain.selection import ServiceType, Tier

ALL_BUT_BLADE = (ServiceType.MINI_MOVE, ServiceType.STANDARD_DELIVERY, ServiceType.SPECIALTY_ITEM)


def default_entries(peak_days: list[date]) -> list[Entry]:
    """All entries; `peak_days` are the dates of the peak surcharge, which move from year to year."""
    return [*_mini_moves(), *_organizing(), DELIVERY, *_specialty_items(), *AIRPORTS, *SURCHARGES, *_peaks(peak_days)]


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"totetaxi/catalog/{name}")


MINI_MOVES = [
    # tier, description, base, max items, COI included, priority, wrapping, popular
    (Tier.PETITE, "Up to 15 pieces: a weekend's worth of totes and suitcases.", 99500, 15, False, False, False, False),
    (Tier.STANDARD, "Up to 30 pieces: a season for a couple.", 172500, 30, True, False, False, True),
    (Tier.FULL, "The van is yours: a season for the whole family.", 249000, None, True, True, True, False),
]


def _mini_moves() -> list[Entry]:
    return [
        MiniMovePackage(
            id=_id(f"mini-move/{tier}"),
            package_type=tier,
            name=f"{tier.title()} Move",
            description=description,
            base_price_cents=base,
            max_items=most,
            coi_included=coi,
            priority_scheduling=priority,
            protective_wrapping=wrapping,
            is_most_popular=popular,
        )
        for tier, description, base, most, coi, priority, wrapping, popular in MINI_MOVES
    ]


ORGANIZING = [
    # tier, packing, price, hours, organizers, supplies
    (Tier.PETITE, True, 140000, 4, 2, 25000),
    (Tier.PETITE, False, 113000, 4, 2, 0),
    (Tier.STANDARD, True, 253500, 8, 2, 25000),
    (Tier.STANDARD, False, 113000, 4, 2, 0),
    (Tier.FULL, True, 440000, 8, 4, 50000),
    (Tier.FULL, False, 180000, 8, 4, 0),
]


def _organizing() -> list[Entry]:
    return [
        OrganizingService(
            id=_id(f"organizing/{tier}_{'packing' if packing else 'unpacking'}"),
            service_type=f"{tier}_{'packing' if packing else 'unpacking'}",
            name=f"{tier.title()} {'Packing' if packing else 'Unpacking'}",
            description=f"{organizers} organizers for {hours} hours{', supplies included' if supplies else ''}.",
            mini_move_tier=tier,
            is_packing_service=packing,
            price_cents=price,
            duration_hours=hours,
            organizer_count=organizers,
            supplies_allowance_cents=supplies,
        )
        for tier, packing, price, hours, organizers, supplies in ORGANIZING
    ]


DELIVERY = DeliveryRates(
    price_per_item_cents=9500,
    minimum_charge_cents=28500,
    minimum_items=1,
    max_items=30,
    max_weight_per_item_lbs=50,
    same_day_surcharge_cents=36000,
)

SPECIALTY_ITEMS = [
    # name, description, base, heaviest, disassembly
    ("Peloton", "A bike or a treadmill, taken apart and put together again.", 50000, 200, True),
    ("Surfboard", "One board in its bag.", 35000, 100, False),
    ("Artwork", "One framed piece, wrapped.", 45000, 150, False),
    ("Upright piano", "An upright piano, no stairs.", 95000, 600, False),
    ("Bicycle", "One bicycle, as it rides.", 25000, 60, False),
    ("Crib", "A crib, taken apart and put together again.", 35000, 100, True),
    ("Wardrobe box", "A box of hanging clothes.", 27500, 75, False),
]


def _specialty_items() -> list[Entry]:
    return [
        SpecialtyItem(
            _id(f"specialty-item/{name}"), name, description, base, heaviest, requires_disassembly=disassembly
        )
        for name, description, base, heaviest, disassembly in SPECIALTY_ITEMS
    ]


AIRPORTS = [
    Airport("JFK", "John F. Kennedy International", "Queens", "NY", "11430", 7500, minimum_bags=2, max_bags=20),
    Airport("EWR", "Newark Liberty International", "Newark", "NJ", "07114", 7500, minimum_bags=2, max_bags=20),
]

SURCHARGES = [
    SurchargeRule(
        id=_id("surcharge/weekend"),
        surcharge_type=SurchargeType.WEEKEND,
        name="Weekend",
        description="Pickup on a Saturday or Sunday.",
        applies_to_service_types=ALL_BUT_BLADE,
        percentage=Decimal("20.00"),
        applies_saturday=True,
        applies_sunday=True,
    ),
    SurchargeRule(
        id=_id("surcharge/geographic"),
        surcharge_type=SurchargeType.GEOGRAPHIC,
        name="Outside the core area",
        description="Pickup or delivery far from Manhattan.",
        applies_to_service_types="all",
        fixed_amount_cents=17500,
    ),
    SurchargeRule(
        id=_id("surcharge/time-window"),
        surcharge_type=SurchargeType.TIME_WINDOW,
        name="One-hour window",
        description="Pickup within a chosen hour of the morning.",
        applies_to_service_types="all",
        fixed_amount_cents=5000,
    ),
]


def _peaks(days: list[date]) -> list[Entry]:
    return [
        SurchargeRule(
            id=_id(f"surcharge/peak/{day}"),
            surcharge_type=SurchargeType.PEAK_DATE,
            name=f"Peak date {day}",
            description="One of the busiest days of the season.",
            applies_to_service_types="all",
            percentage=Decimal("25.00"),
            specific_date=day,
        )
        for day in days
    ]
