"""Where the house drives: what is known of a ZIP, how far it is from Manhattan, and whether it is served."""

import re
from functools import cache
from math import asin, cos, radians, sin, sqrt

import zipcodes

from domain import Refused, Value
from domain.house import House

SERVED_STATES = ("NY", "CT", "NJ")
MANHATTAN = (40.7831, -73.9712)
EARTH_RADIUS_MILES = 3958.7613
ZIP = re.compile(r"([0-9]{5})(-[0-9]{4})?")


class Place(Value):
    """A five-digit ZIP with its state and centroid in degrees."""

    zip_code: str
    state: str
    latitude: float
    longitude: float


def look_up(zip_code: str) -> Place:
    """The place of a ZIP or ZIP+4, anywhere in the country. Raises Refused("zip_unknown"), also where nobody knows
    its coordinates."""
    written = ZIP.fullmatch(zip_code.strip())
    place = written and (_served_states().get(written[1]) or _elsewhere(written[1]))
    if not place:
        raise Refused("zip_unknown", "We do not know this ZIP code.", "/zip_code")
    return place


def served_place(zip_code: str, house: House, state: str | None = None) -> Place:
    """The place, if vans go there and it lies in the state that was written (None: none was written).

    Raises Refused: `zip_unknown`, `zip_not_served`, `zip_state_mismatch`.
    """
    place = look_up(zip_code)
    if not is_served(place, house):
        raise Refused("zip_not_served", "We do not drive to this ZIP code.", "/zip_code")
    if state is not None and state.strip().upper() != place.state:
        raise Refused("zip_state_mismatch", f"This ZIP code is in {place.state}.", "/state")
    return place


def is_served(place: Place, house: House) -> bool:
    farthest = house.maximum_delivery_miles
    return (
        place.state in SERVED_STATES
        and not place.zip_code.startswith(house.zip_prefixes_not_served)
        and (farthest is None or distance_miles(place) <= farthest)
    )


def is_outside_core_area(pickup: Place, delivery: Place, house: House) -> bool:
    return max(distance_miles(pickup), distance_miles(delivery)) >= house.geographic_threshold_miles


def needs_instructions(place: Place, house: House) -> bool:
    """Whether a pickup there needs a word on how to get in (`instructions_required`)."""
    return place.zip_code in house.zips_needing_instructions


def distance_miles(place: Place) -> float:
    """Great-circle miles from Manhattan, by the haversine formula on a sphere of the earth's mean radius."""
    lat, lon, lat0, lon0 = map(radians, (place.latitude, place.longitude, *MANHATTAN))
    chord = sin((lat - lat0) / 2) ** 2 + cos(lat) * cos(lat0) * sin((lon - lon0) / 2) ** 2
    return 2 * EARTH_RADIUS_MILES * asin(sqrt(chord))


@cache
def _served_states() -> dict[str, Place | None]:
    """The list's rows of our states, read once (0.4 s, 55 MB inside the package): a look-up in it takes 1 ms each."""
    return {row["zip_code"]: _place(row) for state in SERVED_STATES for row in zipcodes.filter_by_state(state)}


def _elsewhere(zip_code: str) -> Place | None:
    rows = zipcodes.matching(zip_code)
    return _place(rows[0]) if rows else None


def _place(row: dict[str, str]) -> Place | None:
    latitude, longitude = float(row["lat"]), float(row["long"])
    if not latitude and not longitude:
        return None
    return Place(row["zip_code"], row["state"], latitude, longitude)
