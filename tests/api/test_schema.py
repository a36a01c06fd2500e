"""Every operation of the reference tried with Schemathesis: answers are as declared, refusals too, nothing breaks.

500 cases, always the same ones; tests/proofs/test_schema.py has ten times as many, others each time.
"""

import jsonschema_rs
import pytest

from tests.api.following import Journeys
from tests.api.trying import Trial

STARTS = ("POST /api/public/guest-booking/", "POST /api/customer/bookings/create/", "GET /api/staff/bookings/{id}/")
# A token of a letter, the password, a payment, refund or card of one's own, Stripe's signature, a code, a parked key, a
# job that was given up; or it is offered.
NEED_MORE_THAN_AN_EXAMPLE = {
    "POST /api/customer/auth/login/",
    "POST /api/customer/auth/password-reset/confirm/",
    "POST /api/customer/auth/verify-email/",
    "POST /api/payments/confirm/",
    "POST /api/payments/create-intent/",
    "POST /api/payments/mock-confirm/",
    "GET /api/payments/payments/{id}/events/",
    "POST /api/payments/refunds/create/",
    "POST /api/payments/refunds/process/",
    "POST /api/payments/webhook/",
    "PATCH /api/customer/payment-methods/{id}/",
    "DELETE /api/customer/payment-methods/{id}/",
    "POST /api/staff/auth/login/",
    "POST /api/staff/auth/second-factor/confirm/",
    "POST /api/staff/auth/second-factor/remove/",
    "POST /api/staff/catalog/mini-moves/",
    "POST /api/staff/catalog/organizing/",
    "POST /api/staff/catalog/standard-delivery/",
    "POST /api/staff/parked-events/{id}/retry/",
    "POST /api/staff/parked-events/{id}/skip/",
    "POST /api/staff/work/{id}/retry/",
}


@pytest.fixture(scope="module")
def trial(busy_house):
    return Trial(busy_house)


def test_the_examples_of_every_operation_are_answered_as_the_reference_says(trial):
    for operation in trial.operations():
        trial.examples(operation)
    assert trial.answered.keys() == {one.label for one in trial.operations()}
    unanswered = [label for label, statuses in trial.answered.items() if min(statuses) >= 300]
    assert set(unanswered) == NEED_MORE_THAN_AN_EXAMPLE


def test_whatever_fits_the_schemas_or_not_is_answered_as_the_reference_says(trial):
    before = trial.sent
    for operation in trial.operations():
        trial.fuzz(operation, 1)
    assert trial.sent - before >= 200


def test_bookings_are_paid_changed_and_cancelled_along_the_links_in_any_order(trial):
    journeys = Journeys(trial)
    for start in STARTS:
        journeys.go(start, 5)
    assert {f"{STARTS[0]} {name}" for name in ("status", "intent", "pay_in_sandbox", "cancel")} <= journeys.taken
    assert trial.sent >= 500


def test_a_field_or_a_code_that_the_reference_does_not_name_would_be_found(trial):
    alive = trial.validator("GET /healthz", 200)
    assert alive.is_valid({"status": "ok"})
    assert not alive.is_valid({"status": "ok", "more": 1})
    problem = trial.house.http.post("/api/public/validate-zip/", json={"zip_code": "00000"}).json()
    told = trial.document["paths"]["/api/public/validate-zip/"]["post"]["responses"]["422"]["content"]
    schema = told["application/problem+json"]["schema"] | {"components": trial.document["components"]}
    assert jsonschema_rs.is_valid(schema, problem)
    assert not jsonschema_rs.is_valid(schema, problem | {"code": "no_capacity"})
