"""Every operation of the reference tried with Schemathesis: 5,000 cases with TOTETAXI_PROVE=1, 50 without, new ones.

A failure names its seed; with TOTETAXI_SEED the same cases come again.
"""

import os
import random

from tests.api.conftest import busy_house, own_database, sandbox  # noqa: F401 - fixtures
from tests.api.following import Journeys
from tests.api.test_schema import STARTS
from tests.api.trying import Trial

IS_PROVEN = bool(os.environ.get("TOTETAXI_PROVE"))
CASES, TIMES = (5_000, 12) if IS_PROVEN else (50, 1)
SEED = int(os.environ.get("TOTETAXI_SEED") or random.randrange(2**32))


def test_thousands_of_cases_are_answered_as_the_reference_says(busy_house):  # noqa: F811
    print(f"seed {SEED}")
    trial = Trial(busy_house, SEED)
    journeys, operations = Journeys(trial), list(trial.operations())
    for start in STARTS:
        journeys.go(start, 2 * TIMES)
    while trial.sent < CASES:
        for operation in operations if IS_PROVEN else operations[:20]:
            trial.fuzz(operation, TIMES)
    assert trial.sent >= CASES
