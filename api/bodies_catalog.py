"""What staff send to change the catalogue, the settings of the house, and what its days can take."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, create_model

from api.validation import Body, Day, Line, Name, Prose, integral, text
from domain import Refused
from domain.house import LIMITS, MOST_ZIPS
from domain.pickup_day import MOST_PLACES
from domain.price_list import LEAST_CENTS, MOST, MOST_CENTS, SurchargeType
from domain.selection import ServiceType, Tier

ABSENT: Any = None  # a field that may be left out, and is never null
ORGANIZING = Literal[
    "petite_packing",
    "petite_unpacking",
    "standard_packing",
    "standard_unpacking",
    "full_packing",
    "full_unpacking",
]
OTHER_AMOUNT = {"percentage": "fixed_amount_cents", "fixed_amount": "percentage"}


def percentage(decimals: int) -> Any:
    """0 to 100, as a number or written out; a number is taken as it is written, not as the nearest binary fraction."""
    fraction = rf"(\.[0-9]{{1,{decimals}}})?"
    pattern = rf"100(\.0{{1,{decimals}}})?|[0-9]{{1,2}}{fraction}"

    def well_written(value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number or (isinstance(value, str) and re.fullmatch(pattern, value)):
            return Decimal(str(value)) + 0  # -0.0 is 0
        raise ValueError(f"a percentage is from 0 to 100 and has at most {decimals} decimals")

    written = {"type": "string", "pattern": f"^({pattern})$", "examples": ["20.00"]}
    schema = {"anyOf": [written, {"type": "integer", "minimum": 0, "maximum": 100}]}
    return Annotated[Decimal, Field(ge=0, le=100), BeforeValidator(well_written), WithJsonSchema(schema)]


def number(least: int, most: int) -> Any:
    """A whole one."""
    return Annotated[int, Field(ge=least, le=most), BeforeValidator(integral)]


def setting(name: str) -> Any:
    return number(*LIMITS[name])


def sold_services(value: Any) -> Any:
    """`all`, or which of the services."""
    if value == "all":
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) and one in set(ServiceType) for one in value):
        return tuple(ServiceType(one) for one in dict.fromkeys(value))
    raise ValueError("`all`, or a list of service types")


def in_order(value: list[str]) -> tuple[str, ...]:
    """Each once."""
    return tuple(sorted(set(value)))


SOLD = {"type": "array", "minItems": 1, "items": {"enum": [str(service) for service in ServiceType]}}
Services = Annotated[
    Any, BeforeValidator(sold_services), WithJsonSchema({"anyOf": [{"type": "string", "const": "all"}, SOLD]})
]
Cents, Count, Places = number(0, MOST_CENTS), number(1, MOST), number(0, MOST_PLACES)
Price = number(LEAST_CENTS, MOST_CENTS)
Zip = Annotated[str, text(5, least=5, pattern="^[0-9]{5}$")]
ZipPrefix = Annotated[str, text(5, least=1, pattern="^[0-9]{1,5}$")]
Percentage, TaxPercentage = percentage(2), percentage(4)


class Entry(Body):
    """`is_active` false keeps the entry and does not sell it."""

    is_active: bool = True

    def told(self) -> dict[str, Any]:
        """What was said, by the names that the entry of the price list has."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NewMiniMove(Entry):
    package_type: Tier
    name: Name
    description: Prose
    base_price_cents: Price
    max_items: Count | None
    coi_included: bool
    max_weight_per_item_lbs: Count = 50
    coi_fee_cents: Cents = 5000
    priority_scheduling: bool = False
    protective_wrapping: bool = False
    is_most_popular: bool = False


class NewOrganizing(Entry):
    """Tier and direction follow from `service_type`."""

    service_type: ORGANIZING
    name: Name
    description: Prose
    price_cents: Cents
    duration_hours: Count
    organizer_count: Count
    supplies_allowance_cents: Cents = 0

    def told(self) -> dict[str, Any]:
        tier, _, direction = self.service_type.partition("_")
        return super().told() | {"mini_move_tier": Tier(tier), "is_packing_service": direction == "packing"}


class NewDelivery(Entry):
    price_per_item_cents: Cents
    minimum_charge_cents: Cents
    minimum_items: Count
    max_items: Count
    max_weight_per_item_lbs: Count
    same_day_surcharge_cents: Cents


class NewItem(Entry):
    name: Name
    description: Prose
    base_price_cents: Price
    max_weight_lbs: Count
    requires_disassembly: bool = False


class NewAirport(Entry):
    code: Annotated[str, text(3, least=3, pattern="^[A-Z]{3}$")]
    name: Name
    city: Name
    state: Annotated[str, text(20, least=1)]
    zip_code: Annotated[str, text(10, least=1)]
    price_per_bag_cents: Cents
    minimum_bags: Count
    max_bags: Count


class NewSurcharge(Entry):
    """Exactly the amount that `calculation_type` names: `percentage` of the base price, or `fixed_amount_cents`."""

    surcharge_type: SurchargeType
    name: Name
    description: Prose
    applies_to_service_types: Services
    calculation_type: Literal["percentage", "fixed_amount"]
    percentage: Percentage | None = None
    fixed_amount_cents: Cents | None = None
    specific_date: Day | None = None
    applies_saturday: bool = False
    applies_sunday: bool = False

    def told(self) -> dict[str, Any]:
        """Another way to calculate takes the amount of the one before away. Raises Refused("unexpected_field")."""
        said = super().told()
        if (way := said.pop("calculation_type", None)) is None:
            return said
        other = OTHER_AMOUNT[way]
        if said.get(other) is not None:
            raise Refused("unexpected_field", f"{other} does not belong to a {way}.", f"/{other}")
        return said | {other: None}


def changed(new: type[Entry], *fixed: str) -> type[Entry]:
    """The same fields, each of which may be left out and then stays as it is; without those that name the entry."""
    hints = get_type_hints(new, include_extras=True)
    fields: Any = {name: (hints[name], ABSENT) for name in new.model_fields if name not in fixed}
    made = create_model(new.__name__.replace("New", "Changed"), __base__=Entry if fixed else new, **fields)
    made.__doc__ = "What is left out stays as it is."
    return made


ChangedMiniMove = changed(NewMiniMove, "package_type")
ChangedOrganizing = changed(NewOrganizing, "service_type")
ChangedDelivery = changed(NewDelivery)
ChangedItem = changed(NewItem)
ChangedAirport = changed(NewAirport, "code")
ChangedSurcharge = changed(NewSurcharge)


class DailyCapacity(Body):
    """Places a day for each service; what is left out stays."""

    mini_move: Places = ABSENT
    standard_delivery: Places = ABSENT
    specialty_item: Places = ABSENT
    blade_transfer: Places = ABSENT


class ChangedSettings(Body):
    """What is left out stays as it is; `maximum_delivery_miles` null lifts that limit."""

    organizing_tax_percentage: TaxPercentage = ABSENT
    geographic_threshold_miles: setting("geographic_threshold_miles") = ABSENT
    booking_window_days: setting("booking_window_days") = ABSENT
    hold_minutes: setting("hold_minutes") = ABSENT
    daily_capacity: DailyCapacity = ABSENT
    payment_maximum_cents: setting("payment_maximum_cents") = ABSENT
    coi_fee_cents: setting("coi_fee_cents") = ABSENT
    zip_prefixes_not_served: Annotated[list[ZipPrefix], Field(max_length=MOST_ZIPS), AfterValidator(in_order)] = ABSENT
    zips_needing_instructions: Annotated[list[Zip], Field(max_length=MOST_ZIPS), AfterValidator(in_order)] = ABSENT
    maximum_delivery_miles: setting("maximum_delivery_miles") | None = None

    def told(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.model_fields_set}
        if capacity := said.get("daily_capacity"):
            said["daily_capacity"] = services_in(capacity)
        return said


class Limits(Body):
    """Places of one day for each service: null gives the service back what the house takes; what is left out stays."""

    mini_move: Places | None = None
    standard_delivery: Places | None = None
    specialty_item: Places | None = None
    blade_transfer: Places | None = None


class DayLimits(Body):
    limits: Limits


class Range(Body):
    """Of days, both included; one day without `end_date`."""

    start_date: Day
    end_date: Day | None = None


class RangeLimits(Range):
    limits: Limits


class Blackout(Range):
    reason: Line


def services_in(body: Body) -> dict[ServiceType, Any]:
    return {service: getattr(body, service) for service in ServiceType if service in body.model_fields_set}
