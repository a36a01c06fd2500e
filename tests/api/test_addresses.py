"""Saved addresses over HTTP: one for a nickname, one default, written anew as a whole, and nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from domain.customer import MOST_ADDRESSES
from tests.api.doors import ADDRESSES, code, door, etag, read, remove, replace, save, saved
from tests.api.own_bookings import CREATE, wish
from tests.api.projected import project


@pytest.fixture
def ada(house):
    return house.customer()


def listed(house, who) -> list[dict]:
    return read(house, who, ADDRESSES).json()["addresses"]


def shown(house, who, id):
    return read(house, who, f"{ADDRESSES}{id}/")


def test_a_saved_address_is_shown_whole_and_as_on_an_envelope(house, ada):
    told = {"address_line_2": "Apt 2", "zip_code": "10013-1234", "delivery_instructions": "Ring\ntwice"}
    answer = save(house, ada, " Home ", **told)
    address = answer.json()["address"]
    assert answer.status_code == 201
    assert address["formatted_address"] == "1 Main St, Apt 2, New York, NY 10013-1234"
    assert (address["nickname"], address["delivery_instructions"]) == ("Home", "Ring\ntwice")
    assert (address["is_default"], address["is_active"], address["times_used"]) == (False, True, 0)
    assert address["created_at"] == address["updated_at"]
    assert shown(house, ada, address["id"]).json() == {"address": address}
    assert listed(house, ada) == [address]
    assert shown(house, ada, address["id"]).headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("wrong", "status", "refusal", "path"),
    [
        ({"zip_code": "00000"}, 422, "zip_unknown", "/zip_code"),
        ({"zip_code": "94110", "state": "CA"}, 422, "zip_not_served", "/zip_code"),
        ({"state": "NJ"}, 422, "zip_state_mismatch", "/state"),
        ({"nickname": ""}, 422, "invalid_value", "/nickname"),
        ({"address_line_1": "x" * 201}, 422, "text_too_long", "/address_line_1"),
        ({"is_active": False}, 422, "unexpected_field", "/is_active"),
        ({"times_used": 9}, 422, "unexpected_field", "/times_used"),
    ],
)
def test_what_is_no_address_of_ours_is_refused_with_where(house, ada, wrong, status, refusal, path):
    answer = house.http.post(ADDRESSES, json=door() | wrong, headers=ada.headers)
    assert code(answer) == (status, refusal)
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert listed(house, ada) == []


def test_a_nickname_is_one_address_whatever_its_case_and_another_customers_is_their_own(house, ada):
    home = saved(house, ada, "Home")
    assert code(save(house, ada, "  hOME ")) == (409, "nickname_taken")
    work = saved(house, ada, "Work")
    assert code(replace(house, ada, work["id"], nickname="HOME")) == (409, "nickname_taken")
    assert replace(house, ada, home["id"], nickname="HOME").status_code == 200
    assert save(house, house.customer("eve@example.com"), "Home").status_code == 201


def test_of_many_who_take_a_nickname_at_once_one_gets_it(house, ada):
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda n: save(house, ada, "home" if n % 2 else "Home"), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert len(listed(house, ada)) == 1


def test_one_address_is_the_default(house, ada):
    home, work = saved(house, ada, is_default=True), saved(house, ada, "Work", is_default=True)
    assert [(one["id"], one["is_default"]) for one in listed(house, ada)] == [(home["id"], False), (work["id"], True)]
    replace(house, ada, home["id"], is_default=True)
    assert [one["is_default"] for one in listed(house, ada)] == [True, False]


def test_an_address_is_written_anew_as_a_whole(house, ada):
    home = saved(house, ada, address_line_2="Apt 2", is_default=True)
    answer = replace(house, ada, home["id"], address_line_1="2 Side St")
    address = answer.json()["address"]
    assert (address["id"], address["address_line_1"], address["address_line_2"]) == (home["id"], "2 Side St", "")
    assert (address["is_default"], address["created_at"]) == (False, home["created_at"])
    assert shown(house, ada, home["id"]).json()["address"] == address


def test_an_address_that_is_so_already_is_not_written_again(house, ada):
    home = saved(house, ada)
    before = etag(house, ada)
    assert replace(house, ada, home["id"]).json()["address"] == home
    assert etag(house, ada) == before


def test_writing_anew_is_for_what_was_read(house, ada):
    home = saved(house, ada)
    seen = etag(house, ada)
    saved(house, ada, "Work")
    assert code(replace(house, ada, home["id"], headers=seen)) == (412, "version_conflict")
    assert code(replace(house, ada, home["id"], headers={})) == (428, "precondition_required")
    assert code(replace(house, ada, home["id"], headers={}, zip_code="00000")) == (422, "zip_unknown")
    assert code(replace(house, ada, uuid4(), headers={})) == (404, "not_found")
    assert code(remove(house, ada, home["id"], **seen)) == (412, "version_conflict")
    assert remove(house, ada, home["id"], **etag(house, ada)).status_code == 200


def test_a_removed_address_is_gone_its_nickname_free_and_removing_it_again_changes_nothing(house, ada):
    home = saved(house, ada, is_default=True)
    first = remove(house, ada, home["id"])
    assert remove(house, ada, home["id"]).json() == first.json()
    assert listed(house, ada) == []
    assert code(shown(house, ada, home["id"])) == (404, "not_found")
    assert code(replace(house, ada, home["id"])) == (404, "not_found")
    assert saved(house, ada)["id"] != home["id"]


def test_an_address_of_somebody_else_is_none(house, ada):
    eve = house.customer("eve@example.com")
    home = saved(house, ada, address_line_1="7 Canary Row")
    for answer in (shown(house, eve, home["id"]), replace(house, eve, home["id"]), remove(house, eve, home["id"])):
        assert code(answer) == (404, "not_found")
        assert "Canary" not in answer.text
    stolen = wish(pickup_address=None, pickup_address_id=home["id"])
    assert house.http.post(CREATE, json=stolen, headers=eve.headers).status_code == 404
    assert listed(house, ada) == [home]
    for odd in ("x", "0" * 32, str(uuid4())):
        assert code(shown(house, ada, odd)) == (404, "not_found")
        assert code(remove(house, ada, odd, **{"If-Match": '"99"'})) == (404, "not_found")


def test_an_address_under_a_key_is_one_address_and_one_answer(house, ada):
    key = {"Idempotency-Key": "k"}
    first = save(house, ada, headers=key)
    remove(house, ada, first.json()["address"]["id"])
    again = save(house, ada, headers=key)
    assert (again.status_code, again.text) == (201, first.text)
    assert listed(house, ada) == []


def test_how_often_an_address_was_used_is_told(house, ada):
    home = saved(house, ada)
    chosen = wish(pickup_address=None, pickup_address_id=home["id"])
    made = house.http.post(CREATE, json=chosen, headers=ada.headers).json()
    project(house)
    late = ada.headers | {"X-Consistency-Position": str(made["position"])}
    [used] = house.http.get(ADDRESSES, headers=late).json()["addresses"]
    assert (used["times_used"], used["last_used_at"]) == (1, made["booking"]["created_at"])


def test_there_are_so_many_addresses_and_no_more(house, ada):
    for n in range(MOST_ADDRESSES):
        last = saved(house, ada, f"Door {n}")
    assert code(save(house, ada, "One more")) == (409, "too_many_addresses")
    remove(house, ada, last["id"])
    assert save(house, ada, "One more").status_code == 201
