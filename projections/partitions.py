"""The partition of a key, as the read models count by it."""

from uuid import UUID

from eventlog.envelope import partition_of

PARTITIONS = 8


class Parting(dict[UUID, int]):
    """The partition of each key, worked out once: a batch has many events of few keys."""

    def __missing__(self, key: UUID) -> int:
        self[key] = partition_of(key, PARTITIONS)
        return self[key]
