"""An API that is killed between its commit and its answer: asked again under the same key, it has booked once."""

import os
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from tests.api.house import ENV, House, booking, furnish
from tests.integrations.stripe_account import free_port, wait_until

RUN = "import sys, uvicorn; uvicorn.run('api.app:create', factory=True, port=int(sys.argv[1]), log_level='critical')"
KEY = {"Idempotency-Key": "killed"}


class Process:
    """The API as a process of its own."""

    def __init__(self, database: str, stripe_url: str):
        port = free_port()
        env = os.environ | ENV | {"DATABASE_URL": database, "TOTETAXI_STRIPE_API_URL": stripe_url}
        self.process = subprocess.Popen([sys.executable, "-c", RUN, str(port)], env=env, stdout=subprocess.DEVNULL)
        self.house = House(f"http://127.0.0.1:{port}", database)
        wait_until(self._answers, 60)

    def _answers(self) -> bool:
        try:
            return self.house.http.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.house.http.close()


@pytest.fixture
def silent_stripe():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_killed_between_commit_and_answer_the_booking_is_answered_the_second_time(database, silent_stripe, sandbox):
    furnish(database)
    first = Process(database, silent_stripe)
    unanswered = []
    asking = threading.Thread(target=lambda: unanswered.append(_attempt(first.house)))
    asking.start()
    wait_until(lambda: first.house.count() == 1, 30)
    first.kill()
    asking.join(30)
    assert unanswered == ["no answer"]
    second = Process(database, sandbox.url)
    try:
        again, once_more = second.house.book(headers=KEY), second.house.book(headers=KEY)
        assert (again.status_code, again.json()["payment"]["status"]) == (201, "pending")
        assert once_more.json() == again.json()
        assert second.house.count() == 1
        assert second.house.book(booking("eve@example.com"), KEY).json()["code"] == "idempotency_mismatch"
    finally:
        second.kill()


def _attempt(house: House) -> str:
    try:
        return str(house.book(headers=KEY).status_code)
    except httpx.TransportError:
        return "no answer"
