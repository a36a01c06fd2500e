"""Claims: which partitions of a read model this process writes, shared out fairly among the projectors that are alive.

Claims and presence are session locks on the connection that writes: when it dies, both are gone at that moment, and
others take over; while it lives, nobody else has them.
"""

from math import ceil

from psycopg import Connection

from projections import locks
from projections.partitions import PARTITIONS


class Claims:
    """The partitions held over one connection, by which the model's rows are written."""

    def __init__(self, db: Connection, name: str):
        self._db, self._name = db, name
        self.held: set[int] = set()
        locks.be_present(db, name)

    def share_out(self) -> None:
        """Give back what is more than a fair share, take what is free up to it. Between batches only."""
        projectors = max(1, locks.count(self._db, locks.presence_class(self._name)))
        share = ceil(PARTITIONS / projectors)
        for partition in sorted(self.held)[share:]:
            locks.give_back(self._db, self._name, partition)
            self.held.remove(partition)
        for partition in range(PARTITIONS):
            wanted = len(self.held) < share and partition not in self.held
            if wanted and locks.try_claim(self._db, self._name, partition):
                self.held.add(partition)
