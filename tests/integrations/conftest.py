"""Stripe's sandbox: one for the tests that leave it as it is, one of its own for those that kill it or make it fail."""

from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.integrations.stripe_account import SECRET, Sandbox, Shop


@contextmanager
def new_sandbox(server, *webhook):
    name = f"stripe_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name}")
        with Sandbox(make_conninfo(server, dbname=name), *webhook) as sandbox:
            yield sandbox
        db.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def sandbox(server):
    with new_sandbox(server) as sandbox:
        yield sandbox


@pytest.fixture
def stripe(sandbox):
    return sandbox.client()


@pytest.fixture
def shop():
    with Shop() as shop:
        yield shop


@pytest.fixture
def own_sandbox(database, shop):
    with Sandbox(database, shop.url, SECRET) as sandbox:
        yield sandbox
