"""Commands on a real log, with Stripe's sandbox behind real HTTP; the catalogue is stocked."""

import pytest

from commands import Context
from commands.catalog import seed
from eventlog.envelope import Origin
from eventlog.ids import new_id
from tests.integrations.conftest import own_sandbox, sandbox, shop, stripe  # noqa: F401 - fixtures
from tests.samples import NOON

SECRET = b"a secret of the tests"


@pytest.fixture
def ctx(store, stripe):  # noqa: F811
    """ctx(now=…, actor=…): a context of its own for each command; `stripe=` is another client than the shared one."""

    def make(now=NOON, actor="guest", **more):
        parts = {"store": store, "stripe": stripe, "secret": SECRET} | more
        return Context(origin=Origin(actor, new_id()), now=now, **parts)

    seed(make())
    return make
