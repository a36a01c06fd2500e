"""Rate limits: buckets for addresses and for users, as the settings say, and proxies that are believed or not."""

import pytest

from api.ratelimits import bucket_of, client_address, networks
from settings import Settings
from tests.api.house import ENV, open_house

LOGIN = {"email": "a@example.com", "password": "b"}
DOORS = ["/api/customer/auth/login/", "/api/customer/auth/password-reset/", "/api/customer/auth/register/",
         "/api/customer/auth/resend-verification/", "/api/staff/auth/login/"]  # fmt: skip


@pytest.fixture
def limited(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on") as house:
        yield house


def validate(house, address="203.0.113.7", **headers):
    asked = headers or {"X-Forwarded-For": address}
    return house.http.post("/api/public/validate-zip/", json={"zip_code": "10013"}, headers=asked)


def statuses(ask, times):
    return [ask().status_code for _ in range(times)]


def let_in(ask, limit):
    """The answers until one is refused: the limit, and what grew while a slow machine answered."""
    answers = []
    while not answers or answers[-1].status_code != 429:
        assert len(answers) < 2 * limit, "not refused at twice the limit"
        answers.append(ask())
    assert len(answers) > limit
    return answers


def test_what_is_too_often_is_told_with_the_time_to_wait(limited):
    answers = let_in(lambda: validate(limited), 20)
    last = answers[-1]
    assert (last.json()["code"], last.headers["ratelimit-limit"]) == ("rate_limited", "20")
    assert (answers[0].headers["ratelimit-remaining"], last.headers["ratelimit-remaining"]) == ("19", "0")
    assert 1 <= int(last.headers["retry-after"]) <= 3
    assert 1 <= int(last.headers["ratelimit-reset"]) <= 60


def test_another_address_has_a_bucket_of_its_own(limited):
    let_in(lambda: validate(limited), 20)
    assert validate(limited, "203.0.113.8").status_code == 200


@pytest.mark.parametrize("door", DOORS)
def test_each_way_in_is_open_five_times_a_minute_for_an_address(limited, door):
    def knock(address="203.0.113.7"):
        return limited.http.post(door, json=LOGIN, headers={"X-Forwarded-For": address})

    answers = let_in(knock, 5)
    assert knock("203.0.113.8").status_code == answers[0].status_code


def test_ways_in_do_not_share_their_buckets(limited):
    answers = [limited.http.post(door, json=LOGIN) for door in DOORS for _ in range(2)]
    assert 429 not in {answer.status_code for answer in answers}


def test_users_are_counted_by_themselves_wherever_they_are(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on", TOTETAXI_LIMITS="staff_reads=2") as house:
        one, other = house.log_in_staff(), house.log_in_staff(mail="other@example.com")

        def ask(person, address):
            return house.http.get("/api/staff/csrf-token/", headers=person.headers | {"X-Forwarded-For": address})

        assert [ask(one, f"203.0.113.{n}").status_code for n in range(3)] == [200, 200, 429]
        assert ask(other, "203.0.113.1").status_code == 200


def test_reads_and_writes_of_a_user_are_counted_apart(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on", TOTETAXI_LIMITS="staff_reads=1,staff_writes=1") as house:
        admin = house.log_in_staff()
        assert statuses(lambda: house.http.get("/api/staff/accounts/", headers=admin.headers), 2) == [200, 429]
        assert statuses(lambda: house.http.post("/api/staff/accounts/", headers=admin.headers), 2) == [415, 429]


def test_a_limit_is_a_setting(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on", TOTETAXI_LIMITS="public_writes=3,auth=2") as house:
        assert statuses(lambda: validate(house), 4) == [200, 200, 200, 429]
        assert statuses(lambda: house.http.post(DOORS[0], json=LOGIN), 3) == [401, 401, 429]


def test_the_limits_are_those_of_the_house():
    told = {"auth": 5, "public_writes": 20, "status": 30, "staff_reads": 300, "staff_writes": 60}
    assert told.items() <= Settings.from_env(ENV | {"DATABASE_URL": "dbname=none"}).limits.items()


def test_whom_nobody_vouches_for_cannot_choose_an_address(database):
    with open_house(database, TOTETAXI_RATE_LIMITS="on", TOTETAXI_LIMITS="public_writes=3") as house:
        chosen = [f"203.0.113.{n}, 198.51.100.1" for n in range(4)]
        assert [validate(house, address).status_code for address in chosen] == [200, 200, 200, 429]


def test_forwarded_addresses_are_believed_from_trusted_peers_only():
    def seen(peer, forwarded, trusted=("127.0.0.0/8", "10.0.0.0/8")):
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        return client_address({"client": (peer, 1), "headers": headers}, networks(trusted))

    assert seen("127.0.0.1", "203.0.113.7") == "203.0.113.7"
    assert seen("198.51.100.1", "203.0.113.7") == "198.51.100.1"
    assert seen("10.0.0.2", "6.6.6.6, 203.0.113.7, 10.0.0.9") == "203.0.113.7"
    assert seen("10.0.0.2", "no address") == "10.0.0.2"
    assert seen("127.0.0.1", "2001:db8::1") == "2001:db8::1"
    assert seen("127.0.0.1", "") == "127.0.0.1"
    assert seen("::ffff:198.51.100.1", "203.0.113.7") == "198.51.100.1"
    assert seen("::ffff:10.0.0.2", "::ffff:203.0.113.7") == "203.0.113.7"
    assert seen("127.0.0.1", "203.0.113.7" + ", 127.0.0.1" * 100_000) == "127.0.0.1"


def test_a_whole_ipv6_network_counts_as_one_caller():
    assert bucket_of("2001:db8::1:2:3:4") == bucket_of("2001:db8::9") == "2001:db8::/64"
    assert bucket_of("2001:db8:0:1::1") != bucket_of("2001:db8::1")
    assert (bucket_of("203.0.113.7"), bucket_of("::ffff:203.0.113.7")) == ("203.0.113.7", "203.0.113.7")


def test_a_customer_who_asks_for_ever_new_addresses_writes_to_few_strangers(limited):
    ada = limited.customer()
    addresses = iter(range(100))

    def ask():
        wish = {"email": f"stranger{next(addresses)}@example.com"}
        return limited.http.patch("/api/customer/profile/", json=wish, headers=ada.headers | {"If-Match": '"2"'})

    assert {answer.status_code for answer in let_in(ask, 5)[:-1]} == {200}
    assert limited.count("api.tokens") == 1
