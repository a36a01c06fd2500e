"""Ids that lie together in an index when they are made together."""

import time

from eventlog.ids import new_id


def test_an_id_is_a_uuid_of_version_7_that_says_when_it_was_made():
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_ids_are_all_different():
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_later_ids_are_greater():
    first = new_id()
    while time.time_ns() // 1_000_000 == first.int >> 80:
        pass
    assert new_id() > first
