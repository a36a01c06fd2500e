"""The long-running commands of `totetaxi`: each reads the settings, looks at the database, and runs until SIGTERM."""

from argparse import Namespace
from pathlib import Path
from threading import Event

import psycopg

from settings import BadSettings, Settings
from workers.health import serve_health
from workers.logs import start_logging
from workers.stopping import on_stop


def api(_: Namespace) -> None:
    import uvicorn

    settings = begun()
    uvicorn.run(
        "api.app:create", factory=True, host=settings.host, port=settings.port, log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=10)  # fmt: skip


def relay(_: Namespace) -> None:
    from workers import relay

    settings = working()
    if not settings.kafka_bootstrap:
        raise BadSettings("TOTETAXI_KAFKA_BOOTSTRAP is missing: there is nothing to relay to")
    relay.run(settings.database_url, settings.kafka_bootstrap, settings.kafka_delivery_timeout_s)


def projector(_: Namespace) -> None:
    from workers import projector

    projector.run(working())


def reactions(_: Namespace) -> None:
    """The sealer of the audit log runs beside it: both read the settled log, both have one leader."""
    from workers import reacting
    from workers.sealing import sealing

    settings = working()
    with sealing(settings.database_url, settings.audit_heads):
        reacting.run(settings.database_url)


def jobs(_: Namespace) -> None:
    from workers import jobs
    from workers.upkeep import context, store_of, stripe_of

    settings = working()
    stripe = stripe_of(settings)
    with store_of(settings) as store:
        app = jobs.connect(settings.database_url)
        jobs.run(app, lambda task: context(settings, store, stripe, f"job {task}"))


def stripe_sandbox(asked: Namespace) -> None:
    import uvicorn

    from integrations.sandbox.stripe import create_app

    settings = begun()
    if settings.production:
        raise BadSettings("there is no sandbox in production")
    webhook = f"{settings.base_url}/api/payments/webhook/"
    app = create_app(settings.database_url, webhook, settings.stripe_webhook_secret.split(",")[0])
    uvicorn.run(app, host=settings.host, port=int(asked.port), log_config=None, access_log=False)


def kafka(asked: Namespace) -> int:
    """Ends with 1 when the broker ends by itself, so that whoever started this starts it again."""
    from integrations.embedded.kafka import KafkaBroker, warm

    ending = Event()
    on_stop(ending.set)
    warm()
    with KafkaBroker(Path(asked.data), int(asked.port) if asked.port else None) as broker:
        print(f"Kafka listens on {broker.bootstrap}", flush=True)
        while broker.running and not ending.wait(0.1):
            pass
        return 0 if ending.is_set() else 1


def working() -> Settings:
    """For a process that serves nothing else: it tells its health where a port is set for that."""
    settings = begun()
    if settings.health_port:
        serve_health(settings.host, settings.health_port, settings.database_url)
    return settings


def begun() -> Settings:
    """The settings, with the log started and the database found to be one that keeps what it acknowledges.

    In production also one whose log this process cannot change. Raises BadSettings.
    """
    settings = Settings.from_env()
    start_logging(settings.log_level, settings.log_format)
    with psycopg.connect(settings.database_url, connect_timeout=5) as db:
        settings.check_database(db)
    if settings.production:
        from workers.migrating import weakness

        if open_to := weakness(settings):
            raise BadSettings(open_to)
    return settings
