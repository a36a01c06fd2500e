"""Acts on the command line leave an entry in the audit log: with what they do, or neither is."""

from io import StringIO

import pytest
from msgspec.structs import replace

import cli
from commands.accounts import account_of
from commands.customers import Registration, register
from domain import booking
from domain.audit import Action
from domain.ids import booking_id
from eventlog.store import Ref
from settings import Settings
from tests.samples import placed
from tests.test_settings import ENOUGH
from workers.upkeep import acting, staff_of_this_run, store_of

MAIL, PASSWORD = "ada@example.com", "correct horse battery"
ENTRIES = "select originator_id from eventlog.stored_events where topic = 'StaffActed' order by notification_id"
KEYS = "select key_id, person_id, wrapped, master_id, made_at from eventlog.person_keys"
LAST = "select max(notification_id) from eventlog.stored_events"
BACK = "insert into eventlog.person_keys (key_id, person_id, wrapped, master_id, made_at) values (%s, %s, %s, %s, %s)"


@pytest.fixture
def asked(database, monkeypatch, tmp_path):
    """Calls a command on the test's database, with something on its standard input."""
    mine = {"DATABASE_URL": database, "TOTETAXI_ENV": "test", "TOTETAXI_DATA": str(tmp_path)}
    for name, text in (ENOUGH | mine).items():
        monkeypatch.setenv(name, text)

    def call(*words, given=""):
        monkeypatch.setattr("sys.stdin", StringIO(given))
        return cli.main(words)

    return call


def entries(db):
    with store_of(Settings.from_env()) as store:
        return [store.history(id)[0].event for (id,) in db.execute(ENTRIES).fetchall()]


def books(*mails):
    """Each as a guest."""
    with acting(Settings.from_env(), "test") as ctx:
        for n, mail in enumerate(mails):
            number = f"TT0000000{n}"
            offer = replace(placed(number=number), person_id=ctx.store.vault.person_id(mail))
            ref = Ref(booking, booking_id(number), True)
            ctx.append([ref], lambda made, offer=offer: [booking.place(made, offer)])


def bring_back(db, last, keys):
    """The log up to a position and the keys, as a backup of that moment has them."""
    db.execute("delete from eventlog.stored_events where notification_id > %s", (last,))
    db.execute("delete from eventlog.destroyed_keys")
    for key in keys:
        db.execute(BACK, key)


def test_what_is_done_to_staff_is_told_with_the_command_that_did_it(asked, db):
    for _ in range(2):
        assert asked("staff", "create", MAIL, given=f"{PASSWORD}\n") == 0
    staff_of_this_run(Settings.from_env(), MAIL)
    id, found = account_of(db, MAIL).id, entries(db)
    assert {(one.action, one.staff_id) for one in found} == {(Action.MANAGE_STAFF, None)}
    assert [one.subject for one in found] == [
        f"command {words} accounts/{id}" for words in ("staff create", "staff create", "run")]  # fmt: skip
    assert found[0].after["staff_member"]["role"] == "admin"


def test_an_act_on_staff_whose_entry_cannot_be_written_is_not_done(asked, db):
    db.execute("alter table eventlog.stored_events add constraint broken check (topic <> 'StaffActed') not valid")
    with pytest.raises(Exception, match="broken"):
        asked("staff", "create", MAIL, given=f"{PASSWORD}\n")
    assert account_of(db, MAIL) is None


@pytest.mark.parametrize("words", [("customer", "forget"), ("person", "forget")], ids=" ".join)
def test_forgetting_account_and_guest_is_one_entry_and_nothing_forgotten_none(asked, db, words):
    books(MAIL)
    with acting(Settings.from_env(), "test") as ctx:
        register(Registration(MAIL, PASSWORD, "Ada", "Byron", "+12125550100"), ctx)
    customer_id = account_of(db, MAIL).id
    assert (asked(*words, MAIL), asked(*words, MAIL)) == (0, 1)
    assert db.execute("select count(*) from eventlog.destroyed_keys").fetchone() == (2,)
    [told] = entries(db)
    assert (told.action, told.staff_id, told.customer_id) == (Action.MODIFY_CUSTOMER, None, customer_id)
    assert told.subject == "command person forget"


def test_forgetting_again_after_a_restore_is_an_entry_for_each_person(asked, db, capsys):
    books(MAIL, "eve@example.com")
    keys, [last] = db.execute(KEYS).fetchall(), db.execute(LAST).fetchone()
    assert asked("person", "forget", MAIL) == asked("person", "forget", "eve@example.com") == 0
    capsys.readouterr()
    asked("person", "forgotten")
    kept = capsys.readouterr().out
    bring_back(db, last, keys)
    assert (entries(db), asked("person", "forget-again", given=kept)) == ([], 0)
    again = entries(db)
    assert [one.subject for one in again] == ["command person forget-again"] * 2
    assert sorted(one.customer_id for one in again) == sorted(person_id for _, person_id, *_ in keys)
