"""How the eventsourcing package carries the log: its settings, and its mapper made ours."""

from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.utils import get_topic
from psycopg.conninfo import conninfo_to_dict

from eventlog.envelope import Recorded, Stored, decode, encode
from eventlog.recorder import SettledRecorder


class EventMapper(Mapper[UUID]):
    """Between the package's stored events and ours; what is personal stays sealed."""

    def to_stored_event(self, domain_event: Recorded) -> StoredEvent:
        return StoredEvent(
            domain_event.originator_id, domain_event.originator_version, domain_event.name, encode(domain_event)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        s = stored_event
        return decode(Stored(0, s.originator_id, s.originator_version, s.topic, s.state))


SETTINGS = {
    "PERSISTENCE_MODULE": "eventsourcing.postgres",
    "POSTGRES_SCHEMA": "eventlog",
    "CREATE_TABLE": "no",
    "MAPPER_TOPIC": get_topic(EventMapper),
    "APPLICATION_RECORDER_TOPIC": get_topic(SettledRecorder),
    "POSTGRES_PRE_PING": "y",
    "POSTGRES_CONNECT_TIMEOUT": "5",
    "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "5",
}


def connection_settings(database_url: str) -> dict[str, str]:
    """The package's settings from a Postgres URL or conninfo string."""
    where = conninfo_to_dict(database_url)
    found = {
        "DBNAME": where.get("dbname"),
        "HOST": where.get("host", "127.0.0.1"),
        "PORT": where.get("port", 5432),
        "USER": where.get("user", "postgres"),
        "PASSWORD": where.get("password", "-"),
    }
    return {f"POSTGRES_{name}": str(value) for name, value in found.items()}
