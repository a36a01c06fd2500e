"""What a refused booking answers, and that nothing of it is written."""


def refused(house, body, code, path):
    """With this code, for this field and no other."""
    answer = house.book(body)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (422, 422, code), problem
    assert [(error["path"], error["code"]) for error in problem["errors"]] == [(path, code)]
    assert (problem["type"], problem["request_id"]) == (f"/problems/{code}", answer.headers["x-request-id"])
    assert (
        house.count(
            "eventlog.stored_events where topic <> all(array['MiniMoveOffered', 'OrganizingOffered',"
            " 'DeliveryRatesSet', 'SpecialtyItemOffered', 'AirportServed', 'SurchargeRuleSet'])"
        )
        == 0
    )
    assert house.count("eventlog.idempotency") == 0
