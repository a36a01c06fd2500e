"""The chain over the audit log: whatever its owner does to it by SQL is found and named."""

from hashlib import sha256

import pytest

from domain.booking import BookingConfirmed
from eventlog.chain import hashed, last_link, links, seal
from eventlog.chain_checking import Check
from eventlog.envelope import Stored
from eventlog.vault import Vault
from tests.eventlog.audit_entries import (
    END,
    act,
    act_on_ada,
    change,
    forge_chain,
    found,
    insert_at,
    move,
    remove,
    seal_all,
)  # fmt: skip
from tests.eventlog.streams import Writer
from tests.samples import person


@pytest.fixture
def heads(tmp_path):
    return tmp_path / "heads.jsonl"


@pytest.fixture
def sealed(store, db, database, heads):
    """Ten entries at the odd positions 1 to 19, other events between them; a head after the fifth and the last."""
    with Writer(database) as writer:
        for n in range(10):
            act(store)
            writer.write(1)
            if n in (4, 9):
                seal_all(db, heads)
    return db


def test_a_chain_that_nobody_touched_is_whole(sealed, heads):
    check = Check(sealed, heads)
    assert list(check.findings()) == []
    assert (check.sealed, check.not_sealed, check.heads) == (10, 0, 2)


def test_an_empty_log_is_whole(db, heads):
    assert found(db, heads) == []


def test_a_hash_is_over_everything_with_lengths_that_leave_no_doubt():
    entry = Stored(7, person("ada"), 2, "StaffActed", b"body")
    by_hand = b"p" * 32 + (3).to_bytes(8) + (7).to_bytes(8) + person("ada").bytes + (2).to_bytes(8)
    by_hand += (10).to_bytes(8) + b"StaffActed" + (4).to_bytes(8) + b"body"
    assert hashed(b"p" * 32, 3, entry) == sha256(by_hand).digest()
    assert hashed(b"p" * 32, 3, entry) != hashed(b"p" * 32, 3, entry._replace(name="StaffActedb", body=b"ody"))


def test_entries_not_sealed_yet_are_counted(sealed, store, heads):
    act(store)
    act_on_ada(store)
    check = Check(sealed, heads)
    assert list(check.findings()) == []
    assert (check.sealed, check.not_sealed) == (10, 3)


def test_only_the_audit_log_is_chained_and_each_event_once(sealed):
    assert [link.position for link in links(sealed, END, 3)] == list(range(1, 20, 2))
    assert seal(sealed, 0, END, 100) == 0


@pytest.mark.parametrize("n", [1, 5, 10])
def test_a_changed_entry_is_named(n, sealed, heads):
    change(sealed, 2 * n - 1)
    assert found(sealed, heads) == [("changed", n)]


@pytest.mark.parametrize("n", [1, 5, 10])
def test_a_removed_entry_is_named(n, sealed, heads):
    remove(sealed, 2 * n - 1)
    assert found(sealed, heads) == [("removed", n)]


@pytest.mark.parametrize("n", [1, 5, 9])
def test_an_entry_removed_with_its_row_of_the_chain_is_named(n, sealed, heads):
    remove(sealed, 2 * n - 1)
    sealed.execute("delete from eventlog.audit_chain where n = %s", (n,))
    assert ("removed", n) in found(sealed, heads)


def cut(db):
    """The last two entries, with their rows."""
    for position in (17, 19):
        remove(db, position)
    db.execute("delete from eventlog.audit_chain where n > 8")


def test_the_last_entries_removed_with_their_rows_are_missed_by_the_head(sealed, heads):
    cut(sealed)
    assert found(sealed, heads) == [("cut_off", 9)]
    assert "at position 19 of the log: what came last was removed" in str(next(Check(sealed, heads).findings()))


def test_without_the_heads_nobody_would_notice_that_and_verify_says_so(sealed, heads):
    heads.unlink()
    cut(sealed)
    assert found(sealed, heads) == [("unguarded", 8)]


def test_without_the_chain_only_the_head_notices(sealed, heads):
    for position in range(1, 20, 2):
        remove(sealed, position)
    sealed.execute("delete from eventlog.audit_chain")
    assert found(sealed, heads) == [("cut_off", 1)]
    heads.unlink()
    assert found(sealed, heads) == []


def test_an_inserted_entry_is_named_by_its_position(sealed, heads):
    move(sealed, 8, 108)
    insert_at(sealed, 8)
    check = Check(sealed, heads)
    assert [(one.what, one.position) for one in check.findings()] == [("inserted", 8)]


def test_entries_that_changed_places_are_named(sealed, heads):
    move(sealed, 5, 100)
    move(sealed, 7, 5)
    move(sealed, 100, 7)
    assert found(sealed, heads) == [("moved", 3), ("moved", 4)]


def test_an_entry_moved_to_the_end_is_named(sealed, heads):
    move(sealed, 5, 100)
    assert found(sealed, heads) == [("moved", 3)]


def test_an_entry_in_the_place_of_another_is_named(sealed, heads):
    remove(sealed, 5)
    insert_at(sealed, 5)
    assert found(sealed, heads) == [("removed", 3)]


def test_a_row_of_the_chain_that_was_changed_is_named_alone(sealed, heads):
    sealed.execute("update eventlog.audit_chain set hash = sha256(hash) where n = 4")
    assert found(sealed, heads) == [("changed", 4)]


@pytest.mark.parametrize("n", [3, 8])
def test_a_chain_made_anew_over_a_changed_entry_differs_from_the_heads(n, sealed, heads):
    """Only the heads know, and say behind which of them it was done."""
    change(sealed, 2 * n - 1)
    forge_chain(sealed, n)
    assert found(sealed, heads) == [("rewritten", 1 if n <= 5 else 6)]
    heads.unlink()
    assert found(sealed, heads) == [("unguarded", 10)]


def test_an_entry_removed_and_the_chain_made_anew_differs_from_the_heads(sealed, heads):
    remove(sealed, 5)
    forge_chain(sealed, 3)
    assert found(sealed, heads)[0] == ("rewritten", 1)


def test_several_things_are_all_found(sealed, heads):
    change(sealed, 3)
    remove(sealed, 9)
    move(sealed, 15, 200)
    assert found(sealed, heads) == [("changed", 2), ("removed", 5), ("moved", 8)]


def test_another_log_under_the_same_heads_is_found(sealed, heads):
    sealed.execute("update eventlog.log set id = gen_random_uuid()")
    assert [what for what, _ in found(sealed, heads)] == ["unguarded", "unguarded"]


def test_a_damaged_line_of_the_heads_is_found(sealed, heads):
    heads.write_bytes(b"nonsense\n" + heads.read_bytes())
    assert [what for what, _ in found(sealed, heads)] == ["unguarded"]


def test_what_a_crash_left_of_a_line_does_no_harm(sealed, store, heads):
    whole = heads.read_bytes()
    heads.write_bytes(whole + b'{"log":"')
    assert found(sealed, heads) == []
    act(store)
    seal_all(sealed, heads)
    assert heads.read_bytes().startswith(whole + b"{")
    check = Check(sealed, heads)
    assert (list(check.findings()), check.heads) == ([], 3)


def test_forgetting_somebody_leaves_the_chain_whole(store, db, heads):
    act_on_ada(store)
    seal_all(db, heads)
    store.vault.destroy(db, person("ada"), 1)
    assert db.execute("select 1 from eventlog.person_keys where person_id = %s", (person("ada"),)).rowcount == 0
    assert found(db, heads) == []


def test_another_master_key_leaves_the_chain_whole(store, db, heads):
    act_on_ada(store)
    seal_all(db, heads)
    with db.transaction():
        assert Vault({"new": b"n" * 32, "test": b"m" * 32}, b"identity").rewrap(db) == 2
    assert found(db, heads) == []


def test_the_order_of_the_log_counts_not_that_of_the_ids(store, db, heads):
    act_on_ada(store)
    seal_all(db, heads)
    assert [link.version for link in links(db, END, 10)] == [1, 2]
    assert last_link(db).n == 2


def test_other_events_of_the_log_may_be_anything(sealed, heads):
    """The chain is over the audit log; gaps in other streams are found by `totetaxi verify`."""
    sealed.execute("delete from eventlog.stored_events where topic = %s", (BookingConfirmed.__name__,))
    assert found(sealed, heads) == []
