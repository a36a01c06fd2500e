"""What tests of the read side share: the read models, made; a pool of connections; a way to ask them."""

import pytest
from psycopg_pool import ConnectionPool

from projections.asking import reading
from projections.models import create_all
from tests.projections.stories import follow


@pytest.fixture
def made(db):
    """The read models' schemas, empty."""
    create_all(db)
    return db


@pytest.fixture
def pool(database, made):
    with ConnectionPool(database, min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture
def ask(store, made, pool):
    """`ask(model, query, ...)`: the model is brought to the end of the log, then asked."""

    def asked(model, query, *args, **more):
        follow(store, made, model)
        with reading(pool, model) as db:
            return query(db, *args, **more)

    return asked
