"""Over HTTP staff see payments, ask for refunds, and decide on those of others."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from commands import NEW_YORK
from domain import refund
from domain.payment_events import DisputeOpened, RefundReleased
from tests.api.booking_desk import acts_on, book, code, paths, pay, see, shared_house
from tests.api.money_desk import PAYMENTS, REFUNDS, ask_back, asked_back, decide, last_entry, seen, set_aside
from tests.api.projected import project
from tests.projections.stories import tell


@pytest.fixture(scope="module")
def house(server, sandbox):
    with shared_house(server, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        yield house


@pytest.fixture(scope="module")
def admin(house):
    return house.log_in_staff()


@pytest.fixture(scope="module")
def support(house):
    return house.log_in_staff("support", "support@example.com")


@pytest.fixture(scope="module")
def manager(house):
    """Who may approve."""
    return house.log_in_staff("manager", "manager@example.com", can_approve_refunds=True)


@pytest.fixture
def paid(house):
    return pay(house, book(house))


# Asked for


def test_a_refund_that_is_asked_for_waits_with_its_amount_set_aside(house, support, paid):
    answer = ask_back(house, support, paid)
    shown = answer.json()["refund"]
    assert (answer.status_code, shown["status"], shown["amount_cents"]) == (201, "requested", 5000)
    assert (shown["reason"], shown["words"], shown["denial"]) == ("by_staff", "A tote\nwas scratched", None)
    assert (shown["requested_by"], shown["approved_by"]) == (f"staff:{support.id}", None)
    assert (shown["payment_id"], shown["booking_number"]) == (paid["payment"]["id"], paid["booking"]["booking_number"])
    assert set_aside(house, paid) == 5000
    [(acted, _)] = acts_on(house, paid)
    assert (acted.action, acted.staff_id, acted.subject) == ("process_refund", support.id, "payments/refunds/create")
    assert (acted.before["payment"]["refunds"], acted.before["refund"]) == ({shown["id"]: None}, None)
    assert (acted.after["payment"]["refunds"], acted.after["refund"]["status"]) == ({shown["id"]: 5000}, "requested")
    assert "scratched" not in str(acted)


def test_no_more_is_asked_for_than_is_left_and_nothing_of_what_was_never_paid(house, support, paid):
    whole = paid["payment"]["amount_cents"]
    assert code(ask_back(house, support, paid, whole + 1)) == (409, "refund_exceeds_payment")
    assert ask_back(house, support, paid, whole - 10).status_code == 201
    refused = ask_back(house, support, paid, 11)
    assert (code(refused), paths(refused)) == ((409, "refund_exceeds_payment"), ["/amount_cents"])
    assert set_aside(house, paid) == whole - 10
    assert code(ask_back(house, support, book(house))) == (409, "payment_not_refundable")
    for none in (str(uuid4()), paid["booking"]["id"]):
        assert code(ask_back(house, support, paid, payment_id=none)) == (404, "not_found")


@pytest.mark.parametrize("wrong", [{"amount_cents": 0}, {"amount_cents": "5"}, {"reason": " "}, {"payment_id": "x"}])
def test_a_wish_that_is_no_amount_or_no_reason_is_refused(house, support, paid, wrong):
    refused = ask_back(house, support, paid, **wrong)
    assert (code(refused), paths(refused)) == ((422, "invalid_value"), [f"/{name}" for name in wrong])


def test_of_what_is_asked_for_at_once_no_more_is_set_aside_than_was_paid(house, support, paid):
    whole = paid["payment"]["amount_cents"]
    with ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda _: ask_back(house, support, paid, whole // 4 + 1), range(10)))
    assert sorted({code(answer) for answer in answers}) == [(201, ""), (409, "refund_exceeds_payment")]
    assert [answer.status_code for answer in answers].count(201) == 3
    assert set_aside(house, paid) == 3 * (whole // 4 + 1)


def test_a_key_asks_once_and_answers_the_same_also_when_more_has_happened_since(house, support, manager, paid):
    key = {"Idempotency-Key": uuid4().hex}
    first = ask_back(house, support, paid, headers=key)
    asked_back(house, support, paid, 700)
    decide(house, manager, first.json()["refund"]["id"], "approve")
    again = ask_back(house, support, paid, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert set_aside(house, paid) == 5700
    assert code(ask_back(house, support, paid, 1, headers=key)) == (422, "idempotency_mismatch")


# Decided on


def test_somebody_else_approves_and_the_reason_is_with_the_entry(house, support, manager, paid):
    id = asked_back(house, support, paid)
    answer = decide(house, manager, id, "approve", "I have seen the photographs")
    shown = answer.json()["refund"]
    assert (answer.status_code, shown["status"], shown["approved_by"]) == (200, "approved", f"staff:{manager.id}")
    acted, change = acts_on(house, paid)[-1]
    assert (acted.action, acted.after["refund"]["status"]) == ("approve_refund", "approved")
    assert change.after == {"reason": "I have seen the photographs"}
    assert decide(house, manager, id, "approve").json()["refund"] == shown
    assert code(decide(house, manager, id, "deny")) == (409, "invalid_transition")


def test_whoever_asked_does_not_approve_but_for_admins(house, manager, admin, paid):
    id, other = asked_back(house, manager, paid), asked_back(house, admin, paid)
    assert code(decide(house, manager, id, "approve")) == (403, "needs_second_person")
    assert decide(house, admin, id, "approve").json()["refund"]["status"] == "approved"
    assert decide(house, admin, other, "approve").json()["refund"]["status"] == "approved"
    assert house.store.history(UUID(other))[-1].event == refund.RefundApproved(f"staff:{admin.id}", is_own=True)
    assert [acted.after["refund"].get("is_own") for acted, _ in acts_on(house, paid)[-2:]] == [None, True]


def test_who_may_ask_may_not_decide(house, support, paid):
    id = asked_back(house, support, paid)
    assert code(decide(house, support, id, "deny")) == (403, "not_allowed")
    assert code(decide(house, house.log_in_staff("manager", "kim@example.com"), id, "approve")) == (403, "not_allowed")


def test_what_is_denied_is_free_again_and_says_why(house, support, manager, paid):
    id = asked_back(house, support, paid)
    shown = decide(house, manager, id, "deny", "It was scratched before").json()["refund"]
    assert (shown["status"], shown["denied_by"], shown["approved_by"]) == ("denied", f"staff:{manager.id}", None)
    assert (shown["denial"], shown["words"]) == ("It was scratched before", "A tote\nwas scratched")
    assert set_aside(house, paid) == 0
    acted, _ = acts_on(house, paid)[-1]
    assert (acted.action, acted.after["refund"]["status"]) == ("deny_refund", "denied")
    assert decide(house, manager, id, "deny").json()["refund"]["status"] == "denied"
    assert acts_on(house, paid)[-1][0].action == "deny_refund"
    assert see(house, manager, paid).json()["refunds"][0]["status"] == "denied"
    assert code(decide(house, manager, id, "approve")) == (409, "invalid_transition")


def test_two_who_decide_at_once_decide_once(house, support, manager, admin, paid):
    id = asked_back(house, support, paid)
    wishes = [(who, action) for who in (manager, admin) for action in ("approve", "deny", "approve", "deny")]
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda wish: decide(house, wish[0], id, wish[1]), wishes))
    assert {code(answer) for answer in answers} == {(200, ""), (409, "invalid_transition")}
    decided = [recorded.name for recorded in house.store.history(UUID(id))]
    assert decided in (["RefundRequested", "RefundApproved"], ["RefundRequested", "RefundDenied"])


def test_one_that_failed_is_tried_again_when_its_money_is_still_there(house, support, manager, paid):
    whole = paid["payment"]["amount_cents"]
    id = asked_back(house, support, paid, whole)
    assert code(decide(house, manager, id, "retry")) == (409, "invalid_transition")
    decide(house, manager, id, "approve")
    of, stream = UUID(paid["booking"]["id"]), UUID(paid["payment"]["id"])
    tell(house.store, of, (UUID(id), refund.RefundFailed("expired_card")), (stream, RefundReleased(UUID(id))))
    other = asked_back(house, support, paid, 1)
    assert code(decide(house, manager, id, "retry")) == (409, "refund_exceeds_payment")
    decide(house, manager, other, "deny")
    key = {"Idempotency-Key": uuid4().hex}
    first, again = (decide(house, manager, id, "retry", headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["refund"]["status"], first.json()["refund"]["failure_reason"]) == ("approved", None)
    assert [one.name for one in house.store.history(UUID(id))].count("RefundTriedAgain") == 1


def test_what_nobody_asked_for_is_not_decided_on(house, manager, paid):
    for none, action in ((str(uuid4()), "approve"), (str(uuid4()), "deny"), (paid["payment"]["id"], "retry")):
        assert code(decide(house, manager, none, action)) == (404, "not_found")
    assert code(decide(house, manager, str(uuid4()), "reject")) == (422, "invalid_value")


# Seen


def test_the_list_shows_a_refund_as_the_answer_did_and_by_what_it_is_narrowed(house, support, manager, paid):
    id, other = asked_back(house, support, paid), asked_back(house, support, paid, 700)
    denied = decide(house, manager, other, "deny", "No").json()["refund"]
    number, of = paid["booking"]["booking_number"], {"payment": paid["payment"]["id"]}
    shown = seen(house, support, REFUNDS, **of)["refunds"]
    assert ([one["id"] for one in shown], shown[0]) == ([other, id], denied)
    assert [one["id"] for one in seen(house, support, REFUNDS, booking=number.lower())["refunds"]] == [other, id]
    assert [one["id"] for one in seen(house, support, REFUNDS, status="requested", **of)["refunds"]] == [id]
    page = seen(house, support, REFUNDS, limit=1, **of)
    rest = seen(house, support, REFUNDS, limit=1, cursor=page["next_cursor"], **of)
    assert ([one["id"] for one in rest["refunds"]], rest["next_cursor"]) == ([id], None)
    elsewhere = house.http.get(REFUNDS, params={"cursor": page["next_cursor"]}, headers=support.headers)
    assert (code(elsewhere), paths(elsewhere)) == ((422, "invalid_value"), ["/cursor"])


def test_payments_are_found_by_booking_status_and_day_of_new_york(house, manager, paid):
    number = paid["booking"]["booking_number"]
    [line] = seen(house, manager, PAYMENTS, booking=number)["payments"]
    assert (line["id"], line["booking_number"], line["status"]) == (paid["payment"]["id"], number, "succeeded")
    assert (line["amount_cents"], line["processed_at"] is None) == (paid["payment"]["amount_cents"], False)
    [asked, *_] = house.store.history(UUID(line["id"]))
    day = asked.at.astimezone(NEW_YORK).date()
    days = {"booking": paid["booking"]["id"], "from": str(day), "to": str(day)}
    assert len(seen(house, manager, PAYMENTS, **days)["payments"]) == 1
    assert seen(house, manager, PAYMENTS, **days | {"from": str(day + timedelta(1))})["payments"] == []
    assert seen(house, manager, PAYMENTS, **days | {"to": str(day - timedelta(1))})["payments"] == []
    assert seen(house, manager, PAYMENTS, booking=number, status="failed")["payments"] == []
    assert seen(house, manager, PAYMENTS, booking=number, to="9999-12-31")["payments"] == [line]


def test_a_read_after_a_write_is_answered_once_the_list_has_it(house, manager, paid):
    position = ask_back(house, manager, paid).json()["position"]
    headers = manager.headers | {"X-Consistency-Position": str(position)}
    project(house)
    answer = house.http.get(REFUNDS, params={"payment": paid["payment"]["id"]}, headers=headers)
    assert len(answer.json()["refunds"]) == 1
    ahead = house.http.get(PAYMENTS, headers=manager.headers | {"X-Consistency-Position": "99999999"})
    assert code(ahead) == (400, "invalid_value")


def test_what_happened_to_a_payment_is_told_with_its_refunds_and_without_its_secret(house, support, manager, paid):
    id = asked_back(house, support, paid)
    decide(house, manager, id, "deny")
    stream, of = UUID(paid["payment"]["id"]), UUID(paid["booking"]["id"])
    tell(house.store, of, (stream, DisputeOpened("dp_1", 5000, "fraudulent")))
    answer = house.http.get(f"{PAYMENTS}{stream}/events/", headers=manager.headers)
    told = [(one["name"], one["refund_id"]) for one in answer.json()["events"]]
    appends = [{("PaymentRequested", None)}, {("PaymentOpened", None)}, {("PaymentSucceeded", None)},
               {("RefundReserved", None), ("RefundRequested", id)}, {("RefundDenied", id), ("RefundReleased", None)},
               {("DisputeOpened", None)}]  # fmt: skip
    assert [set(told[a:b]) for a, b in pairwise((0, 1, 2, 3, 5, 7, 8))] == appends
    assert paid["payment"]["client_secret"] not in answer.text
    assert "A tote\\nwas scratched" in answer.text
    [line] = seen(house, manager, PAYMENTS, booking=str(of))["payments"]
    assert line["status"] == see(house, manager, paid).json()["payments"][0]["status"] == "disputed"
    assert code(ask_back(house, support, paid)) == (409, "payment_not_refundable")


def test_there_are_no_events_of_what_is_no_payment(house, manager, paid):
    for id in (uuid4(), "x", paid["booking"]["id"]):
        assert code(house.http.get(f"{PAYMENTS}{id}/events/", headers=manager.headers)) == (404, "not_found")


def test_reads_are_in_the_audit_log_and_money_is_not_for_everybody(house, support, manager):
    assert code(house.http.get(PAYMENTS, headers=support.headers)) == (403, "not_allowed")
    seen(house, manager, PAYMENTS, status="failed")
    [acted, *_] = house.store.history(last_entry(house))
    assert (acted.event.action, acted.event.subject) == ("view_booking", "payments/payments")
    assert acted.event.personal.asked == "status=failed"
