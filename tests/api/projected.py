"""Read models of a house, brought to the end of its log as the projector does it."""

import psycopg

from eventlog.feed import PostgresFeed, open_log
from projections.applying import apply, positions
from projections.models import MODELS
from projections.schemas import name_of


def project(house) -> None:
    """Every read model of the house has all that was written so far."""
    with psycopg.connect(house.database, autocommit=True) as db:
        feed = PostgresFeed(open_log(house.store.recorder))
        for model in MODELS.values():
            while (batch := feed.read(at := positions(db, name_of(model)), 10_000, 0)).progress != at:
                apply(db, model, batch, house.store.vault)
