"""Words to search people by: what is kept of them, and what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.searching import query_of, words_of


def test_names_and_mails_are_kept_in_their_parts_without_case_and_accents():
    assert words_of(["José", "O'Brien-Łuk", "Jo.se@Example.com"], "") == "jose o brien łuk jo se example com"


def test_each_end_of_a_phone_down_to_its_last_four_digits_is_kept():
    assert words_of([], "+12125550") == "12125550 2125550 125550 25550 5550"


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("ada by", "ada:* & by:*"),
        ("  ADA\tada ", "ada:*"),
        ("g1@example.co", "g1 & example & co:*"),
        ("(212) 555-0123", "2125550123:*"),
        ("212.555.0123 ada", "2125550123:* & ada:*"),
        ("+1 212 555 0123", "12125550123:*"),
        ("0044 20 7946 0958", "442079460958:*"),
        ("0123", "0123:*"),
        ("' | !a & b:* \\ )", "a:* & b:*"),
        ("?!", ""),
        ("", ""),
    ],
)
def test_what_is_typed_becomes_a_query_of_all_its_parts(typed, query):
    assert query_of(typed) == query


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_query_of_letters_digits_and_stars(typed):
    for term in filter(None, query_of(typed).split(" & ")):
        assert term.removesuffix(":*").isalnum()


@given(st.text(max_size=60))
def test_whoever_has_a_name_is_found_by_it(name):
    kept = words_of([name], "").split()
    assert all(
        any(word == term or (term.endswith(":*") and word.startswith(term[:-2])) for word in kept)
        for term in filter(None, query_of(name).split(" & "))
        if not term[0].isdigit()
    )
