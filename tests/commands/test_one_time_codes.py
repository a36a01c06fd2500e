"""Which half minute a code belongs to: the examples of RFC 6238, and the drift of clocks that is borne."""

from datetime import UTC, datetime, timedelta

import pytest

from commands.one_time_codes import step_of

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890"
EXAMPLES = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


@pytest.mark.parametrize(("second", "code"), EXAMPLES)
def test_the_codes_are_those_of_the_standard(second, code):
    assert step_of(SECRET, code, datetime.fromtimestamp(second, UTC)) == second // 30


@pytest.mark.parametrize(("off", "passes"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off_and_no_more(off, passes):
    now = datetime.fromtimestamp(1111111109, UTC) + timedelta(seconds=off)
    assert (step_of(SECRET, "081804", now) is not None) is passes


@pytest.mark.parametrize("wrong", ["", "081805", "81804", "٠٨١٨٠٤", "0818040"])
def test_what_is_no_code_of_now_is_of_no_step(wrong):
    assert step_of(SECRET, wrong, datetime.fromtimestamp(1111111109, UTC)) is None
