"""Logs of every process: one line for an event, JSON for machines or plain for people; the packages' lines as well."""

import logging
import sys

import structlog


def start_logging(level: str, form: str) -> None:
    """`form` is `json` or `console`."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    shown = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, shown]
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for talkative in ("httpx", "httpcore", "kafka", "stripe", "procrastinate"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, logging.getLevelName(level)))
