"""What staff note of customers and guests: for the version that was read, with what was there before."""

from uuid import uuid4

import pytest

from commands import customer_ref
from commands.customer_notes import Noted, note, notes_of
from commands.tracing import Trace
from domain import Refused
from domain.audit import Action, StaffActed
from domain.customer import AccountClosed, CustomerRegistered
from domain.profile import Contact
from tests.commands.wishes import names

ID = uuid4()


def notes(ctx):
    return notes_of(ctx().store.history(ID))


def register(ctx, *more):
    offer = CustomerRegistered(ID, uuid4(), Contact("Ada", "Byron", "ada@example.com", "+12125550123"))
    ctx().append([customer_ref(ID)], lambda _: [[offer, *more]])


def test_the_last_notes_are_those_that_are_shown(ctx):
    for version, text in enumerate(("first", "second", "")):
        note(Noted(ID, version, text), ctx())
        assert notes(ctx) == text


def test_what_is_left_out_stays_as_it_is(ctx):
    note(Noted(ID, 0, "kind", True), ctx())
    note(Noted(ID, 2, is_vip=False), ctx())
    note(Noted(ID, 3, "very kind"), ctx())
    assert names(ctx, ID) == ["StaffNotesWritten", "VipGranted", "VipRevoked", "StaffNotesWritten"]
    assert notes(ctx) == "very kind"


def test_what_is_noted_already_is_not_written_again(ctx):
    first = note(Noted(ID, 0, "kind", True), ctx())
    assert note(Noted(ID, 2, "kind", True), ctx()) == first
    assert note(Noted(ID, 2), ctx()) == first
    assert len(names(ctx, ID)) == 2


def test_notes_for_a_version_that_is_past_are_refused(ctx):
    note(Noted(ID, 0, "kind"), ctx())
    for version in (0, 2):
        with pytest.raises(Refused) as refusal:
            note(Noted(ID, version, "late"), ctx())
        assert refusal.value.code == "version_conflict"
    assert notes(ctx) == "kind"


def test_of_a_closed_account_nothing_more_is_noted(ctx):
    register(ctx, AccountClosed())
    for wish in (Noted(ID, 2, "late"), Noted(ID, 2, is_vip=True)):
        with pytest.raises(Refused) as refusal:
            note(wish, ctx())
        assert refusal.value.code == "not_found"


def test_the_entry_of_the_audit_log_has_before_and_after_for_whom_it_is_about(ctx):
    note(Noted(ID, 0, "kind"), ctx())
    acted = StaffActed(uuid4(), Action.MODIFY_CUSTOMER, "request")
    note(Noted(ID, 1, "rude", True), ctx(trace=Trace(entry := uuid4(), acted)))
    told, change = (recorded.event for recorded in ctx().store.history(entry))
    assert (change.person_id, change.personal.before, change.personal.after) == (
        ID,
        {"notes": "kind"},
        {"notes": "rude"},
    )
    assert (told.customer_id, told.before, told.after) == (
        ID, {"customer": {"is_vip": False}}, {"customer": {"is_vip": True}})  # fmt: skip
    assert "rude" not in str(told)
