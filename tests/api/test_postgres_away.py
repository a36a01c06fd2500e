"""While Postgres is away everybody is asked to come back; when it is there again, so are we."""

import psycopg
import pytest

from eventlog.migrations import migrate
from integrations.embedded.postgres import EmbeddedPostgres
from tests.api.house import booking, open_house
from tests.integrations.stripe_account import wait_until


@pytest.fixture
def postgres(tmp_path):
    with EmbeddedPostgres(tmp_path / "postgres", durable=True) as server:
        list(migrate(server.dsn))
        yield server


def test_postgres_away_is_503_and_recovers_by_itself(postgres):
    with open_house(postgres.dsn) as house:
        assert house.book(booking("before@example.com")).status_code == 201
        postgres.kill()
        away = house.book(booking("away@example.com", pickup_time="no_time_preference"))
        assert (away.status_code, away.json()["code"]) == (503, "temporarily_unavailable")
        assert "retry-after" in away.headers
        assert house.http.get("/readyz").status_code == 503
        assert house.http.get("/healthz").status_code == 200
        assert "totetaxi_postgres_up 0.0" in house.http.get("/metrics").text
        postgres.start()
        wait_until(lambda: house.book(booking("after@example.com")).status_code in (201, 409), 30)
        assert house.http.get("/readyz").status_code == 200
        assert house.count() == 2


def test_connections_cut_by_a_restart_are_made_anew(house):
    assert house.book(booking("before@example.com")).status_code == 201
    with psycopg.connect(house.database, autocommit=True) as db:
        db.execute("""select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid()""")
    wait_until(lambda: house.book(booking("after@example.com")).status_code in (201, 409), 30)
    assert house.http.get("/readyz").status_code == 200
    assert house.count() == 2
