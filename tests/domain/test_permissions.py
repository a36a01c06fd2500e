"""Who of the staff may do what: the house's table, row by row, with every combination of flags."""

from itertools import product

import pytest

from domain.permissions import Flags, Permission, Role, permissions
from tests.domain.roles import CELLS, FLAG_OF, TAKEN_AWAY, cells, may

EVERY_FLAGS = [Flags(*told) for told in product((False, True), repeat=3)]
NOTHING_MORE = Flags()


@pytest.mark.parametrize(("row", "role", "word"), cells())
def test_a_cell_of_the_table_gives_what_its_word_says_and_nothing_else_of_its_row(row, role, word):
    given, whole_row = CELLS[row].get(word, set()), set().union(*CELLS[row].values())
    assert permissions(role, NOTHING_MORE) & whole_row == given


@pytest.mark.parametrize(("row", "role", "word"), cells())
def test_a_flag_adds_only_where_the_table_says_flag(row, role, word):
    if row in FLAG_OF:
        more = permissions(role, Flags(**{FLAG_OF[row]: True})) - permissions(role, NOTHING_MORE)
        assert more == (CELLS[row]["yes"] if word == "flag" else set())
    else:
        assert word != "flag"


@pytest.mark.parametrize("role", Role)
def test_who_may_not_modify_bookings_loses_that_and_the_status_and_nothing_else(role):
    for flags in EVERY_FLAGS:
        with_it = permissions(role, Flags(flags.can_approve_refunds, True, flags.can_view_financials))
        without = permissions(role, Flags(flags.can_approve_refunds, False, flags.can_view_financials))
        assert without == with_it - TAKEN_AWAY


@pytest.mark.parametrize("role", Role)
def test_a_role_with_any_flags_may_what_the_whole_table_says(role):
    assert all(permissions(role, flags) == may(role, flags) for flags in EVERY_FLAGS)


def test_every_permission_is_in_the_table_and_an_admin_has_it():
    assert set().union(*(words for row in CELLS.values() for words in row.values())) == set(Permission)
    assert permissions(Role.ADMIN, NOTHING_MORE) == set(Permission)
