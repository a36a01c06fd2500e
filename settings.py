"""The settings: one frozen object, read once from the environment; its fields are the table of docs/settings.md."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, Self

from setting_kinds import known, networks, one_of, rates, seconds, secret, tcp_port, words, wrapping_keys

RUNNING = "platform.env"  # written into the data folder by `totetaxi run`, for commands of other shells
LOOPBACK = ("127.0.0.0/8", "::1/128")


class BadSettings(Exception):
    """What is missing or wrong, a line for each."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Read them with `from_env`. Values of secrets never appear in a message."""

    env: str = known(
        "TOTETAXI_ENV",
        "development",
        "`production` asks for every secret and refuses what belongs"
        " to the sandbox; `test` also takes a database that forgets.",
        one_of("development", "production", "test"),
    )
    database_url: str = secret(
        "DATABASE_URL", "The Postgres database, version 15 or newer, as the role of the application."
    )
    owner_url: str = known(
        "TOTETAXI_OWNER_URL",
        "",
        "The same database as the role that owns the log, for `migrate` and `wipe` alone; empty: the application owns"
        " it, and could change it.",
    )
    secret_key: str = secret("SECRET_KEY", "Signs quotes, manage links and sessions; 32 characters or more.")
    master_keys: dict[str, bytes] = secret(
        "TOTETAXI_MASTER_KEYS",
        "Wrap the keys of persons: `id:base64,id:base64`, 32 bytes each, the current one first.",
        wrapping_keys,
    )
    identity_key: bytes = secret(
        "TOTETAXI_IDENTITY_KEY", "Makes a person's id of a mail address; never change it.", str.encode
    )
    data: Path = known(
        "TOTETAXI_DATA",
        ".dev",
        "Folder of `totetaxi run`: databases, logs, secrets; everywhere of the local inbox and the audit log's heads.",
        Path,
    )
    host: str = known("TOTETAXI_HOST", "127.0.0.1", "Address the API listens on.")
    port: int = known("PORT", "8000", "Port the API listens on.", tcp_port)
    health_port: int = known("TOTETAXI_HEALTH_PORT", "0", "Port of a worker's health and metrics; 0: none.", tcp_port)
    base_url: str = known("TOTETAXI_BASE_URL", "http://127.0.0.1:8000", "The platform's address as customers see it.")
    allowed_hosts: tuple[str, ...] = known("ALLOWED_HOSTS", "localhost,127.0.0.1", "Host names we answer to.", words)
    cors_allowed_origins: tuple[str, ...] = known("CORS_ALLOWED_ORIGINS", "", "Origins of pages that may call.", words)
    trusted: tuple[str, ...] = known(
        "TOTETAXI_TRUSTED_PROXIES",
        "",
        "Networks whose X-Forwarded-For is believed; in development loopback always is.",
        networks,
    )
    audit_heads_file: str = known(
        "TOTETAXI_AUDIT_HEADS",
        "",
        "File that the heads of the audit log's chain are added to, out of the database's reach; empty:"
        " audit-heads.jsonl in the data folder.",
    )
    rate_limits: str = known(
        "TOTETAXI_RATE_LIMITS", "on", "`off` is for load tests, refused in production.", one_of("on", "off")
    )
    limits: dict[str, int] = known(
        "TOTETAXI_LIMITS",
        "auth=5,public_writes=20,status=30,customer_reads=120,customer_writes=60,staff_reads=300,staff_writes=60",
        "Requests a minute: `auth`, `public_writes` and `status` for an address, the others for a user. What is not"
        " named keeps its default.",
        rates,
    )
    log_level: str = known(
        "LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.", one_of("DEBUG", "INFO", "WARNING", "ERROR")
    )
    log_format: str = known(
        "TOTETAXI_LOG_FORMAT", "json", "`json` for machines, `console` for people.", one_of("json", "console")
    )
    kafka_bootstrap: str = known(
        "TOTETAXI_KAFKA_BOOTSTRAP", "", "host:port of Kafka, several with commas; empty: projections read the log."
    )
    kafka_delivery_timeout_s: int = known(
        "TOTETAXI_KAFKA_DELIVERY_TIMEOUT_S",
        "60",
        "How long the relay gives Kafka for a batch; then it starts again from what is stored.",
        seconds,
    )
    stripe_secret_key: str = known("STRIPE_SECRET_KEY", "", "Stripe's secret key.")
    stripe_publishable_key: str = known("STRIPE_PUBLISHABLE_KEY", "", "Stripe's publishable key, shown to payers.")
    stripe_webhook_secret: str = known(
        "STRIPE_WEBHOOK_SECRET",
        "",
        "Proves that a webhook comes from Stripe; while it is replaced, the new one and the old one with a comma.",
    )
    stripe_api_url: str = known("TOTETAXI_STRIPE_API_URL", "", "Address of the Stripe sandbox; empty: Stripe itself.")
    aws_access_key_id: str = known("AWS_ACCESS_KEY_ID", "", "For mail and documents, to come.")
    aws_secret_access_key: str = known("AWS_SECRET_ACCESS_KEY", "", "For mail and documents, to come.")
    aws_bucket: str = known("AWS_STORAGE_BUCKET_NAME", "", "Where documents lie; to come.")
    aws_ses_region: str = known("AWS_SES_REGION", "us-east-1", "Region that sends mail; to come.")
    onfleet_api_key: str = known("ONFLEET_API_KEY", "", "Onfleet's key; to come.")
    onfleet_webhook_secret: str = known("ONFLEET_WEBHOOK_SECRET", "", "Proves a webhook of Onfleet; to come.")
    sentry_dsn: str = known("SENTRY_DSN", "", "Where errors are reported; to come.")
    allow_wipe: str = known("TOTETAXI_ALLOW_WIPE", "", "Name of the database that `wipe` may empty in production.")
    pg_bin: str = known("TOTETAXI_PG_BIN", "", "Folder with postgres and initdb; empty: those of the package.")
    java: str = known("TOTETAXI_JAVA", "", "Java for the embedded Kafka; empty: the package's.")
    cache: str = known("TOTETAXI_CACHE", "", "Where Kafka's jars are kept; empty: ~/.cache/totetaxi.")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Raises BadSettings naming everything that is missing or wrong.

        Without `env` it is the process's environment, and outside production what it lacks is taken from the platform
        that `totetaxi run` runs on the data folder.
        """
        texts = _of_this_process() if env is None else env
        values, wrong = {}, []
        for each in fields(cls):
            try:
                values[each.name] = each.metadata["parse"](_text(each, texts))
            except ValueError as error:
                wrong.append(f"{each.metadata['name']}: {error}")
        found = cls(**values)
        told = {line.split(":")[0] for line in wrong}
        if wrong := wrong + [line for line in found.complaints() if line.split()[0] not in told]:
            raise BadSettings("\n".join(wrong))
        return found

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def feed(self) -> str:
        """What the projections read: `kafka` when there is one, else `postgres`."""
        return "kafka" if self.kafka_bootstrap else "postgres"

    @property
    def sandbox(self) -> bool:
        """Whether payments are played, not real."""
        return bool(self.stripe_api_url)

    @property
    def owner(self) -> str:
        """The connection for what only the owner of the log may do."""
        return self.owner_url or self.database_url

    @property
    def audit_heads(self) -> Path:
        return Path(self.audit_heads_file) if self.audit_heads_file else self.data / "audit-heads.jsonl"

    @property
    def trusted_proxies(self) -> tuple[str, ...]:
        return self.trusted if self.production else self.trusted + LOOPBACK

    def complaints(self) -> list[str]:
        lacking = [f"{name} is missing" for name, value in self._required().items() if not value]
        return lacking + (self._unfit_for_production() if self.production else [])

    def check_database(self, db: Any) -> None:
        """Raises BadSettings for a server (of the psycopg connection) that may forget what it has acknowledged."""
        asked = "select name from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')"
        off = [row[0] for row in db.execute(f"{asked} and setting = 'off' order by name").fetchall()]
        if off and self.env != "test":
            raise BadSettings(f"the database has {', '.join(off)} off and would lose bookings in a crash; switch it on")

    def _required(self) -> dict[str, Any]:
        always = {
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": self.secret_key,
            "TOTETAXI_MASTER_KEYS": self.master_keys,
            "TOTETAXI_IDENTITY_KEY": self.identity_key,
        }
        earning = {
            "STRIPE_SECRET_KEY": self.stripe_secret_key,
            "STRIPE_PUBLISHABLE_KEY": self.stripe_publishable_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe_webhook_secret,
        }
        return always | (earning if self.production else {})

    def _unfit_for_production(self) -> list[str]:
        unfit = {
            "TOTETAXI_RATE_LIMITS=off is for load tests": self.rate_limits == "off",
            "TOTETAXI_STRIPE_API_URL leads to the sandbox": self.sandbox,
            "STRIPE_SECRET_KEY is a test key": "_test_" in self.stripe_secret_key,
            "STRIPE_PUBLISHABLE_KEY is a test key": "_test_" in self.stripe_publishable_key,
            "SECRET_KEY needs 32 characters or more": 0 < len(self.secret_key) < 32,
            "TOTETAXI_IDENTITY_KEY needs 32 characters or more": 0 < len(self.identity_key) < 32,
            "ALLOWED_HOSTS names no host of production": not set(self.allowed_hosts) - {"localhost", "127.0.0.1", "*"},
            "ALLOWED_HOSTS answers to every name": "*" in self.allowed_hosts,
            "CORS_ALLOWED_ORIGINS must begin with https://": any(
                not origin.startswith("https://") for origin in self.cors_allowed_origins
            ),
            "TOTETAXI_BASE_URL must begin with https://": not self.base_url.startswith("https://"),
        }
        secrets = {
            "SECRET_KEY": [self.secret_key.encode()],
            "TOTETAXI_MASTER_KEYS": self.master_keys.values(),
            "TOTETAXI_IDENTITY_KEY": [self.identity_key],
        }
        told = [f"{name} is that of docker-compose.yml" for name, keys in secrets.items() if any(map(_is_known, keys))]
        return [complaint for complaint, holds in unfit.items() if holds] + told


def _is_known(secret: bytes) -> bool:
    return secret.startswith(b"everybody-knows")


def read_env_file(file: Path) -> dict[str, str]:
    """Lines NAME=value, quoted as a shell wants them; nothing when there is no file."""
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(shlex.split(line)[0].split("=", 1) for line in lines if line and not line.startswith("#"))


def _of_this_process() -> Mapping[str, str]:
    given = {name: text for name, text in os.environ.items() if text}
    if given.get("TOTETAXI_ENV") == "production" or "DATABASE_URL" in given:
        return given
    data = Path(given.get("TOTETAXI_DATA", ".dev")).resolve()
    if told := read_env_file(data / RUNNING):
        return told | given
    raise BadSettings(
        f"no platform runs on {data}: `make run` starts one, TOTETAXI_DATA names another folder;"
        " without one DATABASE_URL and the other secrets of docs/settings.md are needed"
    )


def _text(setting: Field, texts: Mapping[str, str]) -> str:
    return texts.get(setting.metadata["name"]) or setting.metadata["default"]
