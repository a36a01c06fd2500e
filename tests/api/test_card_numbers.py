"""What is a card number and what is none: every network in every writing, and no id, phone, date or address."""

import json
import sys
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.card_numbers import has_card_number, masked, places
from eventlog.ids import new_id
from tests.api.cards import EVERY, NUMBERS, WAYS, check_digit, in_fours

NO_CARDS = (
    "00000000-0000-0000-0000-000000000001",
    "42424242-4242-4242-4242-424242424242",
    "pi_3f4242424242424242abcdef",
    "pm_1QZv2x4Kd8Yh3mTnR0aBcDeF",
    "pm_card_visa",
    "TT7K2M9QXD",
    "calendar:0193b5a0-7000-7000-8000-00000000ada0",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "+12125550123",
    "(212) 555-0123",
    "415 555 0123 212 555 0199",
    "646-555-0123 212-555-0199",
    "2027-01-12 2027-01-14",
    "2027-01-12T14:30:00.123456Z",
    "01/12/2027 14:30 - 01/14/2027 09:00",
    "2026/11/23 2026/11/24 2026/11/25",
    "04/24/27/12/23/30/06/27/24/02/07/26/05/15/30",
    "4242,4242,4242,4242",
    "52900,99800,75600,62100,82000,80200",
    "https://example.com/6918/5357/65264",
    "507,030,228,293,747",
    "1768224600000",
    "Mon-Fri 10.00-18.30 10.30-16.00 10.00-18.30",
    "4242 W 42nd St Apt 4242, New York, NY 10036-4242",
    "40.71277612345678, -74.00597312345678",
    "1768224600000-0.4242424242424242",
    "9223372036854775807",
    "12345678901234567890",
    "",
)
HOSTILE = ("4 ", "4-4 .", "4 2-", "6 ", "6-6 ", "5 0-", "4242 ", "4242/", "4242424242424;", "424 ")


@pytest.mark.parametrize("network", sorted(NUMBERS))
def test_the_numbers_of_a_network_are_found_in_every_writing(network):
    assert [way(number) for number in NUMBERS[network] for way in WAYS if not has_card_number(way(number))] == []


@pytest.mark.parametrize("number", sorted(EVERY))
def test_another_check_digit_makes_it_no_card(number):
    others = [number[:-1] + digit for digit in "0123456789" if digit != number[-1]]
    assert [other for other in others if has_card_number(other) or has_card_number(f"No. {other}!")] == []


@pytest.mark.parametrize("text", sorted(NO_CARDS))
def test_what_is_no_card_number_passes(text):
    assert not has_card_number(text)


@settings(max_examples=2_000, deadline=None)
@given(st.uuids())
def test_every_uuid_passes_with_dashes_and_in_a_text(id):
    assert not has_card_number(f"{id} {id} calendar:{id} {str(id).upper()} urn:uuid:{id}")


@settings(max_examples=500, deadline=None)
@given(st.text("0123456789", min_size=32, max_size=32))
def test_a_uuid_of_digits_alone_passes_too(digits):
    assert not has_card_number(str(UUID(digits)))


def test_ids_of_ours_pass():
    assert not [id for id in (new_id() for _ in range(2_000)) if has_card_number(str(id)) or has_card_number(id.hex)]


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"\A[2-9][0-9]{2}([-. ]?)[2-9][0-9]{2}\1[0-9]{4}\Z"), st.sampled_from(" /,;"))
def test_two_american_phones_beside_each_other_pass(phone, between):
    assert not has_card_number(f"{phone[:3]}-{phone[-7:]}{between}{phone[:3]}-{phone[-7:]}")


def test_further_digits_make_it_something_else():
    assert not any(has_card_number(f"{more}{number}{more}") for number in EVERY for more in ("00000000", "4242424242"))


def test_a_letter_that_touches_it_does_not_make_it_an_id():
    beside = [f"{before}{number}{after}" for number in NUMBERS["visa"] for before in ("", "a") for after in ("c", "D")]
    assert [text for text in beside if not has_card_number(text)] == []


@pytest.mark.parametrize("pattern", sorted(HOSTILE))
def test_what_the_look_costs_grows_with_the_text_whatever_is_in_it(pattern):
    """A body of 64 KB is anybody's to send."""
    text = (pattern * 4_000)[:4_000]
    assert calls_in(lambda: masked(text)) < 10 * len(text)


def calls_in(act) -> int:
    """How many functions are called meanwhile, of Python's own too."""
    calls, before = [], sys.getprofile()
    sys.setprofile(lambda frame, event, told: calls.append(event))
    try:
        act()
    finally:
        sys.setprofile(before)
    return len([event for event in calls if event.endswith("call")])


def test_neither_invisible_nor_foreign_digits_hide_it():
    [number, *_] = NUMBERS["visa"]
    assert has_card_number("\u200b".join(number))
    assert has_card_number("".join(chr(0xFF10 + int(digit)) for digit in number))
    assert has_card_number(in_fours(number, "\u2013"))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.sampled_from(EVERY), st.sampled_from(WAYS), st.text(max_size=40))
def test_what_is_masked_holds_none(before, number, way, after):
    assert not has_card_number(masked(f"{before} {way(number)} {after}"))


def test_a_mask_leaves_what_stands_around():
    [number, *_] = NUMBERS["american express"]
    assert masked(f"App 1.2 ({number[:4]} {number[4:10]} {number[10:]}), ok") == "App 1.2 (**** ****** *****), ok"
    assert masked("App\u20131.2") == "App\u20131.2"


def test_it_is_found_in_texts_numbers_and_names_at_any_depth():
    number = EVERY[0]
    body = {"a": [1, {"b": {"c": in_fours(number)}}], "d": int(number), "e": float(number), number: {"f": number}}
    masks = "*" * len(number)
    told = json.loads(json.dumps(body))
    assert list(places(told)) == [("a", 1, "b", "c"), ("d",), ("e",), (masks,), (masks, "f")]
    assert list(places({"a": True, "b": 1e300, "c": -1, "d": None, "e": 4.5, "f": 10**400})) == []


def test_a_phone_that_is_a_number_is_no_phone():
    number = int(NUMBERS["visa"][0])
    assert list(places({"phone": number})) == list(places({"phone": float(number)})) == [("phone",)]
    assert list(places([-number])) == [(0,)]


def test_a_phone_may_look_like_a_card_where_a_plus_begins_it():
    looks = "4915123456" + "78"
    looks += check_digit(looks)
    assert has_card_number(looks)
    assert not list(places({"phone": f"+{looks}"}))
    assert list(places({"phone": looks})) == [("phone",)]
    assert list(places({"notes": f"+{looks}"})) == [("notes",)]
    assert list(places({"phone": f"+{EVERY[0]}"})) == [("phone",)]
