"""A Postgres data folder: made whole or not at all, checked for its version, freed of an earlier owner's processes."""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from integrations.embedded.binaries import NOBODY, give, gives_away, major_version
from integrations.embedded.child import CannotStart, dying_with_owner, processes, send_to, wait_until

SOCKET_FOLDER_BYTES = 88  # a socket's path is at most 107 bytes long (unix(7)), its name takes up to 16
PATIENCE = ((signal.SIGINT, 15), (signal.SIGQUIT, 5))


def prepare(data: Path, binaries: Path, disguised: list[str], durable: bool) -> None:
    """Makes the data folder if there is none. Raises CannotStart for one that these binaries can't run."""
    version, major = data / "PG_VERSION", major_version(binaries)
    if not version.exists():
        _make(data, [*disguised, binaries / "initdb", *_initdb_options(major, durable)], disguised)
    if (made_by := version.read_text().strip()) != str(major):
        raise CannotStart(
            f"{data} was made by Postgres {made_by}, the binaries in {binaries} are of version {major}: "
            f"set TOTETAXI_PG_BIN to those of version {made_by}, move the data over by dump and restore, "
            "or take another data folder"
        )
    give(data, disguised)


def _make(data: Path, initdb: list[str | Path], disguised: list[str]) -> None:
    if data.exists() and any(data.iterdir()):
        raise CannotStart(f"{data} holds files but no Postgres data: take another data folder")
    for leftover in data.parent.glob(f"{data.name}.making-*"):
        wait_until(lambda leftover=leftover: _cleared(leftover), 20)
    # Under another name until it is whole: a kill half-way leaves no data folder that looks made.
    making = data.with_name(f"{data.name}.making-{os.getpid()}")
    making.mkdir(mode=0o700)
    give(making, disguised)
    done = subprocess.run(
        [*initdb, "-D", making], capture_output=True, text=True, preexec_fn=dying_with_owner(signal.SIGTERM)
    )
    if done.returncode:
        shutil.rmtree(making, ignore_errors=True)
        raise CannotStart(f"initdb could not make {data}:\n{done.stderr[-3000:]}")
    making.rename(data)


def _cleared(leftover: Path) -> bool:
    """Whether a folder left half-made is gone, and with it the initdb of a killed owner, which may still be writing."""
    send_to([*servers_on(leftover), *_makers_of(leftover)], signal.SIGKILL)
    shutil.rmtree(leftover, ignore_errors=True)
    return not leftover.exists() and not _makers_of(leftover)


def _makers_of(folder: Path) -> list[int]:
    return processes(lambda process: str(folder).encode() in (process / "cmdline").read_bytes().split(b"\0"))


def _initdb_options(major: int, durable: bool) -> list[str]:
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    locale = builtin if major >= 17 else ["--locale=C.UTF-8"]
    return ["-U", "postgres", "-A", "trust", "--encoding=UTF8", *locale, *([] if durable else ["--no-sync"])]


def take_over(data: Path, disguised: list[str]) -> None:
    """Ends what an earlier owner left running on the folder; the caller holds the folder's lock.

    As a rule it is ending already: the server of a killed owner in its fast shutdown, the backends of a killed
    postmaster by themselves. Raises CannotStart when something is still there after 20 s.
    """
    for signum, seconds in PATIENCE:
        send_to(_addressees(data, signum), signum)
        if wait_until(lambda: not servers_on(data), seconds):
            return _forget_postmaster(data, disguised)
    raise CannotStart(f"processes {servers_on(data)} of an earlier Postgres on {data} don't end; end them by hand")


def servers_on(data: Path) -> list[int]:
    """Pids of the Postgres processes that work in the folder: postmaster, backends, orphans of either."""
    return processes(lambda process: (process / "comm").read_text() == "postgres\n" and _works_in(process, data))


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data
    except PermissionError:  # a container's root may not look at another user's, but sees the postmaster's arguments
        return str(data).encode() in (process / "cmdline").read_bytes().split(b"\0")


def postmaster_lines(data: Path) -> list[str]:
    """Lines of postmaster.pid: 0 the pid, 7 the status (pidfile.h of Postgres); none when there is no server."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _addressees(data: Path, signum: signal.Signals) -> list[int]:
    """The postmaster; without one its orphans, which take SIGINT for something else than the end."""
    running, lines = servers_on(data), postmaster_lines(data)
    postmaster = [pid for pid in running if lines and str(pid) == lines[0].strip()]
    return postmaster or (running if signum == signal.SIGQUIT else [])


def _forget_postmaster(data: Path, disguised: list[str]) -> None:
    """Nobody works in the folder, so the pid on file is nobody's, or a stranger's whom Postgres would take for its own.

    As another user Postgres tells them apart by itself, and there may be backends that we can't see.
    """
    if Path("/proc/self").exists() and not gives_away(disguised):
        (data / "postmaster.pid").unlink(missing_ok=True)


def socket_folder(data: Path) -> Path:
    """Where the server's socket lies: the data folder, or for a long path a short one, the same at every start."""
    if len(os.fsencode(data)) <= SOCKET_FOLDER_BYTES:
        return data
    name = f"totetaxi-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    return folder if len(os.fsencode(folder)) <= SOCKET_FOLDER_BYTES else Path("/tmp") / name


def make_socket_folder(folder: Path, disguised: list[str]) -> None:
    """Raises CannotStart when somebody else has made the folder, who could then listen in our place."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), NOBODY) or found.st_mode & 0o077:
        raise CannotStart(f"{folder} is not a private folder of this user: remove it")
    give(folder, disguised)


def remove_socket_folder(data: Path) -> None:
    """Leaves it where a killed server's socket is still in it: the next server replaces that."""
    with suppress(OSError):
        if socket_folder(data) != data:
            socket_folder(data).rmdir()
