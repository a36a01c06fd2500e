"""An entry of the audit log is written once, whole, and says nothing personal in the open."""

from functools import partial
from typing import get_args

from domain import audit
from domain.audit import NOBODY, Action, Change, Entry, PersonalChangeRecorded, StaffActed, Whence, record
from eventlog.envelope import PERSONAL
from tests import Given
from tests.samples import person

given = partial(Given, audit)
KIM, ADA = person("kim"), person("ada")
WROTE = StaffActed(KIM, Action.MODIFY_CUSTOMER, "request-1", KIM, customer_id=ADA, personal=Whence("192.0.2.1", "Pen"))
CHANGED = PersonalChangeRecorded(ADA, Change({"notes": ""}, {"notes": "Likes mornings"}))
LOOKED = StaffActed(KIM, Action.VIEW_CUSTOMER, "request-2", KIM, customer_id=ADA)


def test_an_entry_is_recorded_with_its_change_or_without():
    given().when(record, LOOKED).then(LOOKED)
    given().when(record, WROTE, CHANGED).then(WROTE, CHANGED)


def test_an_entry_is_never_written_over():
    given(WROTE).when(record, WROTE, CHANGED).then()
    given(WROTE, CHANGED).when(record, LOOKED).then()
    assert given(WROTE, CHANGED).state == Entry(Action.MODIFY_CUSTOMER)


def test_what_is_personal_is_sealed_by_whom_it_is_about():
    """From where somebody acted with their own key, what they changed with the key of whom they changed."""
    assert (WROTE.person_id, CHANGED.person_id) == (KIM, ADA)
    assert {event.__name__ for event in get_args(audit.Event)} <= PERSONAL.keys()


def test_a_failed_login_of_nobody_is_an_entry_too():
    failed = StaffActed(NOBODY, Action.LOGIN_FAILED, "request-3", personal=Whence("192.0.2.1", "Pen"))
    given().when(record, failed).then(failed)
    assert failed.staff_id is None


def test_the_actions_are_the_words_of_the_house():
    words = """login logout login_failed view_dashboard view_customer view_booking modify_booking modify_customer
               process_refund approve_refund deny_refund upload_document send_notification export_data manage_logistics
               manage_catalog manage_capacity manage_staff replay"""
    assert [action.value for action in Action] == words.split()
