"""What was stored once is read for ever, and says the same when it is stored again."""

import pytest
from msgspec import json
from msgspec.structs import replace

from eventlog import envelope
from eventlog.envelope import Stored, UnknownEvent, decode, encode, key_of, partition_of, unseal_all
from eventlog.ids import new_id
from eventlog.vault import PersonKey, Sealed, seal
from tests.eventlog import golden, golden_events
from tests.samples import person, placed


@pytest.fixture
def know(db):
    """Puts a key into the vault's table, wrapped by the tests' master key."""

    def know(key, name="ada"):
        wrapped = seal(PersonKey(key.key_id, b"m" * 32), key.key_id, key.secret).text
        db.execute("insert into eventlog.person_keys values (%s, %s, %s, 'test')", (key.key_id, person(name), wrapped))

    return know


def contains(new, old) -> bool:
    """Whether everything that the old document says is said by the new one."""
    if isinstance(old, dict):
        return all(name in new and contains(new[name], value) for name, value in old.items())
    if isinstance(old, list):
        return len(new) == len(old) and all(map(contains, new, old))
    return new == old


def test_each_event_has_a_golden_body():
    assert {name.partition("-")[0] for name in golden.names()} == set(envelope.EVENTS)
    assert set(golden.names()) == set(golden_events.EVENTS)


def test_the_golden_bodies_decode_to_what_was_written(db, vault, know):
    know(golden.KEY)
    read = unseal_all([decode(golden.stored(name)) for name in golden.names()], vault, db)
    written = [golden.recorded(name, golden_events.EVENTS[name]) for name in golden.names()]
    assert dict(zip(golden.names(), read, strict=True)) == dict(zip(golden.names(), written, strict=True))


@pytest.mark.parametrize("name", golden.names())
def test_a_golden_body_stored_again_says_all_that_it_said(name):
    stored = golden.stored(name)
    again = encode(decode(stored))
    assert contains(json.decode(again), json.decode(stored.body))
    assert decode(stored._replace(body=again)) == decode(stored)


def test_a_changed_golden_body_would_be_noticed():
    stored = golden.stored("BookingPaid")
    changed = decode(stored._replace(body=stored.body.replace(b"284375", b"284376")))
    assert changed != golden.recorded("BookingPaid", golden_events.EVENTS["BookingPaid"])
    assert not contains({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}})
    assert contains({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]})
    assert not any(contains({"a": new}, {"a": [{"b": 1}]}) for new in ([], [{"b": 2}], [{"b": 1}, {"b": 1}]))


def test_only_missing_golden_bodies_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    (tmp_path / "BookingPaid.json").write_text("as it was")
    assert golden.write_missing() == sorted(set(golden_events.EVENTS) - {"BookingPaid"})
    assert golden.write_missing() == []
    assert (tmp_path / "BookingPaid.json").read_text() == "as it was"


def test_a_field_that_this_version_does_not_know_is_passed_over():
    stored = golden.stored("BookingPaid")
    newer = stored._replace(body=stored.body.replace(b'"amount_cents"', b'"tip_cents":5,"amount_cents"'))
    assert decode(newer) == decode(stored)


def test_an_event_of_a_newer_version_is_told_by_name_and_position():
    with pytest.raises(UnknownEvent, match="BookingTeleported at position 7"):
        decode(golden.stored("BookingPaid")._replace(name="BookingTeleported"))


def test_what_is_personal_is_never_stored_open():
    with pytest.raises(AssertionError, match="seal what is personal"):
        encode(golden.recorded("BookingPlaced", placed()))
    text = golden.stored("BookingPlaced").body
    assert not [word for word in (b"Ada", b"Byron", b"example.com", b"Main St", b"Ring") if word in text]


def test_without_the_key_the_personal_part_stays_closed_and_the_rest_is_read(db, vault):
    [read] = unseal_all([decode(golden.stored("BookingPlaced"))], vault, db)
    assert read.event == replace(golden_events.PLACED, personal=None)
    assert isinstance(read.sealed, Sealed)


def test_a_batch_with_nothing_sealed_needs_no_connection(vault):
    batch = [decode(golden.stored("BookingPaid"))]
    assert unseal_all(batch, vault, None) == batch


def test_keys_of_several_persons_open_each_their_own(db, vault, know):
    other = PersonKey(new_id(), b"o" * 32)
    know(golden.KEY)
    know(other, "eve")
    first = decode(golden.stored("BookingPlaced"))
    text = json.encode({"text": "Too late"})
    second = replace(decode(golden.stored("BookingCancelled-expired")), id=new_id())
    second = replace(second, sealed=seal(other, second.id, text))
    ada, eve = unseal_all([first, second], vault, db)
    assert (ada.event.personal.first_name, eve.event.personal.text) == ("Ada", "Too late")


def test_a_key_goes_to_the_same_partition_for_ever():
    keys = [golden.STREAM, golden.CAUSE, golden.KEY.key_id]
    assert [partition_of(key, 8) for key in keys] == [7, 0, 0]
    assert {partition_of(new_id(), 8) for _ in range(500)} == set(range(8))


def test_the_key_is_found_without_decoding_the_event():
    assert key_of(golden.stored("BookingPaid").body) == golden.CAUSE
    assert isinstance(golden.stored("BookingPaid"), Stored)
