"""A platform is killed piece by piece while guests book: nothing acknowledged is lost, and all agree afterwards."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from signal import SIGCONT, SIGKILL, SIGSTOP
from threading import Event

import httpx
import psycopg
import pytest

from bench.simulator import Plan, simulate
from eventlog.feed import topic_name
from integrations.embedded.postgres import EmbeddedPostgres
from settings import RUNNING, read_env_file
from tests.eventlog.test_feed import delete, empty
from tests.waiting import until
from tests.workers.platform import Platform, children

PROVE = bool(os.environ.get("TOTETAXI_PROVE"))
ROUNDS, MOST_GUESTS, RATE = 8 if PROVE else 1, 100_000, 2  # the days have places for 1,800
WAYS_AWAY = ("gone", "hung") if PROVE else ("gone",)
WAYS_LOST = {"records": empty, "topic": delete} if PROVE else {"records": empty}
VICTIMS = ("relay", "projector", "reactions", "jobs", "api", "stripe-sandbox", "kafka", "postgres")
ASKED = ("/readyz", "/api/public/services/", "/api/payments/status/TT00000000/")
DELIVERY_TIMEOUT_S = 2
CHANCE = random.Random()


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    patience = {"TOTETAXI_KAFKA_DELIVERY_TIMEOUT_S": str(DELIVERY_TIMEOUT_S)}
    with Platform(tmp_path_factory.mktemp("chaos") / "data", "--kafka", env=patience) as platform:
        yield platform.ready()


def test_whatever_is_killed_while_guests_book_their_count_agrees_afterwards(platform):
    with guests(platform):
        for victim in (name for _ in range(ROUNDS) for name in CHANCE.sample(VICTIMS, len(VICTIMS))):
            kill(platform, victim)
            go_on(platform)
    assert verified(platform) == ["all is well"]


@pytest.mark.parametrize("way", WAYS_AWAY)
def test_bookings_go_on_while_kafka_is_away_for_longer_than_the_relay_waits(platform, way):
    def given_up():
        return platform.output.count("relay starts again")

    with guests(platform):
        before = given_up()
        with kafka_away(platform, way):
            until(lambda: given_up() > before and lag_s(platform) > 2 * DELIVERY_TIMEOUT_S, 60)
            assert readiness(platform)["status"] == "degraded"
            go_on(platform)
        until(lambda: readiness(platform)["status"] == "ready", 60)
        until(lambda: lag_s(platform) < 1, 60)
    assert verified(platform) == ["all is well"]


def test_without_postgres_the_api_says_when_to_come_again_and_recovers_by_itself(tmp_path):
    postgres = EmbeddedPostgres(tmp_path / "postgres", max_connections=200)
    with postgres, Platform(tmp_path / "data", env={"DATABASE_URL": postgres.dsn}) as platform:
        with guests(platform.ready()):
            postgres.kill()
            with ThreadPoolExecutor() as pool:
                answers = list(pool.map(lambda path: ask(platform, path), ASKED))
            told = [(each.status_code, each.json()["code"], each.headers["Retry-After"]) for each in answers]
            assert told == [(503, "temporarily_unavailable", "1")] * len(ASKED)
            postgres.start()
            go_on(platform)
        assert verified(platform) == ["all is well"]


# The last one, because what the topic has lost stays lost.
@pytest.mark.parametrize("what", WAYS_LOST)
def test_read_models_get_from_the_log_what_the_topic_lost_before_they_read_it(platform, what):
    told = read_env_file(platform.data / RUNNING)
    with guests(platform):
        projector = platform.programs()["projector"]
        os.kill(projector, SIGSTOP)
        go_on(platform)
        written = head(platform)
        until(lambda: one(platform, "select min(position) from eventlog.relay") >= written)
        topic = topic_name(one(platform, "select id from eventlog.log"))
        WAYS_LOST[what](told["TOTETAXI_KAFKA_BOOTSTRAP"], topic)
        os.kill(projector, SIGKILL)
        go_on(platform)
    *lost, _ = verified(platform)
    assert lost
    assert all("projectors read the rest from the log" in line for line in lost)


@contextmanager
def guests(platform):
    """Guests book meanwhile. After the block no more come, and what they count must be what everybody sees."""
    told = read_env_file(platform.data / RUNNING)
    where = (told["TOTETAXI_BASE_URL"], told["TOTETAXI_STAFF_EMAIL"], told["TOTETAXI_STAFF_PASSWORD"])
    enough, before = Event(), head(platform)
    with ThreadPoolExecutor(1) as pool:
        simulating = pool.submit(simulate, Plan(*where, MOST_GUESTS, RATE, enough=enough.is_set))
        try:
            until(lambda: simulating.done() or head(platform) > before + 10, 60)
            yield
        finally:
            enough.set()
        assert simulating.result() == 0


def verified(platform):
    """What `totetaxi verify` says, line by line."""
    return platform.asked("verify").stdout.splitlines()


def kill(platform, victim):
    """kill -9, and wait until another one runs in its place."""
    pid = until(lambda: pid_of(platform, victim))
    os.kill(pid, SIGKILL)
    until(lambda: pid_of(platform, victim) not in (None, pid), 60)


def pid_of(platform, victim):
    """Of Kafka the broker, not the program that looks after it."""
    if victim == "postgres":
        return postmaster(platform)
    program = platform.programs().get(victim)
    return next(iter(children(program)), None) if victim == "kafka" and program else program


def postmaster(platform):
    """None while its file is being written anew."""
    try:
        return platform.postmaster()
    except (FileNotFoundError, IndexError, ValueError):
        return None


def go_on(platform):
    """Wait until some guests have booked and paid, whatever stands in their way."""
    before = head(platform)
    until(lambda: head(platform) > before + 12, 60)


@contextmanager
def kafka_away(platform, way):
    """The broker is killed and not started again, or it hangs, until the end of the block."""
    program = platform.programs()["kafka"]
    broker = children(program)[0]
    stopped = program if way == "gone" else broker
    os.kill(stopped, SIGSTOP)
    try:
        if way == "gone":
            os.kill(broker, SIGKILL)
        yield
    finally:
        os.kill(stopped, SIGCONT)


def ask(platform, path):
    return httpx.get(f"http://127.0.0.1:{platform.port}{path}", timeout=20)


def readiness(platform):
    answer = ask(platform, "/readyz")
    assert answer.status_code == 200, answer.text
    return answer.json()


def lag_s(platform):
    return max(model["lag_s"] for model in readiness(platform)["read_models"].values())


def head(platform):
    """The log's last position; a Postgres that is just being started again is waited for."""
    return one(platform, "select coalesce(max(notification_id), 0) from eventlog.stored_events")


def one(platform, query):
    told = read_env_file(platform.data / RUNNING)

    def answer():
        try:
            with psycopg.connect(told["DATABASE_URL"], connect_timeout=2) as db:
                return db.execute(query).fetchone()
        except psycopg.OperationalError:
            return None

    return until(answer, 30)[0]
