"""A pickup day gives no place twice, whatever is asked of it in whatever order."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from domain import Refused, pickup_day
from domain.ids import booking_id
from domain.pickup_day import (
    DayBlackedOut,
    DayReopened,
    LimitLifted,
    LimitSet,
    PlaceReleased,
    PlaceReserved,
    Slot,
    black_out,
    left,
    lift_limit,
    move_within,
    release,
    reopen,
    reserve,
    set_limit,
    set_limits,
    stream,
    taken,
)
from tests import Given
from tests.samples import MONDAY, person, wish

given = partial(Given, pickup_day)
ADA, EVE, KAY = (booking_id(f"TT0000000{n}") for n in range(3))
MORNING, NINE, TEN = Slot("morning"), Slot("morning_specific", 9), Slot("morning_specific", 10)
CLOSED, OPEN_AGAIN = DayBlackedOut(MONDAY, "snow"), DayReopened(MONDAY)


def reserved(id: UUID, name="ada", service="mini_move", slot=MORNING) -> PlaceReserved:
    return PlaceReserved(MONDAY, id, service, person(name), slot)


def test_a_booking_gets_a_place_and_no_second_one():
    given().when(reserve, wish(ADA)).then(reserved(ADA))
    given(reserved(ADA)).when(reserve, wish(ADA)).then()


def test_a_day_that_is_full_takes_no_more_of_that_service():
    day = given(reserved(ADA), reserved(EVE, "eve"))
    day.when(reserve, wish(KAY, "kay", limit=2)).refused("no_capacity")
    other = replace(wish(KAY, "kay", limit=2), service_type="standard_delivery")
    day.when(reserve, other).then(reserved(KAY, "kay", "standard_delivery"))


def test_the_days_own_limit_goes_before_the_houses():
    given(LimitSet(MONDAY, "mini_move", 0)).when(reserve, wish(ADA)).refused("no_capacity")
    given(LimitSet(MONDAY, "mini_move", 1)).when(reserve, wish(ADA, limit=0)).then(reserved(ADA))


def test_a_freed_place_can_be_given_again():
    freed = PlaceReleased(MONDAY, ADA, "mini_move")
    given(reserved(ADA)).when(release, MONDAY, ADA).then(freed)
    given(reserved(ADA), freed).when(reserve, wish(EVE, "eve", limit=1)).then(reserved(EVE, "eve"))
    given(reserved(ADA), freed).when(release, MONDAY, ADA).then()
    given().when(release, MONDAY, ADA).then()


def test_a_person_has_one_booking_in_a_slot_whatever_the_service():
    again = replace(wish(EVE), service_type="standard_delivery")
    given(reserved(ADA)).when(reserve, again).refused("slot_taken")
    given(reserved(ADA, slot=NINE)).when(reserve, replace(wish(EVE), slot=NINE)).refused("slot_taken")
    given(reserved(ADA, slot=NINE)).when(reserve, replace(wish(EVE), slot=TEN)).then(reserved(EVE, slot=TEN))


def test_whoever_comes_with_an_account_and_as_a_guest_is_one_person():
    account = replace(wish(EVE, "eve"), persons=(person("ada"), person("ada before")))
    held = replace(reserved(EVE, "eve"), persons=(person("ada"), person("ada before")))
    given().when(reserve, account).then(held)
    given(reserved(ADA)).when(reserve, account).refused("slot_taken")
    given(reserved(ADA, "ada before")).when(reserve, account).refused("slot_taken")
    given(reserved(ADA, "kay")).when(reserve, account).then(held)
    for name in ("eve", "ada", "ada before"):
        given(held).when(reserve, wish(KAY, name)).refused("slot_taken")


def test_a_booking_moves_to_another_slot_of_its_day_though_the_day_is_full():
    to = replace(wish(ADA, limit=1), slot=NINE, persons=(person("kay"),))
    moved = PlaceReleased(MONDAY, ADA, "mini_move"), replace(reserved(ADA, slot=NINE), persons=(person("kay"),))
    given(reserved(ADA), reserved(EVE, "eve")).when(move_within, to).then(*moved)
    given(reserved(ADA), *moved).when(move_within, to).then()
    given(reserved(ADA), LimitSet(MONDAY, "mini_move", 0)).when(move_within, to).then(*moved)
    assert list(given(reserved(ADA), reserved(EVE, "eve"), *moved).state.places) == [EVE, ADA]


def test_a_booking_moves_into_no_slot_that_is_its_persons_already():
    day = given(reserved(ADA), reserved(EVE, "ada", slot=NINE))
    day.when(move_within, replace(wish(ADA), slot=NINE)).refused("slot_taken")
    moved = PlaceReleased(MONDAY, ADA, "mini_move"), reserved(ADA, slot=TEN)
    day.when(move_within, replace(wish(ADA), slot=TEN)).then(*moved)


def test_nothing_moves_within_a_blackout_day_nor_without_a_place():
    to = replace(wish(ADA), slot=NINE)
    given(reserved(ADA), CLOSED).when(move_within, to).refused("blackout_day")
    given(reserved(ADA), CLOSED).when(move_within, wish(ADA)).then()
    given(reserved(EVE, "eve")).when(move_within, to).then()


def test_a_blackout_day_takes_nobody_and_keeps_who_has_a_place():
    given(CLOSED).when(reserve, wish(ADA)).refused("blackout_day")
    given(reserved(ADA), CLOSED).when(reserve, wish(ADA)).then()
    given(CLOSED, OPEN_AGAIN).when(reserve, wish(ADA)).then(reserved(ADA))


def test_a_day_is_closed_and_opened_once():
    given().when(black_out, MONDAY, "snow").then(CLOSED)
    given(CLOSED).when(black_out, MONDAY, "ice").then()
    given(CLOSED).when(reopen, MONDAY).then(OPEN_AGAIN)
    given().when(reopen, MONDAY).then()


def test_a_limit_is_set_once_and_never_below_zero():
    given().when(set_limit, MONDAY, "mini_move", 3).then(LimitSet(MONDAY, "mini_move", 3))
    given(LimitSet(MONDAY, "mini_move", 3)).when(set_limit, MONDAY, "mini_move", 3).then()
    given().when(set_limit, MONDAY, "mini_move", 0).then(LimitSet(MONDAY, "mini_move", 0))
    given().when(set_limit, MONDAY, "mini_move", 1000).then(LimitSet(MONDAY, "mini_move", 1000))
    for limit in (-1, 1001):
        given().when(set_limit, MONDAY, "mini_move", limit).refused("invalid_value")


def test_limits_of_several_services_are_set_and_lifted_at_once():
    own = [LimitSet(MONDAY, "mini_move", 1), LimitSet(MONDAY, "blade_transfer", 4)]
    told = {"mini_move": None, "standard_delivery": 2, "blade_transfer": 4, "specialty_item": None}
    done = LimitLifted(MONDAY, "mini_move"), LimitSet(MONDAY, "standard_delivery", 2)
    given(*own).when(set_limits, MONDAY, told).then(*done)
    given(*own, *done).when(set_limits, MONDAY, told).then()
    given(*own).when(set_limits, MONDAY, {"mini_move": 2, "standard_delivery": -1}).refused("invalid_value")


def test_a_closed_day_says_why_until_it_is_opened_again():
    assert [given(*day).state.reason for day in ([CLOSED], [CLOSED, OPEN_AGAIN])] == ["snow", ""]


def test_a_limit_is_lifted_once_and_the_houses_holds_again():
    limited, lifted = LimitSet(MONDAY, "mini_move", 1), LimitLifted(MONDAY, "mini_move")
    given(limited).when(lift_limit, MONDAY, "mini_move").then(lifted)
    given(limited, lifted).when(lift_limit, MONDAY, "mini_move").then()
    given(limited).when(lift_limit, MONDAY, "standard_delivery").then()
    given().when(lift_limit, MONDAY, "mini_move").then()
    assert [left(given(*day).state, "mini_move", 7) for day in ([limited], [limited, lifted])] == [1, 7]


def test_a_limit_is_one_services_and_the_others_keep_theirs():
    own = [LimitSet(MONDAY, "mini_move", 1), LimitSet(MONDAY, "standard_delivery", 2)]
    day = given(*own, LimitLifted(MONDAY, "mini_move")).state
    assert [left(day, service, 7) for service in SERVICES] == [7, 2]


def test_a_limit_below_what_is_reserved_shows_the_day_as_overbooked():
    day = given(reserved(ADA), reserved(EVE, "eve"), LimitSet(MONDAY, "mini_move", 1)).state
    assert (left(day, "mini_move", 10), taken(day, "mini_move"), taken(day, "standard_delivery")) == (-1, 2, 0)
    assert set(day.places) == {ADA, EVE}


@pytest.mark.parametrize("days", [1, 7, 365])
def test_each_date_is_a_stream_of_its_own(days):
    assert stream(MONDAY) == stream(MONDAY) != stream(MONDAY + timedelta(days))


SERVICES, LIMIT = ("mini_move", "standard_delivery"), 3
NUMBERS = some.integers(0, 11)


class AnyDay(RuleBasedStateMachine):
    """Twelve bookings of six people ask for places, give them back and ask again; staff close and open the day."""

    def __init__(self):
        super().__init__()
        self.day = None

    def ask(self, decision, *args):
        try:
            events = decision(self.day, *args)
        except Refused as refused:
            return refused.code
        for event in events:
            self.day = pickup_day.evolve(self.day, event)
        assert decision(self.day, *args) == []
        return None

    @rule(n=NUMBERS, hour=some.sampled_from([8, 9]))
    def reserve(self, n, hour):
        asked = replace(wish(booking_id(str(n)), str(n % 6), limit=LIMIT), service_type=SERVICES[n % 2])
        if n % 3 == 0:  # has an account, and a mail under which guest 1 books
            asked = replace(asked, persons=(person("1"),))
        asked = replace(asked, slot=Slot("morning_specific", hour))
        before = self.day
        code = self.ask(reserve, asked)
        if code == "no_capacity":
            assert left(before, asked.service_type, LIMIT) == 0
        if code:
            assert self.day is before

    @rule(n=NUMBERS, hour=some.sampled_from([8, 9]))
    def move(self, n, hour):
        if self.day:
            asked = replace(wish(booking_id(str(n)), str(n % 6)), slot=Slot("morning_specific", hour))
            asked = replace(asked, service_type=SERVICES[n % 2], persons=(person("1"),) if n % 3 == 0 else ())
            places = set(self.day.places)
            self.ask(move_within, asked)
            assert set(self.day.places) == places

    @rule(n=NUMBERS)
    def release(self, n):
        self.ask(release, MONDAY, booking_id(str(n)))

    @rule()
    def close(self):
        self.ask(black_out, MONDAY, "snow")

    @rule()
    def open(self):
        self.ask(reopen, MONDAY)

    @invariant()
    def there_are_never_more_places_than_the_limit(self):
        if self.day:
            assert all(left(self.day, service, LIMIT) >= 0 for service in SERVICES)

    @invariant()
    def a_slot_is_one_persons_once(self):
        if self.day:
            taken = [(id, place.slot) for place in self.day.places.values() for id in place.persons]
            assert len(taken) == len(set(taken))


AnyDay.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyDay = AnyDay.TestCase
