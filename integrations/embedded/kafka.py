"""A single real Kafka broker (KRaft) on a data folder, from packages only, gone when its owner is gone."""

import os
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TextIO

from integrations.embedded.broker_folder import choose_port, configure, format_log, is_free, take_over
from integrations.embedded.child import CannotStart, Child, stopped, wait_until
from integrations.embedded.claims import claim, release, turn
from integrations.embedded.jars import cache_folder, fetch
from integrations.embedded.java import Archive, archive, find_java

# Metadata v1 without client name and topics, as Kafka's protocol guide has it.
METADATA_REQUEST = struct.pack(">hhihi", 3, 1, 1, -1, 0)


class KafkaBroker:
    """`data` is made at the first start, and keeps its port for the next. Start it from the main thread (see Child).

    `props` go over the broker's usual settings, `jvm` are further flags of Java, which is found by `find_java`, the
    setting being the environment's TOTETAXI_JAVA. The first start of a machine fetches Kafka. Raises CannotStart.
    """

    def __init__(
        self, data: Path, port: int | None = None, props: Mapping[str, str] | None = None, jvm: Sequence[str] = ()
    ):
        self.data = Path(data).resolve()
        self.log = self.data / "broker.log"
        self._port, self._props, self._jvm = port, dict(props or {}), list(jvm)
        self._child: Child | None = None
        self._claim: TextIO | None = None

    @property
    def bootstrap(self) -> str:
        """host:port, the same until the end of this object; a new folder has it from its first start on."""
        if self._port is None:
            raise RuntimeError("a broker has its port from its first start on")
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def running(self) -> bool:
        return bool(self._child and self._child.running)

    def start(self, seconds: float = 90) -> str:
        """The bootstrap address, once the broker is unfenced. Running: nothing happens."""
        if self.running:
            return self.bootstrap
        self._let_go()
        self.data.mkdir(parents=True, exist_ok=True)
        self._claim = claim(self.data / "lock", self.data)
        try:
            self._child = self._launch()
            self._child.await_ready(self._unfenced, seconds)
        except BaseException:
            self.stop()
            raise
        return self.bootstrap

    def stop(self, seconds: float = 30) -> None:
        """A clean stop, also of a paused broker."""
        if self._child and self.running:
            self._child.end((signal.SIGCONT, 0), (signal.SIGTERM, seconds), (signal.SIGKILL, 10))
        self._let_go()

    def kill(self) -> None:
        """kill -9: no flush, no farewell; `start` goes on with the same log on the same port."""
        if self._child and self.running:
            self._child.end((signal.SIGKILL, 10))
        self._let_go()

    def pause(self) -> None:
        """A broker that hangs: connections stay open, nothing is answered until `resume`."""
        child = self._running_child()
        child.send(signal.SIGSTOP)
        if not wait_until(lambda: stopped(child.pid), 10):
            raise RuntimeError(f"process {child.pid} goes on after SIGSTOP")

    def resume(self) -> None:
        self._running_child().send(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running_child(self) -> Child:
        if not self._child or not self.running:
            raise RuntimeError("the broker is not running")
        return self._child

    def _launch(self) -> Child:
        java, jars = find_java(os.environ.get("TOTETAXI_JAVA")), fetch()
        take_over(self.data)
        self._port = self._port or choose_port(self.data)
        if not is_free(self._port):
            raise CannotStart(f"port {self._port} on 127.0.0.1 is taken by another program")
        format_log(self.data, java, jars)
        trained = archive(java, jars.parent)
        flags = self._jvm or (trained.use if trained.file.exists() else [])
        properties = configure(self.data, self._port, self._props)
        return Child([*java.command(jars, flags), "kafka.Kafka", properties], self.log, signal.SIGTERM)

    def _unfenced(self) -> bool:
        """The port opens a little before the broker may be used: it is ready when its metadata name a broker."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), 0.5) as connection:
                connection.settimeout(2)
                connection.sendall(struct.pack(">i", len(METADATA_REQUEST)) + METADATA_REQUEST)
                answer = connection.makefile("rb").read(12)
        except OSError:
            return False
        return len(answer) == 12 and struct.unpack(">i", answer[8:])[0] >= 1

    def _let_go(self) -> None:
        if self._claim:
            release(self._claim)
            self._claim = None


def warm(traffic: Callable[[str], None] | None = None) -> Path:
    """Trains the archive of classes, once for a machine and its Java: a broker starts, has `traffic(bootstrap)`, stops.

    Later starts find it by themselves. Raises CannotStart.
    """
    trained = archive(find_java(os.environ.get("TOTETAXI_JAVA")), cache_folder())
    with turn(cache_folder() / "warm.lock"):
        if not trained.file.exists():
            _train(trained, traffic)
    return trained.file


def _train(trained: Archive, traffic: Callable[[str], None] | None) -> None:
    print("training Java for Kafka, some ten seconds, once: later starts are faster", file=sys.stderr, flush=True)
    data = cache_folder() / "warming"
    shutil.rmtree(data, ignore_errors=True)
    broker = KafkaBroker(data, jvm=trained.make)
    try:
        broker.start(seconds=180)
        if traffic:
            traffic(broker.bootstrap)
    finally:
        broker.stop(seconds=180)  # Java writes the archive at its end
    written = Path(f"{trained.file}.making")
    if not written.exists():
        raise CannotStart(f"Java wrote no archive of classes; {broker.log} says why")
    written.rename(trained.file)
    shutil.rmtree(data)
