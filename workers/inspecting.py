"""What people ask the log on the command line: a booking at any moment, the events as they come, is it whole?"""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from msgspec import json

from commands.booking_sheet import booking_sheet
from domain.ids import booking_id
from eventlog.chain_checking import Check
from eventlog.envelope import Recorded, Stored
from eventlog.feed import Log, log_at
from eventlog.roles import weakness
from settings import BadSettings, Settings
from workers.upkeep import connected, store_of

LAST, AT_ONCE, END, PAUSE_S = 20, 500, 2**62, 0.1


def show_booking(asked: Namespace) -> int:
    """Prints the sheet, with personal data as far as the keys exist."""
    until = as_of(asked.as_of)
    with store_of(Settings.from_env()) as store:
        sheet = booking_sheet(store.history(booking_id(asked.number)), until)
    then = " then" if asked.as_of else ""
    print(json.format(json.encode(sheet)).decode() if sheet else f"there is no booking {asked.number}{then}")
    return 0 if sheet else 1


def as_of(text: str) -> Callable[[Recorded], bool]:
    """Admits events up to an instant (RFC 3339, in UTC when it names no zone) or a version."""
    if not text:
        return lambda recorded: True
    if text.isdecimal():
        return lambda recorded: recorded.originator_version <= int(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSettings(f"--as-of {text}: takes an instant like 2027-01-12T09:00:00Z, or a version") from error
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return lambda recorded: recorded.at <= instant


def tail_events(asked: Namespace) -> None:
    """Prints the last events, or those after a position; goes on with --follow."""
    with log_at(Settings.from_env().database_url) as log:
        after = asked.after if asked.after is not None else max(0, (log.recorder.max_notification_id() or 0) - LAST)
        for stored in events(log, after, asked.follow):
            print(line(stored), flush=True)


def events(log: Log, after: int, follow: bool) -> Iterator[Stored]:
    while rows := log.read(after, AT_ONCE, END) or follow:
        if rows is True:
            time.sleep(PAUSE_S)
            continue
        yield from rows
        after = rows[-1].position


def line(stored: Stored) -> str:
    body = json.decode(stored.body)
    event = json.encode(body["event"]).decode()
    return f"{stored.position:>9} {body['at']} {stored.stream} v{stored.version} {stored.name} {event}"


def verify_audit(_: Namespace) -> int:
    """Says what was done to the audit log and where; exits with 1 if anything was."""
    settings, count = Settings.from_env(), 0
    with connected(settings) as db:
        check = Check(db, settings.audit_heads)
        for finding in check.findings():
            count += 1
            print(finding, flush=True)
        if way := weakness(db):
            print(f"the log is not protected from the role of DATABASE_URL: it {way}")
    heads = f"{check.heads} head{'s' * (check.heads != 1)} in {settings.audit_heads}"
    print(f"{check.sealed} entries are sealed, {check.not_sealed} not yet; compared with {heads}")
    print(f"{count} finding{'s' * (count > 1)}" if count else "the audit log is whole")
    return 1 if count else 0
