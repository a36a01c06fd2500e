"""What Prometheus is told: requests and their time; and, when asked, how far the read models are behind."""

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from eventlog.watch import Work
from projections.state import ModelState

REGISTRY = CollectorRegistry()
BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUESTS = Counter("totetaxi_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "totetaxi_request_seconds", "Time to answer.", ["method", "route"], registry=REGISTRY, buckets=BOUNDS
)
WEBHOOKS = Counter(
    "totetaxi_webhooks", "Webhooks received, by what became of them.", ["source", "outcome"], registry=REGISTRY
)
POSTGRES = Gauge("totetaxi_postgres_up", "Whether Postgres answers.", registry=REGISTRY)
HEAD = Gauge("totetaxi_log_head", "The last position that is committed.", registry=REGISTRY)
LAG_EVENTS = Gauge(
    "totetaxi_read_model_lag_events", "Committed events that are not applied.", ["model"], registry=REGISTRY
)
LAG_S = Gauge("totetaxi_read_model_lag_seconds", "Age of the first of them.", ["model"], registry=REGISTRY)
PARKED = Gauge("totetaxi_parked_keys", "Keys whose events wait behind an error.", ["model"], registry=REGISTRY)
CLAIMED = Gauge("totetaxi_claimed_partitions", "Partitions that a projector holds.", ["model"], registry=REGISTRY)
REACTIONS = Gauge("totetaxi_reactions_lag_positions", "Log positions not reacted to.", registry=REGISTRY)
RELAY = Gauge("totetaxi_relay_lag_positions", "Log positions not published; 0 without Kafka.", registry=REGISTRY)
OVERDUE = Gauge("totetaxi_overdue_timers", "Timers that are due for more than five seconds.", registry=REGISTRY)
JOBS = Gauge("totetaxi_jobs", "Jobs that wait, run, or were given up.", ["status"], registry=REGISTRY)
UNEXPLAINED = Gauge(
    "totetaxi_unexplained_cents", "What Stripe has moved and we do not know of, or the reverse.", registry=REGISTRY
)
COMPARED = Gauge(
    "totetaxi_books_compared_timestamp_seconds",
    "When that was last compared as a whole; 0 is never.",
    registry=REGISTRY,
)
HELD_UP = Gauge("totetaxi_feed_held_up_by", "Open transactions that readers of the log wait for.", registry=REGISTRY)


def tell_work(work: Work, blockers: int, with_kafka: bool) -> None:
    REACTIONS.set(work.head - work.reactions)
    RELAY.set(work.head - work.relay if with_kafka else 0)
    OVERDUE.set(work.overdue_timers)
    HELD_UP.set(blockers)
    for status in ("todo", "doing", "failed"):
        JOBS.labels(status).set(work.jobs.get(status, 0))


def tell_books(last: Mapping[str, Any] | None) -> None:
    """The last comparison of our books with Stripe's, if there was one; one that may lack payments is none in time."""
    UNEXPLAINED.set(last["unexplained_cents"] if last else 0)
    COMPARED.set(last["compared_at"].timestamp() if last and last["is_whole"] else 0)


def exposition(models: Sequence[ModelState] | None) -> bytes:
    """In Prometheus's text format; `models` is None while Postgres does not answer."""
    POSTGRES.set(models is not None)
    for model in models or ():
        HEAD.set(model.standing.head)
        LAG_EVENTS.labels(model.name).set(model.standing.lag_events)
        LAG_S.labels(model.name).set(model.standing.lag_s)
        PARKED.labels(model.name).set(model.standing.parked)
        CLAIMED.labels(model.name).set(model.claimed)
    return generate_latest(REGISTRY)
