"""What is sealed opens with its own key, on its own event, and never again once the key is destroyed."""

import pytest
from cryptography.exceptions import InvalidTag

from eventlog.ids import new_id
from eventlog.vault import PersonKey, Vault, seal, unseal
from tests.samples import person

ADA, EVE = person("ada"), person("eve")


def test_what_is_sealed_opens_with_its_key_and_says_nothing_without():
    key, event = PersonKey(new_id(), b"k" * 32), new_id()
    sealed = seal(key, event, b"1 Main St")
    assert b"Main" not in sealed.text
    assert sealed.key_id == key.key_id
    assert unseal(key, event, sealed) == b"1 Main St"


def test_the_same_text_sealed_twice_looks_different():
    key, event = PersonKey(new_id(), b"k" * 32), new_id()
    assert seal(key, event, b"x").text != seal(key, event, b"x").text


@pytest.mark.parametrize(
    ("secret", "moved", "bit"), [(b"x" * 32, False, 0), (b"k" * 32, True, 0), (b"k" * 32, False, 1)]
)
def test_another_key_another_event_or_a_changed_bit_is_refused(secret, moved, bit):
    key, event = PersonKey(new_id(), b"k" * 32), new_id()
    sealed = seal(key, event, b"1 Main St")
    changed = type(sealed)(sealed.key_id, sealed.text[:-1] + bytes([sealed.text[-1] ^ bit]))
    with pytest.raises(InvalidTag):
        unseal(PersonKey(key.key_id, secret), new_id() if moved else event, changed)


def test_a_person_has_one_key_that_lies_wrapped(db, vault):
    key = vault.key_for(db, ADA)
    assert vault.key_for(db, ADA) == key != vault.key_for(db, EVE)
    [(wrapped,)] = db.execute("select wrapped from eventlog.person_keys where key_id = %s", (key.key_id,)).fetchall()
    assert key.secret not in bytes(wrapped)
    assert vault.keys(db, "key_id", [key.key_id]) == {key.key_id: key}


def test_a_destroyed_key_is_gone_remembered_and_followed_by_another(db, vault):
    key = vault.key_for(db, ADA)
    vault.destroy(db, ADA, 7)
    assert vault.keys(db, "person_id", [ADA]) == {}
    remembered = db.execute("select key_id, person_id, position from eventlog.destroyed_keys").fetchall()
    assert remembered == [(key.key_id, ADA, 7)]
    assert vault.key_for(db, ADA).key_id != key.key_id


def test_a_key_cannot_be_put_under_another_id(db, vault):
    vault.key_for(db, ADA)
    db.execute("update eventlog.person_keys set key_id = %s", (new_id(),))
    with pytest.raises(ValueError, match="TOTETAXI_MASTER_KEYS"):
        vault.key_for(db, ADA)


def test_a_new_master_key_opens_what_the_old_one_wrapped_and_replaces_it(db, vault):
    key = vault.key_for(db, ADA)
    both = Vault({"new": b"n" * 32, "test": b"m" * 32}, b"identity")
    assert both.key_for(db, ADA) == key
    assert both.rewrap(db) == 1
    assert both.rewrap(db) == 0
    assert Vault({"new": b"n" * 32}, b"identity").key_for(db, ADA) == key
    with pytest.raises(ValueError, match="'new' is missing"):
        vault.key_for(db, ADA)


@pytest.mark.parametrize("masters", [{}, {"short": b"m" * 31}])
def test_no_master_key_or_a_short_one_is_refused(masters):
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(masters, b"identity")


def test_a_mail_is_one_person_however_it_is_written_and_another_with_another_identity_key(vault):
    assert (
        vault.person_id("Ada@Example.com") == vault.person_id("ada@example.com") != vault.person_id("eve@example.com")
    )
    assert Vault({"m": b"m" * 32}, b"other").person_id("ada@example.com") != vault.person_id("ada@example.com")
