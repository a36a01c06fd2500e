"""The data folder of a platform on one machine: its secrets, made once, and where what runs on it is found."""

import os
import secrets
import shlex
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from integrations.embedded.broker_folder import choose_port
from integrations.embedded.child import CannotStart
from settings import RUNNING, Settings, read_env_file

STAFF = ("TOTETAXI_STAFF_EMAIL", "TOTETAXI_STAFF_PASSWORD")  # the login of this run, for `totetaxi simulate`


def secrets_of(data: Path) -> dict[str, str]:
    """The folder's own secrets, for the environment; made at the first start.

    Raises CannotStart when they are gone and the database is not: with new ones nothing personal could be read again.
    """
    file = data / "secrets.env"
    if found := read_env_file(file):
        return found
    if (data / "postgres").exists():
        raise CannotStart(f"{file} is missing, without which {data} can't be read: put it back or take another folder")
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{data} can't be the data folder ({error.strerror}): choose another DATA") from error
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TOTETAXI_MASTER_KEYS": f"own-1:{b64encode(secrets.token_bytes(32)).decode()}",
        "TOTETAXI_IDENTITY_KEY": secrets.token_urlsafe(48),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
    }
    _write(file, made)
    return made


def kept_port(folder: Path) -> int:
    """The folder's port, chosen at the first start; while it is taken another one, for that start alone."""
    port, kept = choose_port(folder), folder / "port"
    if not kept.exists() or not kept.read_text():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"{port}\n")
    return port


def tell_where(data: Path, env: Mapping[str, str]) -> None:
    """For `totetaxi` in other shells: see Settings.from_env. What else whoever starts it has in `env` stays theirs."""
    own = (*(each.metadata["name"] for each in fields(Settings)), *STAFF)
    _write(data / RUNNING, {name: env[name] for name in own if name in env})


def tell_nothing(data: Path) -> None:
    (data / RUNNING).unlink(missing_ok=True)


def _write(file: Path, env: Mapping[str, str]) -> None:
    """Whole or not at all, and only for this user's eyes."""
    making = file.with_name(f"{file.name}.making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.writelines(f"{name}={shlex.quote(text)}\n" for name, text in env.items())
        out.flush()
        os.fsync(out.fileno())
    making.rename(file)
