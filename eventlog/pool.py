"""Connections that notice a server that has restarted without asking it each time, and a machine that is gone."""

import select
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

# Who talks to a machine that is gone, or waits for it, learns it within about ten seconds. Sockets of files need none.
LASTING = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def lasting(pool: ConnectionPool, database_url: str) -> None:
    """What the package does not hand on: the rest of the URL, `sslmode` for one, and keepalives."""
    told = {name: text for name, text in conninfo_to_dict(database_url).items() if name not in pool.kwargs}
    pool.kwargs.update(LASTING | told)


def check_alive(db: psycopg.Connection) -> None:
    """An idle connection with something to read was told that it is over; asking costs nothing while it was not."""
    poll = select.poll()
    poll.register(db.pgconn.socket, select.POLLIN)
    if poll.poll(0):
        db.execute("")


def checked(pool: ConnectionPool, configure: Callable[[Any], None]) -> ConnectionPool:
    """In the place of the pool given, which is closed: its own check would be a question to the server each time."""
    pool.close()
    return ConnectionPool(
        connection_class=pool.connection_class,
        kwargs=pool.kwargs,
        configure=configure,
        check=check_alive,
        min_size=pool.min_size,
        max_size=pool.max_size,
        timeout=pool.timeout,
        open=False,
    )
