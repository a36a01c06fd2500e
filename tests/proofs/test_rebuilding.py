"""Every read model is rebuilt, switched and rolled back again and again while bookings go on and readers ask."""

import os
import threading
from contextlib import ExitStack, contextmanager

from eventlog.store import EventStore
from projections.applying import positions
from projections.models import MODELS, create_all
from projections.rebuilding import Site, rebuild, rollback
from projections.verify import verify
from tests.projections.going_on import Reader, in_background, live
from tests.waiting import until
from workers.projector import Projector, Sources

ROUNDS = 20 if os.environ.get("TOTETAXI_PROVE") else 1


def test_read_models_are_rebuilt_switched_and_rolled_back_while_bookings_go_on(database, vault, db):
    create_all(db)
    site = Site(database, vault)
    with ExitStack() as open_things:
        store = open_things.enter_context(EventStore(database, vault))
        readers = [open_things.enter_context(reader(database, model)) for model in MODELS.values()]
        with projector(database, vault), projector(database, vault):
            with in_background(lambda: live(store), *(one.ask for one in readers)):
                differences = [found for _ in range(ROUNDS) for found in turn(site)]
            head = store.recorder.max_notification_id()
            for name in MODELS:
                until(lambda name=name: all(at.position >= head for at in positions(db, name).values()))
    assert differences == []
    assert list(verify(site)) == []
    for one in readers:
        assert one.wrong == []
        assert one.miscounted(db) == []
        assert one.answers > 10 * ROUNDS
        assert len(one.generations) > ROUNDS


def turn(site):
    """Rebuild each read model and switch, back and forth; what was different."""
    for model in MODELS.values():
        outcome = rebuild(site, model)
        yield from outcome.differences
        rollback(site, model)
        rollback(site, model)


@contextmanager
def reader(database, model):
    one = Reader(database, model)
    try:
        yield one
    finally:
        one.close()


@contextmanager
def projector(database, vault):
    projecting = Projector(Sources(database, vault))
    thread = threading.Thread(target=projecting.run)
    thread.start()
    try:
        yield
    finally:
        projecting.stop()
        thread.join()
