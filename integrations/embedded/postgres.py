"""A Postgres server of our own on a data folder: durable, private to this user, gone when its owner is gone."""

import os
import signal
import time
from pathlib import Path
from typing import Self, TextIO
from urllib.parse import quote

from integrations.embedded.binaries import disguise, find_binaries
from integrations.embedded.child import CannotStart, Child
from integrations.embedded.claims import claim, release
from integrations.embedded.cluster import (
    make_socket_folder,
    postmaster_lines,
    prepare,
    remove_socket_folder,
    socket_folder,
    take_over,
)

SMALL_MACHINE = {
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # the detail of a broken rule quotes the row: mail addresses, too
    "jit": "off",
    "random_page_cost": "1.1",
    # Few cores, and containers give parallel workers' shared memory 64 MB only.
    "max_parallel_workers_per_gather": "0",
}
# What Postgres says while backends of a killed postmaster are there that take_over can't see.
STILL_LEAVING, LEAVING_SECONDS = "pre-existing shared memory block", 20
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """`data` is made at the first start; lock and log lie beside it. Start it from the main thread (see Child).

    Without `port` only this user can connect, through a socket in a private folder; with it everybody on this machine
    can, over 127.0.0.1 and without a password. `durable=False` is for tests: a machine's crash may lose everything.
    Binaries are found by `find_binaries`, the setting being the environment's TOTETAXI_PG_BIN. Raises CannotStart.
    """

    def __init__(self, data: Path, durable: bool = True, port: int | None = None, max_connections: int = 100):
        self.data = Path(data).resolve()
        self.log = self.data.with_name(self.data.name + ".log")
        self._durable, self._port, self._max_connections = durable, port, max_connections
        self._child: Child | None = None
        self._claim: TextIO | None = None

    @property
    def dsn(self) -> str:
        """URL of the database `postgres`, the same at every start."""
        if self._port:
            return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        return f"postgresql://postgres@/postgres?host={quote(str(socket_folder(self.data)), safe='')}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def running(self) -> bool:
        return bool(self._child and self._child.running)

    def start(self, seconds: float = 60) -> str:
        """The dsn, once connections are taken, recovery after a crash included. Running: nothing happens."""
        if self.running:
            return self.dsn
        self._let_go()
        self._claim = claim(self.data.with_name(self.data.name + ".lock"), self.data)
        try:
            self._start_child(seconds)
        except BaseException:
            self.stop()
            raise
        return self.dsn

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, all is written, up to 30 s."""
        if self._child and self.running:
            self._child.end((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))
        self._let_go()

    def kill(self) -> None:
        """kill -9 of the postmaster, for proofs; `start` recovers."""
        if self._child and self.running:
            self._child.end((signal.SIGKILL, 10))
        self._let_go()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_child(self, seconds: float) -> None:
        deadline = time.monotonic() + LEAVING_SECONDS
        while True:
            self._child = self._launch()
            try:
                return self._child.await_ready(self._ready, seconds)
            except CannotStart as refusal:
                if STILL_LEAVING not in str(refusal) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _launch(self) -> Child:
        binaries, disguised = find_binaries(os.environ.get("TOTETAXI_PG_BIN")), disguise()
        sockets = socket_folder(self.data)
        take_over(self.data, disguised)
        prepare(self.data, binaries, disguised, self._durable)
        if sockets != self.data:
            make_socket_folder(sockets, disguised)
        options = [word for name, value in self._settings(sockets).items() for word in ("-c", f"{name}={value}")]
        return Child([*disguised, binaries / "postgres", "-D", self.data, *options], self.log, signal.SIGINT)

    def _settings(self, sockets: Path) -> dict[str, str]:
        where = {
            "unix_socket_directories": str(sockets),
            "listen_addresses": "127.0.0.1" if self._port else "",
            "port": str(self._port or 5432),
            "max_connections": str(self._max_connections),
        }
        return SMALL_MACHINE | where | ({} if self._durable else FORGETFUL)

    def _ready(self) -> bool:
        lines = postmaster_lines(self.data)
        return len(lines) > 7 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"

    def _let_go(self) -> None:
        if self._claim:
            remove_socket_folder(self.data)
            release(self._claim)
            self._claim = None
