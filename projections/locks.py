"""The advisory locks of the read side: who writes a partition, who projects at all, and when a switch may be.

Session locks live on the connection that writes, so that whoever has lost the connection can no longer write.
"""

from hashlib import sha256

from psycopg import Connection
from psycopg.rows import tuple_row

COUNT = """select count(*) from pg_locks
           where locktype = 'advisory' and classid::bigint = %s and objsubid = 2 and granted
           and database = (select oid from pg_database where datname = current_database())"""


def claim_class(name: str) -> int:
    """First number of `pg_try_advisory_lock(class, partition)`: held by the projector that writes the partition."""
    return number(f"claim {name}", 4)


def presence_class(name: str) -> int:
    """First number of `pg_advisory_lock_shared(class, 0)`: held by every live projector of the model."""
    return number(f"presence {name}", 4)


def model_lock(name: str) -> int:
    """Held shared by each batch and each query, exclusive by switch and roll-back."""
    return number(f"model {name}", 8)


def rebuild_lock(name: str) -> int:
    """Held by the one rebuild of a model."""
    return number(f"rebuild {name}", 8)


def number(text: str, size: int) -> int:
    return int.from_bytes(sha256(b"totetaxi projections " + text.encode()).digest()[:size], signed=True)


def count(db: Connection, lock_class: int) -> int:
    """How many hold a lock of the class in this database."""
    [(held,)] = db.cursor(row_factory=tuple_row).execute(COUNT, (lock_class % 2**32,)).fetchall()
    return held


def try_claim(db: Connection, name: str, partition: int) -> bool:
    """Not to be asked for what this connection has: the server would count it twice."""
    [(got,)] = db.execute("select pg_try_advisory_lock(%s, %s)", (claim_class(name), partition)).fetchall()
    return got


def give_back(db: Connection, name: str, partition: int) -> None:
    db.execute("select pg_advisory_unlock(%s, %s)", (claim_class(name), partition))


def be_present(db: Connection, name: str) -> None:
    db.execute("select pg_advisory_lock_shared(%s, 0)", (presence_class(name),))
