"""Two generations are equal when every table has the same rows in both, however often each of them."""

import pytest

from projections.comparing import Difference, compare


@pytest.fixture
def made(db):
    """Makes the two generations by SQL, each in its own schema."""

    def make(one, other):
        for schema, tables in (("one", one), ("other", other)):
            db.execute(f"create schema {schema}; set search_path = {schema}; {tables}; reset search_path")
        return compare(db, "one", "other")

    return make


TABLE = "create table t (k int primary key, v text); "


def test_equal_rows_in_another_order_are_equal(made):
    assert (
        made(TABLE + "insert into t values (1, 'a'), (2, null)", TABLE + "insert into t values (2, null), (1, 'a')")
        == []
    )


def test_a_changed_row_differs_both_ways_and_is_named_by_its_key(made):
    found = made(TABLE + "insert into t values (1, 'a'), (7, 'b')", TABLE + "insert into t values (1, 'a'), (7, 'c')")
    assert found == [Difference("t", "one", 1, ("7",)), Difference("t", "other", 1, ("7",))]


def test_all_rows_are_counted_and_the_first_ones_named(made):
    [found] = made(TABLE + "insert into t select n, '' from generate_series(1, 100) n", TABLE)
    assert (found.rows, found.keys) == (100, ("1", "2", "3", "4", "5"))


def test_a_row_that_is_there_twice_differs_from_one_that_is_there_once(made):
    table = "create table t (v int); "
    assert made(table + "insert into t values (1), (1)", table + "insert into t values (1)") == [
        Difference("t", "one", 1, ("1",))
    ]


def test_tables_and_columns_of_one_side_differ_and_the_rest_is_compared(made):
    found = made(
        "create table gone (k int); create table t (k int primary key, v int, old int); insert into t values (1, 3, 5)",
        "create table t (k int primary key, v int, new int); insert into t values (1, 4, 5)",
    )
    assert [str(difference) for difference in found] == [
        "gone: the table is only in one",
        "t: column old integer is only in one",
        "t: column new integer is only in other",
        "t: 1 rows only in one, the first: 1",
        "t: 1 rows only in other, the first: 1",
    ]


def test_positions_and_parked_keys_are_no_rows_of_the_model(made):
    bookkeeping = "create table positions (k int); create table parked (k int); create table parked_keys (k int); "
    assert made(bookkeeping + "insert into positions values (1); insert into parked values (1)", bookkeeping) == []
