"""A platform started by `totetaxi run` in a process of its own, to be looked at, hurt and stopped."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.waiting import until

CLI = Path(__file__).parents[2] / "cli.py"
SETTINGS = ("DATABASE_URL", "SECRET_KEY", "STRIPE_", "TOTETAXI_ENV", "TOTETAXI_DATA", "PORT")


def environment() -> dict[str, str]:
    """This process's, without settings that would make the platform another one."""
    return {name: text for name, text in os.environ.items() if not name.startswith(SETTINGS)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Platform:
    def __init__(self, data: Path, *flags: str, port: int | None = None, env: Mapping[str, str] | None = None):
        self.data, self.port, self.log = data, port or free_port(), data.with_name(f"{data.name}.output")
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, CLI, "run", "--data", data, "--port", str(self.port), *flags],
                env=environment() | dict(env or {}),
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)  # fmt: skip

    def __enter__(self) -> "Platform":
        return self

    def __exit__(self, *_: object) -> None:
        """The programs end with it."""
        self.process.kill()
        self.process.wait()

    @property
    def output(self) -> str:
        return self.log.read_text()

    def ready(self) -> "Platform":
        """Waits for the line that says so; the platform must not end instead."""
        until(lambda: "ready after" in self.output or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.output
        return self

    def answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def programs(self) -> dict[str, int]:
        """The pids of its programs, by what follows `totetaxi` on their command lines."""
        commands = {pid: command_line(pid) for pid in children(self.process.pid)}
        return {words[2]: pid for pid, words in commands.items() if len(words) > 2 and words[1] == str(CLI)}

    def postmaster(self) -> int:
        return int((self.data / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    def asked(self, *words: str) -> subprocess.CompletedProcess:
        """`totetaxi` in another shell."""
        return subprocess.run([sys.executable, CLI, *words], capture_output=True, text=True, timeout=60,
                              env=environment() | {"TOTETAXI_DATA": str(self.data)})  # fmt: skip

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def children(parent: int) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if parent_of(entry) == parent]


def parent_of(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
