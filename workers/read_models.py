"""What people do with read models on the command line: look, rebuild, roll back, help a parked key, verify."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from types import ModuleType

from eventlog.chain_checking import Check
from eventlog.envelope import UnknownEvent
from eventlog.feed import FeedAway, KafkaFeed, log_at, topic_name
from eventlog.vault import Vault
from projections import parking
from projections.following import Progressed
from projections.models import MODELS
from projections.rebuilding import Site
from projections.rebuilding import rebuild as built_anew
from projections.rebuilding import rollback as rolled_back
from projections.schemas import enter
from projections.state import state
from projections.switching import ModelBusy, NoGeneration, RebuildRunning
from projections.verify import verify as everything
from settings import BadSettings, Settings
from workers.upkeep import connected


def show_all(_: Namespace) -> None:
    settings = Settings.from_env()
    print(f"{'read model':<12} {'complete':>10} {'behind':>8} {'seconds':>8} {'parked':>7} {'claimed':>8}  beside it")
    with connected(settings) as db:
        for model in state(db):
            at = model.standing
            note = " STOPPED: too many parked keys" if at.is_stopped else ""
            print(f"{model.name:<12} {at.complete:>10} {at.lag_events:>8} {at.lag_s:>8.1f} {at.parked:>7} "
                  f"{model.claimed:>8}  {', '.join(model.beside) or '-'}{note}")  # fmt: skip


def show_parked(_: Namespace) -> None:
    count = 0
    with connected(Settings.from_env()) as db:
        for name in MODELS:
            with db.transaction():
                enter(db, name)
                found = parking.parked_keys(db)
            count += len(found)
            for one in found:
                print(f"{name} {one.key} waiting {len(one.positions)} from position {one.positions[0]}, "
                      f"tried {one.attempts} times, {one.wanted or 'nothing'} asked for: {one.error}")  # fmt: skip
    if not count:
        print("nothing is parked")


def rebuild(asked: Namespace) -> int:
    """Exits with 1 when the new one differs and was not switched to."""
    try:
        done = built_anew(_site(), _model(asked.name), asked.accept_difference)
    except (RebuildRunning, ModelBusy, parking.Stopped, UnknownEvent) as error:
        raise BadSettings(str(error)) from error
    for difference in done.differences:
        print(difference)
    what = "switched" if done.switched else f"not switched; the new one stays as {done.name}_next"
    print(f"{done.name}: {done.events} events in {done.seconds:.1f} s, {len(done.differences)} differences, {what}")
    return 0 if done.switched else 1


def rollback(asked: Namespace) -> None:
    try:
        rolled_back(_site(), _model(asked.name))
    except (NoGeneration, RebuildRunning, ModelBusy, parking.Stopped, UnknownEvent) as error:
        raise BadSettings(str(error)) from error
    print(f"{asked.name}: rolled back; the one it was is kept as {asked.name}_old")


def verify(_: Namespace) -> int:
    """Says what is wrong; exits with 1 if anything is."""
    findings = 0
    try:
        with _topic(Settings.from_env()) as topic:
            for finding in chain(everything(_site(), topic), _audit_findings()):
                findings += 1
                print(finding, flush=True)
    except FeedAway as error:
        raise BadSettings(f"Kafka can't be reached: {error}") from error
    print(f"{findings} finding{'s' * (findings > 1)}" if findings else "all is well")
    return 1 if findings else 0


def _audit_findings() -> Iterator[str]:
    settings = Settings.from_env()
    with connected(settings) as db:
        yield from (f"audit chain: {finding}" for finding in Check(db, settings.audit_heads).findings())


@contextmanager
def _topic(settings: Settings) -> Iterator[KafkaFeed | None]:
    """What is published, where there is a Kafka."""
    if not settings.kafka_bootstrap:
        yield None
        return
    with log_at(settings.database_url) as log, log.recorder.connection() as db:
        name = topic_name(db.execute("select id from eventlog.log").fetchone()["id"])
        feed = KafkaFeed(log, settings.kafka_bootstrap, name)
        try:
            yield feed
        finally:
            feed.close()


def retry(asked: Namespace) -> int:
    return _ask_for(asked, "retry")


def skip(asked: Namespace) -> int:
    return _ask_for(asked, "skip")


def _ask_for(asked: Namespace, wanted: str) -> int:
    _model(asked.name)
    with connected(Settings.from_env()) as db, db.transaction():
        enter(db, asked.name)
        is_parked = parking.ask_for(db, asked.key, wanted)
    print(f"{wanted} asked for; the projector does it" if is_parked else f"{asked.key} is not parked in {asked.name}")
    return 0 if is_parked else 1


def _model(name: str) -> ModuleType:
    if name not in MODELS:
        raise BadSettings(f"there is no read model {name}, only {', '.join(MODELS)}")
    return MODELS[name]


def _site() -> Site:
    settings = Settings.from_env()
    return Site(settings.database_url, Vault(settings.master_keys, settings.identity_key), _tell)


def _tell(progress: Progressed) -> None:
    print(progress, file=sys.stderr, flush=True)
