"""Where words that must be nowhere are looked for: every byte of every table, and every record of the topic."""

import re
from collections.abc import Iterable
from contextlib import closing

import psycopg
from kafka import KafkaConsumer, TopicPartition
from psycopg.sql import SQL, Identifier

from eventlog.envelope import ENCODER, Stored, decode, unseal_all
from eventlog.vault import Vault

TABLES = """select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'
            and table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"""

NO_DIGITS = re.compile(rb"[^0-9]+")
LOG = """select notification_id, originator_id, originator_version, topic, state from eventlog.stored_events
         order by notification_id"""


def tables(db: psycopg.Connection) -> dict[str, bytes]:
    """All that each table holds, as text; what lies there as bytes, as it is."""
    found = {}
    for schema, name in db.execute(TABLES).fetchall():
        rows = db.execute(SQL("select * from {}").format(Identifier(schema, name))).fetchall()
        found[f"{schema}.{name}"] = b"\n".join(as_bytes(value) for row in rows for value in row)
    return found


def opened_log(db: psycopg.Connection, vault: Vault) -> bytes:
    """Every event with what is personal in it, as far as there are keys that open it."""
    rows = db.execute(LOG).fetchall()
    events = unseal_all([decode(Stored(*row)) for row in rows], vault, db)
    return b"\n".join(ENCODER.encode(recorded.event) for recorded in events)


def as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def topic(bootstrap: str, name: str) -> bytes:
    """Every record that can still be read: keys, headers and bodies."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")) as consumer:
        places = [TopicPartition(name, partition) for partition in range(8)]
        ends = consumer.end_offsets(places)
        consumer.assign(places)
        found = []
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=500).values():
                found += [b" ".join((r.key, r.value, *(value for _, value in r.headers))) for r in records]
    return b"\n".join(found)


def in_digits_alone(haystacks: dict[str, bytes]) -> dict[str, bytes]:
    """What is left when all else is taken out: a number that was written in pieces is whole again."""
    return {f"{where}, its digits": NO_DIGITS.sub(b"", text) for where, text in haystacks.items()}


def places_of(words: Iterable[str], haystacks: dict[str, bytes]) -> set[tuple[str, str]]:
    """(word, where) for each word that can be read somewhere, in whatever case."""
    lowered = {where: text.lower() for where, text in haystacks.items()}
    return {(word, where) for word in words for where, text in lowered.items() if word.lower().encode() in text}
