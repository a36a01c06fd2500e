"""Health of a worker over HTTP, for whoever runs it: /healthz, /readyz and /metrics on a port of its own."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

PLAIN = "text/plain; charset=utf-8"
Answer = tuple[int, str, bytes]


def serve_health(host: str, port: int, database_url: str) -> ThreadingHTTPServer:
    """In a thread that ends with the process. Ready means that Postgres answers; what a worker lags behind in is told
    by the API's /metrics, which measures all of them against what is committed. Raises OSError when the port is taken.
    """

    def readyz() -> Answer:
        try:
            with psycopg.connect(database_url, connect_timeout=3, autocommit=True) as db:
                db.execute("select 1")
        except psycopg.OperationalError:
            return 503, PLAIN, b"postgres away\n"
        return 200, PLAIN, b"ready\n"

    answers: dict[str, Callable[[], Answer]] = {
        "/healthz": lambda: (200, PLAIN, b"alive\n"),
        "/readyz": readyz,
        "/metrics": lambda: (200, CONTENT_TYPE_LATEST, generate_latest()),
    }
    server = ThreadingHTTPServer((host, port), _handler(answers))
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def _handler(answers: dict[str, Callable[[], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path, lambda: (404, PLAIN, b"not found\n"))
            status, kind, body = answer()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Asked every few seconds: not worth a line."""

    return Handler
