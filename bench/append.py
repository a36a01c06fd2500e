"""`python -m bench.append`: appends a second at 1, 8 and 32 writers, as ratios to raw pgbench and the stock recorder.

A command is two events of 600 bytes in two new streams. Ours and raw write an idempotency row with them, ours also
makes sure that a person's key still exists; the stock recorder does neither. A durable server of its own.
"""

import argparse
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from eventlog.ids import new_id
from eventlog.migrations import migrate
from eventlog.recorder import SettledRecorder
from eventlog.statements import Claim, Once
from eventlog.store import connection_settings
from eventlog.vault import Vault
from integrations.embedded.binaries import find_binaries
from integrations.embedded.postgres import EmbeddedPostgres

WARM_UP_S = 1.5
WRITERS, PROCESSES, TARGETS = (1, 8, 32), 2, {"raw": 0.2, "stock": 3.0}
BODY, HASH = b"x" * 600, b"h" * 32
RAW = """
with new as (
    insert into eventlog.stored_events (originator_id, originator_version, topic, state)
    select gen_random_uuid(), 1, 'Topic', repeat('x', 600)::bytea from generate_series(1, 2) returning notification_id)
insert into eventlog.idempotency (caller, route, key, body_hash, ids, position)
select 'caller', '/route/', gen_random_uuid()::text, repeat('h', 32)::bytea, '{"booking_id": "b"}', max(notification_id)
from new;
"""


def events() -> list[StoredEvent]:
    return [StoredEvent(new_id(), 1, "Topic", BODY) for _ in range(2)]


def append_between(recorder: Any, claims: bool, start: float, end: float) -> int:
    """One writer: how many commands it appended between the two instants, its first ones before them."""
    count = 0
    with recorder.datastore.get_connection() as db:
        key = Vault({"m": b"m" * 32}, b"i").key_for(db, new_id()).key_id if claims else None
    while time.time() < end:
        more = {}
        if claims:
            more = {"claim": Claim([key], Once("caller", "/route/", str(new_id()), HASH, {"booking_id": "b"}))}
        recorder.insert_events(events(), **more)
        count += time.time() > start
    return count


def append_from_a_process(kind: str, database: str, writers: int, window: tuple[float, float]) -> int:
    where = {name.removeprefix("POSTGRES_").lower(): value for name, value in connection_settings(database).items()}
    make, schema = {"ours": (SettledRecorder, "eventlog"), "stock": (PostgresApplicationRecorder, "public")}[kind]
    with PostgresDatastore(**where, schema=schema, pool_size=writers) as datastore:
        recorder = make(datastore)
        with ThreadPoolExecutor(writers) as threads:
            return sum(threads.map(lambda _: append_between(recorder, kind == "ours", *window), range(writers)))


def measured(pool: Pool, kind: str, database: str, shape: tuple[int, float]) -> float:
    """Commands a second of so many writers for so many seconds, spread over the processes."""
    writers, seconds = shape
    start = time.time() + WARM_UP_S
    shares = [share for n in range(PROCESSES) if (share := len(range(n, writers, PROCESSES)))]
    counts = [
        pool.apply_async(append_from_a_process, (kind, database, share, (start, start + seconds))) for share in shares
    ]
    return sum(count.get(seconds + 60) for count in counts) / seconds


def pgbench(database: str, script: Path, shape: tuple[int, float]) -> float:
    """Commands a second of the raw rows, by the server's own load generator."""
    where, (writers, seconds) = conninfo_to_dict(database), shape
    program = find_binaries(None) / "pgbench"
    if not program.exists():
        program = next(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), Path("pgbench"))
    command = [program, "-n", "-M", "prepared", "-f", script, "-c", str(writers), "-j", str(min(writers, 2)),
               "-T", str(max(1, round(seconds))), "-h", where["host"], "-p", str(where.get("port", 5432)),
               "-U", where["user"], where["dbname"]]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    [rate] = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("tps")]
    return float(rate)


def compare(dsn: str, folder: Path, seconds: float, rounds: int) -> dict[int, dict[str, float]]:
    """For each number of writers the median of the rounds, in which the three take turns."""
    for name in ("ours", "stock", "raw"):
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute(f"create database {name}")
        list(migrate(make_conninfo(dsn, dbname=name)))
    databases = {name: make_conninfo(dsn, dbname=name) for name in ("ours", "stock", "raw")}
    settings = {
        name.removeprefix("POSTGRES_").lower(): v for name, v in connection_settings(databases["stock"]).items()
    }
    with PostgresDatastore(**settings) as datastore:
        PostgresApplicationRecorder(datastore).create_table()
    (script := folder / "raw.sql").write_text(RAW.replace("\n", " ").strip() + "\n")
    found: dict[int, dict[str, list[float]]] = {n: {"ours": [], "stock": [], "raw": []} for n in WRITERS}
    with get_context("spawn").Pool(PROCESSES) as pool:
        for writers in WRITERS * rounds:
            shape = (writers, seconds)
            found[writers]["raw"].append(pgbench(databases["raw"], script, shape))
            for kind in ("ours", "stock"):
                found[writers][kind].append(measured(pool, kind, databases[kind], shape))
    return {n: {kind: median(rates) for kind, rates in of.items()} for n, of in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is told")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        rates = compare(server.dsn, Path(folder), asked.seconds, asked.rounds)
    print("writers   ours/s  stock/s    raw/s  ours/raw  ours/stock")
    for writers, of in rates.items():
        print(f"{writers:7} {of['ours']:8.0f} {of['stock']:8.0f} {of['raw']:8.0f}"
              f" {of['ours'] / of['raw']:9.2f} {of['ours'] / of['stock']:11.2f}")  # fmt: skip
    reached = {kind: rates[32]["ours"] / rates[32][kind] for kind in TARGETS}
    short = {kind: ratio for kind, ratio in reached.items() if ratio < TARGETS[kind]}
    print("targets at 32 writers:", *(f"{kind} >= {least}" for kind, least in TARGETS.items()), "- short of" if short
          else "- reached", *short)  # fmt: skip
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
