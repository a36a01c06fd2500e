"""Health of a worker, asked over HTTP."""

import socket
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from workers.health import serve_health


@contextmanager
def asking(database_url: str):
    """Asks a server of its own for the status and the text of a path."""
    server = serve_health("127.0.0.1", 0, database_url)

    def ask(path: str) -> tuple[int, str]:
        connection = HTTPConnection(*server.server_address, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    try:
        yield ask
    finally:
        server.shutdown()
        server.server_close()


def test_a_worker_with_its_database_is_ready(database):
    with asking(database) as ask:
        assert ask("/healthz") == (200, "alive\n")
        assert ask("/readyz") == (200, "ready\n")
        assert "process_resident_memory_bytes" in ask("/metrics")[1]
        assert ask("/else")[0] == 404


def test_a_worker_without_its_database_lives_but_is_not_ready():
    with asking("postgresql://127.0.0.1:1/none") as ask:
        assert ask("/healthz")[0] == 200
        assert ask("/readyz") == (503, "postgres away\n")


def test_a_port_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        serve_health("127.0.0.1", other.getsockname()[1], "")
