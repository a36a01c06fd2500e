"""The table of what may be done with a booking, as its page tells it, is what the decisions answer."""

from functools import partial
from pathlib import Path

import pytest

from domain import Refused, booking
from domain.booking import cancel
from domain.booking_changes import check_changeable, delete, note, plan
from tests import Given
from tests.domain.test_booking import BY_CUSTOMER, BY_STAFF, HISTORIES, PLACED, TABLE
from tests.domain.test_booking_changes import NOTED, PLANNED

given = partial(Given, booking)
PAGE = Path(__file__).parents[2] / "docs" / "model" / "booking.md"


def rows() -> dict[str, list[set[str]]]:
    """Of each status what it becomes, what its customer may, what staff may."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines()]
    table = [row for row in cells if len(row) == 4 and row[0] in HISTORIES]
    return {status: [set(told.split(", ")) - {""} for told in rest] for status, *rest in table}


def answers(state, decision, *args) -> bool:
    """Whether it is done: neither refused nor done already."""
    try:
        return decision(state, *args) != []
    except Refused:
        return False


def becomes(state) -> set[str]:
    done = [event for decision, event, *_ in TABLE.values() if answers(state, *decision)]
    return {str(booking.evolve(state, event).status) for event in done}


def may(state, by_staff: bool) -> set[str]:
    asked = {
        "change": answers(state, check_changeable, by_staff),  # answers nothing, not an empty list
        "cancel": answers(state, cancel, BY_STAFF if by_staff else BY_CUSTOMER, by_staff),
        "plan": by_staff and answers(state, plan, PLANNED),
        "note": by_staff and answers(state, note, NOTED),
        "put away": by_staff and answers(state, delete),
    }
    return {name for name, is_done in asked.items() if is_done}


@pytest.mark.parametrize("status", sorted(HISTORIES))
def test_the_page_of_a_booking_tells_what_may_be_done_with_it(status):
    state = given(PLACED, *HISTORIES[status]).state
    assert rows()[status] == [becomes(state), may(state, by_staff=False), may(state, by_staff=True)]
