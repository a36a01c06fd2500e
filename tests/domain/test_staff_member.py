"""What may happen to a member of staff: added once, changed by admins, never the last admin, disabled and enabled."""

from functools import partial

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as some

from domain import Refused, staff_member
from domain.permissions import Flags, Role
from domain.staff_member import (
    SecondFactorRemoved,
    SecondFactorSet,
    StaffDetails,
    StaffDetailsCorrected,
    StaffFlagsSet,
    StaffMemberAdded,
    StaffMemberDisabled,
    StaffMemberEnabled,
    StaffPasswordChanged,
    StaffRoleChanged,
    Wish,
    add,
    change,
    change_role,
    disable,
    enable,
    is_admin,
    remove_second_factor,
    set_flags,
    set_second_factor,
)
from tests import Given
from tests.samples import person

given = partial(Given, staff_member)
KIM, MAIL = person("kim"), person("kim's mail")
ADDED = StaffMemberAdded(KIM, MAIL, Role.OPERATOR, personal=StaffDetails("Kim", "kim@example.com"))
ADMIN = StaffMemberAdded(KIM, MAIL, Role.ADMIN)
MANAGER, DISABLED, ENABLED = StaffRoleChanged(Role.MANAGER), StaffMemberDisabled(), StaffMemberEnabled()
FACTOR, NO_FACTOR, PASSWORD = SecondFactorSet(), SecondFactorRemoved(), StaffPasswordChanged()
MAY_APPROVE = Flags(can_approve_refunds=True)
CORRECTED = StaffDetailsCorrected(KIM, StaffDetails("Kim Lee", "kim@example.com", "+12125550123"))


def test_a_member_is_added_once_active_and_without_a_second_factor():
    given().when(add, ADDED).then(ADDED)
    given(ADDED).when(add, ADDED).then()
    state = given(ADDED).state
    assert (state.mail_id, state.role, state.flags) == (MAIL, Role.OPERATOR, Flags())
    assert (state.is_active, state.has_second_factor) == (True, False)


def test_a_role_is_changed_once():
    given(ADDED).when(change_role, Role.MANAGER).then(MANAGER)
    given(ADDED).when(change_role, Role.OPERATOR).then()
    assert given(ADDED, MANAGER).state.role is Role.MANAGER


def test_flags_are_set_once():
    given(ADDED).when(set_flags, Flags()).then()
    given(ADDED).when(set_flags, MAY_APPROVE).then(StaffFlagsSet(MAY_APPROVE))
    given(ADDED, StaffFlagsSet(MAY_APPROVE)).when(set_flags, MAY_APPROVE).then()


def test_a_member_is_disabled_and_enabled_by_somebody_else():
    given(ADDED).when(disable, False).then(DISABLED)
    given(ADDED, DISABLED).when(disable, False).then()
    given(ADDED).when(disable, True).refused("not_allowed")
    given(ADDED).when(enable).then()
    given(ADDED, DISABLED).when(enable).then(ENABLED)
    assert [given(ADDED, *more).state.is_active for more in ([DISABLED], [DISABLED, ENABLED])] == [False, True]


def test_a_second_factor_is_set_and_removed_once():
    given(ADDED).when(set_second_factor).then(FACTOR)
    given(ADDED, FACTOR).when(set_second_factor).then()
    given(ADDED).when(remove_second_factor).then()
    given(ADDED, FACTOR).when(remove_second_factor).then(NO_FACTOR)
    assert [given(ADDED, *more).state.has_second_factor for more in ([FACTOR], [FACTOR, NO_FACTOR])] == [True, False]


@pytest.mark.parametrize(
    ("wish", "events"),
    [
        (Wish(), []),
        (Wish(Role.MANAGER, {"can_approve_refunds": True}), [StaffFlagsSet(MAY_APPROVE), MANAGER]),
        (Wish(Role.OPERATOR, {"can_approve_refunds": False}, is_active=True), []),
        (Wish(is_active=False), [DISABLED]),
        (Wish(details=CORRECTED, is_new_password=True), [CORRECTED, PASSWORD]),
        (Wish(drops_second_factor=True), []),
    ],
)
def test_a_wish_changes_what_it_names_and_nothing_else(wish, events):
    given(ADDED).when(change, wish, False, 1).then(*events)


def test_a_wish_takes_one_flag_and_leaves_the_others():
    both = Flags(can_approve_refunds=True, can_view_financials=True)
    wish = Wish(flags={"can_approve_refunds": False})
    given(ADDED, StaffFlagsSet(both)).when(change, wish, False, 1).then(StaffFlagsSet(Flags(can_view_financials=True)))


def test_a_lost_device_is_helped_by_dropping_the_second_factor():
    given(ADDED, FACTOR).when(change, Wish(drops_second_factor=True), False, 1).then(NO_FACTOR)


def test_nobody_disables_themselves_by_a_wish():
    given(ADMIN).when(change, Wish(is_active=False), True, 5).refused("not_allowed")


def test_nobody_takes_away_their_own_second_factor_as_an_admin():
    given(ADMIN, FACTOR).when(change, Wish(drops_second_factor=True), True, 5).refused("not_allowed")


@pytest.mark.parametrize("wish", [Wish(Role.MANAGER), Wish(is_active=False), Wish(Role.SUPPORT, is_active=False)])
def test_the_last_active_admin_stays_one(wish):
    given(ADMIN).when(change, wish, False, 0).refused("last_admin")
    assert given(ADMIN).when(change, wish, False, 1).decide()
    given(ADMIN, DISABLED).when(change, Wish(Role.MANAGER), False, 0).then(MANAGER)
    given(ADMIN).when(change, Wish(details=CORRECTED), False, 0).then(CORRECTED)


def test_what_is_personal_and_the_password_leave_the_state_as_it_is():
    assert given(ADDED, CORRECTED, PASSWORD).state == given(ADDED).state


WISHES = some.builds(
    Wish,
    role=some.none() | some.sampled_from(Role),
    flags=some.dictionaries(some.sampled_from(Flags.__struct_fields__), some.booleans()),
    is_active=some.none() | some.booleans(),
    drops_second_factor=some.booleans(),
)


@settings(max_examples=200, deadline=None)
@for_all(some.lists(some.tuples(WISHES, some.booleans(), some.integers(0, 1)), max_size=12))
def test_any_wishes_in_any_order_leave_an_admin_and_say_nothing_twice(asked):
    member = given(ADMIN, FACTOR).state
    for wish, is_oneself, other_admins in asked:
        before = member
        try:
            events = change(member, wish, is_oneself, other_admins)
        except Refused:
            continue
        for event in events:
            member = staff_member.evolve(member, event)
        assert is_admin(member) or other_admins or not is_admin(before)
        assert change(member, wish, is_oneself, max(other_admins, 1)) == []
