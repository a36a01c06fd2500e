"""Passwords: long enough, not everybody's, not the owner's own name; hashed few at a time."""

from contextlib import ExitStack

import pytest

from commands.passwords import COMMON, HASHING, LONGEST, SHORTEST, TooManyAtOnce, check_new, hashed, is_right, nobodys
from domain import Refused

GOOD = "correct horse battery"
ADA = ("ada.byron@example.com", "Ada", "Lovelace")


@pytest.mark.parametrize("password", [GOOD, "x" * SHORTEST, "x" * LONGEST, "пароль для меня", " with blanks "])
def test_a_good_password_is_taken(password):
    check_new(password, *ADA)


@pytest.mark.parametrize(
    "password",
    [
        "x" * (SHORTEST - 1),
        "x" * (LONGEST + 1),
        "1234567890",
        "qwertyuiop",
        "QwertyUiop",
        "ada.byron@example.com",
        "Ada.Byron@Example.com",
        "ada.byron ",
        "AdaLovelace",
        "ada  lovelace",
        "Lovelace Ada",
    ],
)
def test_a_weak_password_is_refused(password):
    with pytest.raises(Refused) as refusal:
        check_new(password, *ADA)
    assert (refusal.value.code, refusal.value.path) == ("weak_password", "/password")


def test_every_common_password_that_is_long_enough_is_refused():
    assert len(COMMON) > 100
    for password in sorted(COMMON):
        with pytest.raises(Refused, match="everybody"):
            check_new(password.upper())


def test_a_password_is_right_for_its_hash_alone():
    password_hash = hashed(GOOD)
    assert "$argon2id$" in password_hash
    assert GOOD not in password_hash
    assert hashed(GOOD) != password_hash
    assert is_right(GOOD, password_hash)
    assert not is_right(GOOD + " ", password_hash)


def test_where_there_is_no_account_no_password_is_right():
    assert not is_right(GOOD, None)
    parameters = [hash.split("$")[2:4] for hash in (nobodys(), hashed(GOOD))]
    assert parameters[0] == parameters[1]  # compared with as much work


def test_more_than_a_few_at_a_time_are_asked_to_come_again():
    with ExitStack() as others:
        while HASHING.acquire(blocking=False):
            others.callback(HASHING.release)
        for ask in (lambda: hashed(GOOD), lambda: is_right(GOOD, None)):
            with pytest.raises(TooManyAtOnce):
                ask()
    assert hashed(GOOD)
