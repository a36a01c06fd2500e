"""`totetaxi ledger`: what it prints, for people and for programs, and when it is complete."""

from datetime import timedelta

import pytest
from msgspec import json

import cli
from domain.payment_events import DisputeClosed, DisputeOpened, PaymentRequested, PaymentSucceeded, RefundPaidOut
from projections import ledger
from projections.models import create_all
from tests.projections.going_on import projected
from tests.projections.stories import Story, follow, tell
from tests.samples import NOON, person
from tests.test_settings import ENOUGH
from workers import ledger as command

DAY = timedelta(days=1)
CENTS = 123_456
BOOKS = """\
day         account                    debit            credit
2027-01-04  at_stripe               1,234.56             36.10
2027-01-04  charged                     0.00          1,234.56
2027-01-04  fees                       36.10              0.00
            total                   1,270.66          1,270.66

2027-01-05  at_stripe                   0.00            500.05
2027-01-05  refunded                  500.00              0.00
2027-01-05  disputed                    0.05              0.00
            total                     500.05            500.05

2027-01-06  disputed                    0.00              0.05
2027-01-06  disputes_lost               0.05              0.00
            total                       0.05              0.05

closing     at_stripe                 698.41              0.00
closing     charged                     0.00          1,234.56
closing     refunded                  500.00              0.00
closing     fees                       36.10              0.00
closing     disputed                    0.00              0.00
closing     disputes_lost               0.05              0.00
            total                   1,234.56          1,234.56

the bank's fee for a dispute is not in the books: Stripe does not tell us of it

debits equal credits: 1,770.76
"""


@pytest.fixture
def asked(database, monkeypatch, tmp_path):
    """Calls the command on the test's database."""
    mine = {"DATABASE_URL": database, "TOTETAXI_ENV": "test", "TOTETAXI_DATA": str(tmp_path)}
    for name, text in (ENOUGH | mine).items():
        monkeypatch.setenv(name, text)
    return lambda *words: cli.main(["ledger", *words])


@pytest.fixture
def told(store, db):
    """Charged, the day after partly given back and partly disputed, and then that part is lost."""
    create_all(db)
    story = Story(store)
    story.place()
    days = (
        [PaymentRequested(story.id, person("ada"), CENTS), PaymentSucceeded(CENTS, "ch_1", 3610)],
        [RefundPaidOut(story.refund, 50_000), DisputeOpened("dp_1", 5, "general")],
        [DisputeClosed("dp_1", "lost")],
    )
    for n, events in enumerate(days):
        tell(store, story.id, *((story.payment, event) for event in events), at=NOON + n * DAY)
    return story


@pytest.fixture
def followed(told, store, db):
    follow(store, db, ledger)
    return told


def test_the_books_are_printed_by_day_and_close_with_what_each_account_holds(asked, followed, capsys):
    assert asked() == 0
    assert capsys.readouterr() == (BOOKS, "")


def test_days_before_the_first_asked_for_are_summed_up_and_later_ones_left_out(asked, followed, capsys):
    assert asked("--from", "2027-01-05", "--to", "2027-01-05") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown if line[:3] in ("bef", "202")] == ["before"] * 3 + ["2027-01-05"] * 3
    assert "closing     disputed                    0.05              0.00" in shown
    assert shown[-1] == "debits equal credits: 1,770.71"


def test_programs_are_told_cents(asked, followed, capsys):
    assert asked("--json", "--from", "2027-01-06") == 0
    shown = json.decode(capsys.readouterr().out)
    assert shown["before"]["at_stripe"] == {"debit_cents": CENTS, "credit_cents": 53_615}
    [last] = shown["days"]
    assert last == {
        "day": "2027-01-06",
        "total": {"debit_cents": 5, "credit_cents": 5},
        "accounts": {"disputed": {"debit_cents": 0, "credit_cents": 5},
                     "disputes_lost": {"debit_cents": 5, "credit_cents": 0}}}  # fmt: skip
    assert shown["closing"] == {
        "at_stripe": 69_841, "charged": -CENTS, "refunded": 50_000, "fees": 3610, "disputed": 0, "disputes_lost": 5,
    }  # fmt: skip
    assert (shown["is_balanced"], shown["behind_events"], shown["parked_keys"]) == (True, 0, 0)


def test_books_without_anything_in_them_balance(asked, db, capsys):
    create_all(db)
    assert asked() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "debits equal credits: 0.00"


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_debits_that_are_not_credits_are_told_with_their_day_and_the_exit_code_is_one(
    asked, followed, db, capsys, words
):
    db.execute("update ledger.postings set debit_cents = debit_cents + 1 where day = '2027-01-05' and debit_cents > 0")
    assert asked(*words) == 1
    shown = capsys.readouterr().out
    assert ('"is_balanced": false' in shown) if words else ("DEBITS ARE NOT CREDITS: 2027-01-05" in shown)


def test_it_waits_for_what_was_in_the_log(asked, told, database, vault, capsys):
    with projected(database, vault, ledger):
        assert asked() == 0
    assert capsys.readouterr() == (BOOKS, "")


def test_what_is_not_in_it_yet_or_is_parked_is_told(asked, told, db, capsys, monkeypatch):
    monkeypatch.setattr(command, "PATIENCE_S", 0.0)
    db.execute("insert into ledger.parked_keys (key, partition, error) values (%s, 1, 'KeyError')", (told.id,))
    assert asked() == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("7 events of the log are not in it yet")
    assert second.startswith("1 keys are parked")


def test_days_in_the_wrong_order_and_books_that_were_never_made_are_refused(asked, db, capsys):
    assert asked("--from", "2027-01-06", "--to", "2027-01-05") == 2
    create_all(db)
    db.execute("drop schema ledger cascade")
    assert asked() == 2
    assert "totetaxi migrate" in capsys.readouterr().err
