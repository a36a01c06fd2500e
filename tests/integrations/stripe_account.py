"""A Stripe account to test with: the sandbox as a process that can be killed, and a shop that receives its webhooks."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import stripe

import integrations.stripe

KEY = "sk_test_tests"
SECRET = "whsec_tests"
SHOP = "http://shop.test/paid?from=stripe"
RUN = """
import sys, uvicorn
from integrations.sandbox.stripe import create_app
uvicorn.run(create_app(*sys.argv[2:]), port=int(sys.argv[1]), log_level="critical", access_log=False)
"""


def wait_until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """What the condition gives once it is true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        threading.Event().wait(0.01)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sandbox:
    """The sandbox on a database; killed and started again, it is at the same address."""

    def __init__(self, database: str, *webhook: str):
        self.arguments = (database, *webhook)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(10)

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", RUN, str(self.port), *self.arguments])
        wait_until(self.answers, 30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def answers(self) -> bool:
        try:
            return self.http.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def client(self, timeout_seconds: float = 5.0) -> integrations.stripe.Stripe:
        return integrations.stripe.connect(KEY, self.url, SECRET, timeout_seconds)

    def switch(self, **faults: Any) -> None:
        assert self.http.post("/sandbox/switches", json=faults).is_success

    def advance(self, seconds: int) -> None:
        assert self.http.post("/sandbox/clock", json={"advance_seconds": seconds}).is_success

    def act(self, path: str, **asked: Any) -> httpx.Response:
        """What is done at Stripe itself, by a person or a bank: `refunds`, `disputes`, `disputes/{id}/close`."""
        return self.http.post(f"/sandbox/{path}", json=asked)

    def package(self) -> stripe.V1Services:
        """The unmodified package."""
        return stripe.StripeClient(KEY, base_addresses={"api": self.url}, max_network_retries=0).v1

    def event_types(self, object_id: str) -> list[str]:
        """The events about an object, oldest first."""
        events = self.package().events.list({"limit": 100}).auto_paging_iter()
        return [event.type for event in events if event.data.object["id"] == object_id][::-1]

    def ledger(self) -> list[dict[str, Any]]:
        return self.http.get("/sandbox/ledger").json()["intents"]

    def call(self, method: str, path: str, **asked: Any) -> httpx.Response:
        """A call without any client's help, as Stripe's reference describes it."""
        headers = {"authorization": f"Bearer {KEY}"} | asked.pop("headers", {})
        return self.http.request(method, f"/v1/{path}", headers=headers, **asked)


class Shop:
    """Receives webhooks: raw body and signature of each; answers with `status`."""

    def __init__(self, port: int = 0):
        shop = self
        self.received: list[tuple[bytes, str]] = []
        self.refused = 0
        self.status = 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if shop.status == 200:
                    shop.received.append((body, self.headers["stripe-signature"]))
                else:
                    shop.refused += 1
                self.send_response(shop.status)
                self.end_headers()

            def log_message(self, *_):
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"

    def __enter__(self) -> "Shop":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def events(self, client: integrations.stripe.Stripe) -> list[integrations.stripe.StripeEvent]:
        return [client.webhook_event(body, signature) for body, signature in list(self.received)]
