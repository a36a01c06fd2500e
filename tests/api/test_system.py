"""What the machines that watch are told: how far everything is, what is overdue, who holds the feed up."""

import psycopg
from prometheus_client.parser import text_string_to_metric_families

from tests.waiting import until


def measured(house) -> dict[str, float]:
    families = text_string_to_metric_families(house.http.get("/metrics").text)
    return {s.name + "".join(s.labels.values()): s.value for family in families for s in family.samples}


def test_what_nobody_reacts_to_is_counted(house):
    before = measured(house)["totetaxi_reactions_lag_positions"]
    assert house.book().status_code == 201
    after = measured(house)
    assert after["totetaxi_reactions_lag_positions"] >= before + 3
    assert after["totetaxi_relay_lag_positions"] == 0


def test_timers_that_are_overdue_and_jobs_that_were_given_up_are_counted(house):
    with psycopg.connect(house.database) as db:
        db.execute("insert into eventlog.timers values ('hold', gen_random_uuid(), now() - interval '1 minute')")
        db.execute("insert into procrastinate_jobs (queue_name, task_name, status) values ('q', 't', 'failed')")
    told = measured(house)
    assert (told["totetaxi_overdue_timers"], told["totetaxi_jobsfailed"], told["totetaxi_jobstodo"]) == (1, 1, 0)


def test_who_has_written_to_the_log_and_idles_is_named(house):
    assert house.http.get("/readyz").json()["feed_held_up_by"] == []
    with psycopg.connect(house.database, application_name="forgetful") as db:
        db.execute("insert into eventlog.stored_events values (gen_random_uuid(), 1, 'X', '')")
        [held_up] = until(lambda: house.http.get("/readyz").json()["feed_held_up_by"], 20)
        assert (held_up["application_name"], held_up["state"]) == ("forgetful", "idle in transaction")
        assert house.http.get("/readyz").json()["status"] == "degraded"
        assert measured(house)["totetaxi_feed_held_up_by"] == 1
        db.rollback()
