"""Entries of an audit log, sealed at once, and every way to tamper with them, by the owner of the database."""

from datetime import UTC, datetime
from uuid import UUID

from domain import audit
from domain.audit import Action, Change, PersonalChangeRecorded, StaffActed, Whence
from eventlog.chain import last_link, seal
from eventlog.chain_checking import Check
from eventlog.heads import Head, write_head
from eventlog.ids import new_id
from eventlog.store import Ref
from tests.samples import note, person

END = 2**62


def act(store, subject="", change=None) -> UUID:
    """One entry; its stream."""
    id = new_id()
    acted = StaffActed(
        person("max"), Action.MODIFY_CUSTOMER, "req-1", subject=subject, personal=Whence("192.0.2.7", "")
    )
    store.append([Ref(audit, id, is_new=True)], lambda entry: [audit.record(entry, acted, change)], note())
    return id


def act_on_ada(store) -> UUID:
    return act(store, change=PersonalChangeRecorded(person("ada"), Change({"notes": "tea"}, {"notes": "coffee"})))


def seal_all(db, heads=None):
    """Chain all that there is, and tell the head."""
    while seal(db, 0, END, 7):
        pass
    if heads:
        [(log_id,)] = db.execute("select id from eventlog.log").fetchall()
        last = last_link(db)
        write_head(heads, Head(log_id, last.n, last.position, last.hash.hex(), datetime(2027, 1, 4, tzinfo=UTC)))


def found(db, heads):
    """What is found, as (what, n)."""
    return [(finding.what, finding.n) for finding in Check(db, heads).findings()]


def change(db, position, word="req-1", other="req-2"):
    query = """
        update eventlog.stored_events set state = convert_to(replace(convert_from(state, 'utf8'), %s, %s), 'utf8')
        where notification_id = %s and position(%s in convert_from(state, 'utf8')) > 0"""
    assert db.execute(query, (word, other, position, word)).rowcount == 1


def remove(db, position):
    assert db.execute("delete from eventlog.stored_events where notification_id = %s", (position,)).rowcount == 1


def move(db, position, to):
    query = "update eventlog.stored_events set notification_id = %s where notification_id = %s"
    assert db.execute(query, (to, position)).rowcount == 1


def insert_at(db, position):
    """A copy of another entry as one that was never made."""
    query = """insert into eventlog.stored_events select %s, 1, topic, state, %s from eventlog.stored_events
               where topic = 'StaffActed' limit 1"""
    db.execute(query, (new_id(), position))


def forge_chain(db, n):
    """All links from the n-th on are made anew over the log as it is now."""
    db.execute("delete from eventlog.audit_chain where n >= %s", (n,))
    seal_all(db)
