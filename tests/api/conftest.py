"""An API of a test's own, one for the tests that write nothing, and Stripe's sandbox beside them."""

from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.api.house import open_house
from tests.conftest import TEMPLATE
from tests.integrations.stripe_account import Sandbox


@pytest.fixture
def house(database):
    with open_house(database) as house:
        yield house


@pytest.fixture(scope="session")
def sandbox(server):
    name = f"stripe_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name}")
        with Sandbox(make_conninfo(server, dbname=name)) as sandbox:
            yield sandbox
        db.execute(f"drop database {name} with (force)")


@pytest.fixture
def paying_house(database, sandbox):
    """With payments that can be played."""
    with open_house(database, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        yield house


@pytest.fixture(scope="module")
def own_database(server):
    """One for all tests of a file."""
    name = f"file_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template {TEMPLATE}")
        yield make_conninfo(server, dbname=name)
        db.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def still_house(own_database):
    """Shared by tests that leave it as it is."""
    with open_house(own_database) as house:
        yield house


@pytest.fixture(scope="module")
def busy_house(own_database, sandbox):
    """With payments that can be played; shared by a file's tests, each with guests and days of its own."""
    with open_house(own_database, TOTETAXI_STRIPE_API_URL=sandbox.url) as house:
        yield house
