"""Where things are and whose they are: what prices and vans need to know, and what is personal and sealed."""

from domain import Value


class Area(Value):
    """Where an address is, as far as prices and vans need to know."""

    city: str
    state: str
    zip_code: str


class Street(Value):
    address_line_1: str
    address_line_2: str = ""
    delivery_instructions: str = ""


class BookingDetails(Value):
    """What is personal in a booking; sealed in the log with its person's key, gone when the person is forgotten."""

    first_name: str
    last_name: str
    email: str
    phone: str
    pickup: Street
    delivery: Street
    special_instructions: str = ""


class Words(Value):
    """What somebody wrote, sealed like everything personal."""

    text: str


class Streets(Value):
    """Both ends of a booking."""

    pickup: Street
    delivery: Street
