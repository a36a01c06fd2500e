"""Whoever guesses passwords is slowed: by a lock on the account, by the limit of an address; others do not wait."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from commands.logins import FAILURES
from tests.api.entering import AREAS, enter, log_in, told
from tests.api.house import open_house

THREADS = 60  # more than a process has
SOON_S = 3.0


@pytest.mark.parametrize("area", AREAS)
def test_guesses_from_many_addresses_lock_the_account_and_nobody_sees_it(database, area):
    """Each guess from an address of its own: the limit for an address says nothing."""
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:
        enter(house, area)

        def guess(n, **asked):
            return told(log_in(house, area, headers={"X-Forwarded-For": f"192.0.2.{n}"}, **asked))

        wrong = [guess(n, password="wrong") for n in range(FAILURES)]
        unknown = [guess(100 + n, mail="nobody@example.com") for n in range(FAILURES + 1)]
        locked = guess(200)
        assert {str(answer) for answer in (*wrong, *unknown, locked)} == {str(locked)}
        assert locked[0] == 401
        with psycopg.connect(database) as db:
            db.execute("update api.login_failures set locked_until = now()")
        assert guess(201)[0] == 200


@pytest.mark.parametrize("area", AREAS)
def test_one_guess_on_each_of_many_accounts_is_slowed_by_the_address(database, area):
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:
        answers = [log_in(house, area, f"{n}@example.com") for n in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert log_in(house, area, headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 401


def test_many_who_log_in_at_once_keep_nobody_else_waiting(house):
    person = house.log_in_staff()
    with ThreadPoolExecutor(THREADS) as many:
        tries = [many.submit(log_in, house, "staff", f"nobody{n}@example.com") for n in range(3 * THREADS)]
        for _ in range(20):
            other = house.http.get("/api/staff/csrf-token/", headers=person.headers)
            assert (other.status_code, other.elapsed.total_seconds() < SOON_S) == (200, True)
        assert not all(one.done() for one in tries)
        assert {one.result().status_code for one in tries} <= {401, 503}
    assert log_in(house, "staff", person.mail).status_code == 200
