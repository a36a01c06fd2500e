"""A person is forgotten once for each key that held something of theirs."""

from functools import partial
from uuid import uuid5

from domain import customer
from domain.customer import VipGranted, VipRevoked, forget
from domain.person import PersonForgotten
from tests import Given
from tests.samples import person as who

given = partial(Given, customer)
ADA = who("ada")
FIRST, SECOND = uuid5(ADA, "1"), uuid5(ADA, "2")


def test_the_keys_that_are_destroyed_are_named():
    given().when(forget, ADA, (FIRST,)).then(PersonForgotten(ADA, (FIRST,)))


def test_nobody_is_forgotten_twice():
    given(PersonForgotten(ADA, (FIRST,))).when(forget, ADA, (FIRST,)).then()
    given().when(forget, ADA, ()).then()


def test_who_came_back_is_forgotten_again_with_the_new_key():
    gone = PersonForgotten(ADA, (FIRST,))
    given(gone).when(forget, ADA, (FIRST, SECOND)).then(PersonForgotten(ADA, (SECOND,)))
    assert given(gone, PersonForgotten(ADA, (SECOND,))).state.destroyed == {FIRST, SECOND}


def test_who_is_forgotten_is_nobodys_favourite_any_more():
    given(VipGranted()).when(forget, ADA, (FIRST,)).then(VipRevoked(), PersonForgotten(ADA, (FIRST,)))
