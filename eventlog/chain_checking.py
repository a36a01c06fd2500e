"""What can be wrong with the audit log: found by its chain, made again from the log, and by the heads outside.

What was changed without its chain is found at its place. What was changed with all of the chain behind it fits itself,
but not the heads that were told outside before, which say between which entries it was done.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path

from psycopg import Connection
from psycopg.rows import tuple_row

from domain import Value
from eventlog.chain import NAMES, START, Link, entries, hashed, last_link, links
from eventlog.envelope import Stored
from eventlog.heads import Head, read_heads

BATCH = 1_000
WHERE_NOW = "select notification_id from eventlog.stored_events where originator_id = %s and originator_version = %s"
UNSEALED = "select count(*) from eventlog.stored_events where notification_id > %s and topic = any(%s)"


class What(StrEnum):
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"
    REWRITTEN = "rewritten"
    UNGUARDED = "unguarded"


class Finding(Value):
    """`n` is the place in the chain, where there is one; `position` that in the log."""

    what: What
    n: int | None
    position: int | None
    words: str

    def __str__(self) -> str:
        return self.words


class Check:
    """`findings` once; then it knows how many entries are sealed, how many not yet, and how many heads it compared."""

    def __init__(self, db: Connection, heads: Path):
        self._db, self._heads = db, heads
        self.sealed, self.not_sealed, self.heads = 0, 0, 0

    def findings(self) -> Iterator[Finding]:
        """None when all is well. Memory does not grow with the log."""
        last = last_link(self._db)
        if last:
            yield from self._chain_findings(last)
        [(self.not_sealed,)] = self._ask(UNSEALED, (self._highest(last), NAMES))
        try:
            yield from self._head_findings(last)
        except ValueError as error:
            yield Finding(What.UNGUARDED, None, None, str(error))

    def _chain_findings(self, last: Link) -> Iterator[Finding]:
        """Chain and log side by side, in the order of both."""
        found = entries(self._db, 0, self._highest(last), BATCH)
        entry, walk = next(found, None), Walk()
        for link in links(self._db, last.n, BATCH):
            self.sealed += 1
            while entry and entry.position < link.position:
                yield _inserted(entry)
                entry = next(found, None)
            here = entry if entry and entry.position == link.position else None
            for finding in walk.step(link, here):
                yield self._gone(link) if finding.what is What.MOVED else finding
            entry = next(found, None) if here else entry
        while entry:
            yield _inserted(entry)
            entry = next(found, None)

    def _gone(self, link: Link) -> Finding:
        """Moved to another position, or removed?"""
        for (position,) in self._ask(WHERE_NOW, (link.stream, link.version)):
            words = f"entry {link.n} was moved from position {link.position} of the log to {position}"
            return Finding(What.MOVED, link.n, link.position, words)
        where = f"position {link.position} of the log ({link.stream} version {link.version})"
        return Finding(What.REMOVED, link.n, link.position, f"entry {link.n} at {where} was removed")

    def _head_findings(self, last: Link | None) -> Iterator[Finding]:
        [(log_id,)] = self._ask("select id from eventlog.log", ())
        good, wrong, foreign = 0, 0, 0
        lines = read_heads(self._heads)
        while heads := list(islice(lines, BATCH)):
            ours = [head for head in heads if head.log == log_id]
            foreign += len(heads) - len(ours)
            query = "select n, encode(hash, 'hex') from eventlog.audit_chain where n = any(%s)"
            hashes = dict(self._ask(query, ([head.n for head in ours],)))
            for head in ours:
                self.heads += 1
                if hashes.get(head.n) == head.hash:
                    good = max(good, head.n)
                    continue
                wrong += 1
                if wrong == 1:
                    yield self._against(head, good, last)
        yield from self._unguarded(foreign, last)

    def _against(self, head: Head, good: int, last: Link | None) -> Finding:
        """What the first head that does not fit says: all behind the last one that fits may have been changed."""
        told = f"the head of {head.at:%Y-%m-%d %H:%M:%S} UTC in {self._heads}"
        if head.n > (end := last.n if last else 0):
            words = f"the chain ends with entry {end}, but {told} has {head.n}, at position {head.position} of the log"
            return Finding(What.CUT_OFF, end + 1, head.position, f"{words}: what came last was removed")
        words = f"between entries {good + 1} and {head.n} (position {head.position}) log and chain were made anew"
        return Finding(What.REWRITTEN, good + 1, head.position, f"{words}: they differ from {told}")

    def _unguarded(self, foreign: int, last: Link | None) -> Iterator[Finding]:
        if foreign:
            words = f"{foreign} heads in {self._heads} are of another log: after a restore or a wipe put the file aside"
            yield Finding(What.UNGUARDED, None, None, words)
        if last and not self.heads:
            words = f"no head of this log is in {self._heads}: nothing tells whether its end was removed"
            yield Finding(What.UNGUARDED, last.n, last.position, words)

    def _highest(self, last: Link | None) -> int:
        query = "select coalesce(max(position), 0) from eventlog.audit_chain where n <= %s"
        [(position,)] = self._ask(query, (last.n if last else 0,))
        return position

    def _ask(self, query: str, values: tuple) -> list[tuple]:
        return self._db.cursor(row_factory=tuple_row).execute(query, values).fetchall()


class Walk:
    """Link by link, each by the stored hash before it, so that one that is wrong does not spoil those behind it."""

    def __init__(self) -> None:
        self._n, self._previous = 0, {START}

    def step(self, link: Link, entry: Stored | None) -> Iterator[Finding]:
        """Its findings; MOVED for what is not at its place, wherever it is."""
        missing = self._n + 1 if link.n != self._n + 1 else None
        made = [hashed(previous, link.n, entry) for previous in self._previous] if entry else []
        self._n, self._previous = link.n, {link.hash, *made}
        if missing:
            words = f"the chain has no entry {missing}: it was removed, or its row of the chain was"
            yield Finding(What.REMOVED, missing, link.position, words)
        if entry is None or (entry.stream, entry.version) != (link.stream, link.version):
            yield Finding(What.MOVED, link.n, link.position, "")
        elif link.hash not in made and not missing:
            words = f"entry {link.n} at position {link.position} of the log was changed, or its row of the chain"
            yield Finding(What.CHANGED, link.n, link.position, words)


def _inserted(entry: Stored) -> Finding:
    where = f"position {entry.position} of the log ({entry.stream} version {entry.version})"
    return Finding(
        What.INSERTED, None, entry.position, f"the entry at {where} was inserted: the chain does not have it"
    )
