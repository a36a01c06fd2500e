"""A broker's data folder: its properties, its formatted log, its port, and a broker that an earlier owner left."""

import random
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from integrations.embedded.child import CannotStart, dying_with_owner, processes, send_to, wait_until
from integrations.embedded.claims import turn
from integrations.embedded.java import Java

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
PATIENCE = ((signal.SIGTERM, 15), (signal.SIGKILL, 5))
ONE_OF_EACH = {
    f"{topic}.{setting}": "1"
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
    for setting in ("num.partitions", "replication.factor")
}
SMALL_BROKER = ONE_OF_EACH | {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # After kill -9 the next start waits for the end of the old broker's session, 9 s by default.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "log.cleaner.threads": "1",
}


def configure(data: Path, port: int, props: dict[str, str]) -> Path:
    """Writes the server's properties, `props` over the usual ones, and keeps the port for the next start."""
    # The quorum is static, so that a formatted log holds no port and the controller's can be new each time.
    controller = free_port()
    where = {
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "log.dirs": str(data / "log"),
    }
    file = properties_of(data)
    file.write_text("".join(f"{name}={value}\n" for name, value in (SMALL_BROKER | where | props).items()))
    (data / "port").write_text(f"{port}\n")
    return file


def properties_of(data: Path) -> Path:
    return data / "server.properties"


def choose_port(data: Path) -> int:
    """The folder's last port where it is still free, else a free one."""
    kept = data / "port"
    told = kept.read_text().strip() if kept.exists() else ""  # empty when whoever wrote it was killed
    return int(told) if told.isdecimal() and is_free(int(told)) else free_port()


def free_port() -> int:
    """Below the kernel's ephemeral range, so that no outgoing connection takes it while the broker is down."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        if is_free(port):
            return port
    raise CannotStart("no free port between 20000 and 32000 on 127.0.0.1")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the broker does: connections of its predecessor that are still closing don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def format_log(data: Path, java: Java, jars: Path) -> None:
    """Gives the folder an empty log if it has none; formatting costs a start of Java and is done once for a machine."""
    if (data / "log").exists():
        return
    template = jars.with_name("formatted")
    with turn(jars.with_name("format.lock")):
        if not template.exists():
            _make_template(template, java, jars)
    making = data / "log.making"
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(template, making)
    making.rename(data / "log")


def _make_template(template: Path, java: Java, jars: Path) -> None:
    making = template.with_name("formatting")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    tool = [*java.command(jars, []), "kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config"]
    done = subprocess.run(
        [*tool, configure(making, free_port(), {})],
        capture_output=True, text=True, preexec_fn=dying_with_owner(signal.SIGKILL))  # fmt: skip
    if done.returncode:
        raise CannotStart(f"Kafka's storage could not be formatted:\n{(done.stdout + done.stderr)[-3000:]}")
    (making / "log").rename(template)
    shutil.rmtree(making)


def brokers_on(data: Path) -> list[int]:
    """Pids of the brokers that run with this folder's properties."""
    argument = str(properties_of(data)).encode()
    return processes(lambda process: argument in process.joinpath("cmdline").read_bytes().split(b"\0"))


def take_over(data: Path) -> None:
    """Ends the broker that a killed owner left, as a rule stopping already; the caller holds the folder's lock."""
    for signum, seconds in PATIENCE:
        send_to(brokers_on(data), signum)
        send_to(brokers_on(data), signal.SIGCONT)  # one that was paused hears nothing else
        if wait_until(lambda: not brokers_on(data), seconds):
            return
    raise CannotStart(f"processes {brokers_on(data)} of an earlier broker on {data} don't end; end them by hand")
