"""Pools of connections that notice a restarted server without asking it before each use."""

import select
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool


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
