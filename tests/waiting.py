"""Waiting in tests: for a condition, with a deadline, never for luck."""

import time


def until(condition, seconds=20):
    """What the condition gives once it is true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)
    return found
