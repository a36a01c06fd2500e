"""A customer's profile and preferences over HTTP: what is told is changed, by whoever has seen what there is."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.doors import PREFERENCES, code, patch, read, saved
from tests.api.own_bookings import CREATE, wish
from tests.api.projected import project

CHOSEN = {"preferred_pickup_time": "no_time_preference", "email_notifications": False, "sms_notifications": True,
          "marketing_consent": True}  # fmt: skip


@pytest.fixture
def ada(house):
    return house.customer()


def names(house, who) -> list[str]:
    return [recorded.name for recorded in house.store.history(who.id)]


def test_a_profile_tells_who_they_are_what_they_prefer_and_what_became_of_it(house, ada):
    answer = read(house, ada)
    profile = answer.json()["profile"]
    assert (profile["id"], profile["email"], profile["first_name"]) == (str(ada.id), "ada@example.com", "Ada")
    assert (profile["preferred_pickup_time"], profile["email_notifications"]) == ("morning", True)
    assert (profile["sms_notifications"], profile["marketing_consent"], profile["is_vip"]) == (False, False, False)
    assert profile["statistics"]["loyalty_tier"] == "bronze"
    assert answer.headers["etag"] == f'"{profile["version"]}"'


def test_what_is_told_is_changed_and_the_rest_stays(house, ada):
    answer = patch(house, ada, last_name="Lovelace", phone="(212) 555-0199", sms_notifications=True)
    told = answer.json()["profile"]
    assert (told["first_name"], told["last_name"], told["phone"]) == ("Ada", "Lovelace", "+12125550199")
    assert (told["sms_notifications"], told["email"]) == (True, "ada@example.com")
    assert names(house, ada)[-2:] == ["CustomerDetailsCorrected", "PreferencesChosen"]
    assert read(house, ada).headers["etag"] == answer.headers["etag"] == f'"{told["version"]}"'


def test_what_is_so_already_is_not_written_again(house, ada):
    before = names(house, ada)
    told = {"first_name": "Ada", "phone": "+1 212 555 0123", "email": "ADA@example.com", "marketing_consent": False}
    assert patch(house, ada, **told).status_code == 200
    assert patch(house, ada).status_code == 200
    assert names(house, ada) == before
    assert house.count("api.tokens") == 0


@pytest.mark.parametrize("field", ["id", "is_verified", "is_vip", "role", "staff_notes", "total_spent_cents"])
def test_what_is_not_theirs_to_say_is_refused(house, ada, field):
    answer = patch(house, ada, first_name="Eve", **{field: 1})
    assert code(answer) == (422, "unexpected_field")
    assert names(house, ada) == ["CustomerRegistered", "MailVerified"]


def test_a_change_is_for_what_was_read(house, ada):
    seen = {"If-Match": read(house, ada).headers["etag"]}
    assert patch(house, ada, headers=seen, first_name="Augusta").status_code == 200
    assert code(patch(house, ada, headers=seen, first_name="Eve")) == (412, "version_conflict")
    for absent in ({}, {"If-Match": "*"}):
        assert code(patch(house, ada, headers=absent, first_name="Eve")) == (428, "precondition_required")
    for odd in ("2", 'W/"3"', '"3", "4"', '"x"', '"-1"', '"03"'):
        assert code(patch(house, ada, headers={"If-Match": odd}, first_name="Eve")) == (412, "version_conflict")
    assert read(house, ada).json()["profile"]["first_name"] == "Augusta"


def test_what_a_field_rule_refuses_is_told_before_the_missing_version(house, ada):
    for told, refusal in (
        ({"phone": "12"}, "invalid_phone"),
        ({"email": "no"}, "invalid_email"),
        ({"x": 1}, "unexpected_field"),
    ):
        assert code(patch(house, ada, headers={}, **told)) == (422, refusal)


def test_of_two_who_change_the_same_at_once_one_is_told_to_read_again(house, ada):
    seen = {"If-Match": read(house, ada).headers["etag"]}
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda name: patch(house, ada, headers=seen, first_name=name), ("Augusta", "Eve")))
    assert sorted(answer.status_code for answer in answers) == [200, 412]


def test_a_change_under_a_key_is_one_change_and_one_answer_also_after_later_ones(house, ada):
    key = {"Idempotency-Key": "k", "If-Match": read(house, ada).headers["etag"]}
    first = patch(house, ada, headers=key, first_name="Augusta", email="new@example.com")
    assert patch(house, ada, last_name="Lovelace").status_code == 200
    again = patch(house, ada, headers=key, first_name="Augusta", email="new@example.com")
    assert (again.status_code, again.text, again.headers["etag"]) == (200, first.text, first.headers["etag"])
    assert code(patch(house, ada, headers=key, first_name="Eve")) == (422, "idempotency_mismatch")


def test_preferences_are_chosen_by_themselves_too(house, ada):
    assert patch(house, ada, PREFERENCES, **CHOSEN).json()["preferences"] == CHOSEN
    assert patch(house, ada, PREFERENCES, marketing_consent=False).json()["preferences"]["sms_notifications"] is True
    assert code(patch(house, ada, PREFERENCES, first_name="Eve")) == (422, "unexpected_field")
    assert code(patch(house, ada, PREFERENCES, preferred_pickup_time="midnight")) == (422, "invalid_value")


def test_preferences_tell_the_default_address_and_those_used_most(house, ada):
    home, work = saved(house, ada), saved(house, ada, "Work", is_default=True)
    told = read(house, ada, PREFERENCES).json()
    assert (told["default_address"]["id"], told["most_used_addresses"]) == (work["id"], [])
    chosen = wish(pickup_address=None, pickup_address_id=home["id"])
    assert house.http.post(CREATE, json=chosen, headers=ada.headers).status_code == 201
    project(house)
    [most] = read(house, ada, PREFERENCES).json()["most_used_addresses"]
    assert (most["id"], most["times_used"]) == (home["id"], 1)
    assert most["last_used_at"]


def test_one_customer_sees_and_changes_nothing_of_another(house, ada):
    eve = house.customer("eve@example.com")
    patch(house, ada, last_name="Canary")
    saved(house, ada, "Canary", address_line_1="Canary Row")
    for path in ("profile/", "preferences/", "addresses/", "dashboard/", "history/", "export/", "bookings/"):
        answer = read(house, eve, f"/api/customer/{path}")
        assert (answer.status_code, "Canary" in answer.text) == (200, False)
        assert str(ada.id) not in answer.text


def test_who_asks_for_the_mail_they_have_wants_no_other_any_more(house, ada):
    patch(house, ada, email="new@example.com")
    assert patch(house, ada, email="ada@example.com").json()["profile"]["pending_email"] is None
    assert read(house, ada).json()["profile"]["pending_email"] is None
    assert house.count("api.tokens") == 0
