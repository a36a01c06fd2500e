"""The audit log as it is read: newest first, narrowed, with what is personal apart from it."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import audit
from domain.audit import Action, Change, PersonalChangeRecorded, StaffActed, Whence
from eventlog.ids import new_id
from eventlog.store import Ref
from projections import audit as model
from projections.audit import Wish
from projections.erasing import erase_person
from tests.projections.stories import follow, rows
from tests.samples import NOON, note, person

MEMBER, OTHER = person("max"), person("mia")
WHENCE = Whence("192.0.2.7", "A browser", "search=ada")


def acts(store, action=Action.MODIFY_CUSTOMER, at=NOON, change=None, **more) -> UUID:
    """An entry of max, or of `staff_id`; its id."""
    who = more.pop("staff_id", MEMBER)
    acted = StaffActed(who, action, "req-1", who, personal=WHENCE, **more)
    id = new_id()
    store.append([Ref(audit, id, is_new=True)], lambda entry: [audit.record(entry, acted, change)], note(at))
    return id


def of_ada(before, after):
    return PersonalChangeRecorded(person("ada"), Change({"notes": before}, {"notes": after}))


def forget(db, vault, name, position=2**40):
    vault.destroy(db, person(name), position)
    return erase_person(db, person(name))


@pytest.fixture
def listed(ask):
    return lambda **wish: ask(model, model.listed, Wish(**wish))["entries"]


def test_an_entry_tells_who_did_what_from_where_and_what_it_changed(store, listed):
    about = {"customer_id": person("ada"), "subject": "customers/notes"}
    id = acts(store, before={"customer": {"is_vip": False}}, after={"customer": {"is_vip": True}}, **about)
    assert listed() == [
        {
            "id": id,
            "position": 1,
            "at": NOON,
            "staff_id": MEMBER,
            "action_type": "modify_customer",
            "booking_id": None,
            "customer_id": person("ada"),
            "subject": "customers/notes",
            "request_id": "req-1",
            "before": {"customer": {"is_vip": False}},
            "after": {"customer": {"is_vip": True}},
            "ip": "192.0.2.7",
            "user_agent": "A browser",
            "query": "search=ada",
        }
    ]


def test_what_changed_of_somebodys_data_is_shown_as_personal(store, listed):
    acts(store, change=of_ada("likes tea", "likes coffee"))
    [shown] = listed()
    assert shown["before"] == {"personal": {"notes": "likes tea"}}
    assert shown["after"] == {"personal": {"notes": "likes coffee"}}


def test_the_newest_comes_first_and_pages_follow_each_other(store, ask):
    ids = [acts(store) for _ in range(5)]
    first = ask(model, model.listed, Wish(limit=3))
    second = ask(model, model.listed, Wish(limit=3, cursor=first["next_cursor"]))
    assert [one["id"] for one in first["entries"] + second["entries"]] == ids[::-1]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("name", ["action_type", "booking_id", "customer_id", "staff_id"])
def test_entries_are_narrowed_by(name, store, listed):
    wanted = {"booking_id": new_id(), "customer_id": person("eve"), "staff_id": OTHER}
    acts(store)
    id = acts(store, Action.VIEW_BOOKING, **wanted)
    acts(store)
    wanted["action_type"] = Action.VIEW_BOOKING
    assert [one["id"] for one in listed(**{name: wanted[name]})] == [id]
    assert [one["id"] for one in listed(**wanted)] == [id]


def test_of_a_stretch_of_time_the_beginning_belongs_to_it_and_the_end_does_not(store, listed):
    early, then, late = (acts(store, at=NOON + timedelta(seconds=n)) for n in range(3))
    assert [one["id"] for one in listed(from_=NOON + timedelta(seconds=1))] == [late, then]
    assert [one["id"] for one in listed(to=NOON + timedelta(seconds=1))] == [early]


def test_the_last_entries_are_the_recent_ones(store, ask):
    ids = [acts(store) for _ in range(4)]
    assert [one["id"] for one in ask(model, model.recent, 2)] == ids[:1:-1]


def test_who_is_forgotten_leaves_the_entry_without_what_was_theirs(store, db, vault, listed):
    acts(store, change=of_ada("likes tea", "likes coffee"), before={"customer": None}, after={"customer": {}})
    listed()
    assert forget(db, vault, "ada") == 0
    [shown] = listed()
    assert (shown["before"], shown["after"], shown["ip"]) == ({"customer": None}, {"customer": {}}, "192.0.2.7")
    assert "coffee" not in str(rows(db, "audit"))


def test_a_member_who_is_forgotten_is_nowhere_but_by_id(store, db, vault, listed):
    acts(store)
    listed()
    assert forget(db, vault, "max") == 0
    [shown] = listed()
    assert (shown["staff_id"], shown["ip"], shown["user_agent"], shown["query"]) == (MEMBER, None, None, None)


def test_what_is_still_there_of_somebody_forgotten_is_found(store, db, made, vault, listed):
    acts(store, change=of_ada("likes tea", "likes coffee"))
    listed()
    vault.destroy(db, person("ada"), 2**40)
    db.execute("set search_path to audit")
    assert model.scan(db, [person("ada")]) == 1
    assert model.scan(db, [MEMBER]) == 0


def test_what_was_forgotten_before_it_was_projected_stays_unread(store, db, vault, listed):
    acts(store, change=of_ada("likes tea", "likes coffee"))
    vault.destroy(db, person("ada"), 2**40)
    assert "personal" not in listed()[0]["before"]


def test_a_new_key_makes_what_comes_later_readable_again(store, db, vault, listed):
    acts(store, change=of_ada("likes tea", "likes coffee"))
    listed()
    forget(db, vault, "ada", 2)
    acts(store, change=of_ada("likes coffee", "likes water"))
    assert erase_person(db, person("ada")) == 0
    assert [one["after"].get("personal") for one in listed()] == [{"notes": "likes water"}, None]


def test_zero_bytes_and_what_looks_like_them_do_no_harm(store, db, listed):
    acts(store, before={"house": {"a\0b": "\\u0000"}}, after={"house": {"ab": ["x\0y"]}})
    [shown] = listed()
    assert (shown["before"], shown["after"]) == ({"house": {"ab": "\\u0000"}}, {"house": {"ab": ["xy"]}})


def test_in_batches_of_any_size_the_rows_are_the_same(store, db, made):
    for n in range(7):
        acts(store, change=of_ada(str(n), str(n + 1)) if n % 2 else None)
    follow(store, db, model, 1)
    one_by_one = rows(db, "audit")
    db.execute("truncate audit.entries, audit.changes")
    db.execute("update audit.positions set position = 0")
    follow(store, db, model, 500)
    assert rows(db, "audit") == one_by_one
    follow(store, db, model, 500)
    assert rows(db, "audit") == one_by_one


def test_an_entry_of_somebody_unknown_is_shown(store, listed):
    acted = StaffActed(audit.NOBODY, Action.LOGIN_FAILED, "req-1", personal=replace(WHENCE, asked=""))
    store.append([Ref(audit, new_id())], lambda entry: [audit.record(entry, acted)], note())
    [shown] = listed()
    assert (shown["staff_id"], shown["ip"], shown["action_type"]) == (None, "192.0.2.7", "login_failed")
