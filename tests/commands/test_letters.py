"""Letters about accounts: to whom, with which token, once, and what they do not say."""

import re
from html import unescape

import pytest

from commands.accounts import Account, Kind, create_account
from commands.customers import Registration, forget_customer, register, verify_mail
from commands.letters import DRAFTS, KINDS, post
from commands.logins import FAILURES, LOCKED
from commands.password_reset import reset_password
from commands.profiles import ProfileChange, change_profile
from domain.customer import MailChanged
from domain.permissions import Role
from eventlog.ids import new_id
from integrations.inbox import Inbox
from integrations.mail import MailUnavailable
from tests.samples import NOON

SITE = "https://totetaxi.example"
PASSWORD = "correct horse battery"
HOSTILE = '<script>alert(1)</script>\r\nBcc: eve@example.com\n\n"><img src=x>'
TOKEN = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{64}")
TAG = re.compile(r"<[^>]*>")


class Pile:
    """A mailer that keeps letters as they were given to it, with their HTML."""

    def __init__(self):
        self.letters = []

    def send(self, letter):
        self.letters.append(letter)
        return letter.id


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


@pytest.fixture
def mailing(ctx, inbox):
    """mailing(): a context whose letters come into the inbox."""
    return lambda **more: ctx(**({"mail": inbox, "site": SITE} | more))


@pytest.fixture
def ada(mailing, db):
    """An account that has not proven its address."""
    return customer("ada", mailing, db)


def customer(name, mailing, db, first_name="Ada"):
    register(Registration(f"{name}@example.com", PASSWORD, first_name, "Byron", "+12125550123"), mailing())
    return account_id(db, f"{name}@example.com")


def account_id(db, mail):
    return db.execute("select id from api.accounts where mail = %s", (mail,)).fetchone()[0]


def staff(db, vault, mail="boss@example.com"):
    account = Account(new_id(), Kind.STAFF, mail, vault.person_id(mail), role=Role.ADMIN)
    create_account(db, account, "no hash", NOON)
    return account.id


def token(letter):
    [found] = set(TOKEN.findall(letter.text))
    return found


def proven(id, mailing, inbox):
    """The account's address is proven by its letter."""
    post("letter_verify", id, mailing())
    verify_mail(token(inbox.letters()[0]), mailing())
    return len(inbox.letters())


def move(id, mail, mailing, inbox):
    """Changes the address, which is proven by its letter."""
    change_profile(id, ProfileChange(email=mail), None, mailing())
    post("letter_change", id, mailing())
    verify_mail(token(inbox.letters()[0]), mailing())


def changes(id, store):
    """The positions at which the address was changed."""
    return [each.position for each in store.history(id) if isinstance(each.event, MailChanged)]


def test_a_new_account_is_asked_to_confirm_its_address(ada, mailing, inbox, db):
    post("letter_verify", ada, mailing())
    [letter] = inbox.letters()
    assert (letter.to, letter.subject) == ("ada@example.com", "Please confirm your mail address")
    assert f"\n\n{SITE}/verify-email?token={token(letter)}\n\n" in letter.text
    assert f"\n\n{token(letter)}\n\n" in letter.text
    assert "within 48 hours" in letter.text
    verify_mail(token(letter), mailing())
    assert db.execute("select is_verified from api.accounts where id = %s", (ada,)).fetchone() == (True,)


def test_an_address_that_is_proven_is_not_asked_again(ada, mailing, inbox):
    count = proven(ada, mailing, inbox)
    post("letter_verify", ada, mailing())
    assert len(inbox.letters()) == count


def test_a_forgotten_password_is_changed_with_the_letter(ada, mailing, inbox):
    post("letter_reset", ada, mailing())
    [letter] = inbox.letters()
    assert f"\n\n{SITE}/reset-password?token={token(letter)}\n\n" in letter.text
    assert "within 24 hours" in letter.text
    reset_password(token(letter), "another good password", mailing())


def test_the_letter_about_a_lock_has_the_way_out_in_it(ada, mailing, inbox):
    post("letter_locked", ada, mailing())
    [letter] = inbox.letters()
    assert letter.subject == "Your account is locked for 15 minutes"
    assert LOCKED.total_seconds() == 15 * 60
    assert (FAILURES, letter.text.count("Five times in a row")) == (5, 1)
    reset_password(token(letter), "another good password", mailing())


def test_who_has_an_account_already_is_told_so_without_a_token(ada, mailing, inbox):
    post("letter_known", ada, mailing())
    [letter] = inbox.letters()
    assert (letter.to, letter.subject) == ("ada@example.com", "You have an account already")
    assert not TOKEN.search(letter.text)


def test_a_new_address_is_asked_and_the_old_one_told(ada, mailing, inbox, db):
    change_profile(ada, ProfileChange(email="countess@example.com"), None, mailing())
    post("letter_change", ada, mailing())
    [asked] = inbox.letters()
    assert (asked.to, asked.subject) == ("countess@example.com", "Please confirm your new mail address")
    verify_mail(token(asked), mailing())
    assert account_id(db, "countess@example.com") == ada
    post("letter_moved", ada, mailing())
    told = inbox.letters()[0]
    assert (told.to, told.subject) == ("ada@example.com", "Your mail address has been changed")
    assert "countess" not in told.text


def test_each_old_address_is_told_of_its_own_change_however_late(ada, mailing, inbox, store):
    for name in ("countess", "lovelace"):
        move(ada, f"{name}@example.com", mailing, inbox)
    for position in changes(ada, store):
        post("letter_moved", ada, mailing(), position)
    assert [letter.to for letter in inbox.letters(most=2)] == ["countess@example.com", "ada@example.com"]
    assert {letter.subject for letter in inbox.letters(most=2)} == {"Your mail address has been changed"}


def test_a_change_that_nobody_asks_for_any_more_sends_nothing(ada, mailing, inbox):
    post("letter_change", ada, mailing())
    post("letter_moved", ada, mailing())
    assert not inbox.letters()


def test_staff_are_written_what_fits_and_never_a_token(mailing, inbox, db, vault):
    boss = staff(db, vault)
    for kind in KINDS:
        post(kind, boss, mailing())
    found = {letter.subject: letter for letter in inbox.letters()}
    assert found.keys() == {"This address belongs to a staff account", "Your staff account is locked for 15 minutes"}
    assert not [letter for letter in found.values() if TOKEN.search(letter.text)]
    assert db.execute("select count(*) from api.tokens").fetchone() == (0,)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_about_nobody_nothing_is_sent_and_nothing_kept(kind, mailing, inbox, db):
    post(kind, new_id(), mailing())
    assert not inbox.letters()
    assert db.execute("select count(*) from api.tokens").fetchone() == (0,)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_whose_account_is_disabled_is_not_written_to(kind, ada, mailing, inbox, db):
    change_profile(ada, ProfileChange(email="countess@example.com"), None, mailing())
    db.execute("update api.accounts set is_active = false")
    post(kind, ada, mailing())
    assert not inbox.letters()


@pytest.mark.parametrize(("kind", "whose"), sorted(DRAFTS))
def test_there_are_words_for_every_letter_and_html_says_the_same(kind, whose, mailing, inbox, db, vault):
    id = customer("ada", mailing, db) if whose is Kind.CUSTOMER else staff(db, vault)
    if kind == "letter_change":
        change_profile(id, ProfileChange(email="countess@example.com"), None, mailing())
    if kind == "letter_moved":
        move(id, "countess@example.com", mailing, inbox)
    pile = Pile()
    post(kind, id, mailing(mail=pile))
    [letter] = pile.letters
    body = letter.html[letter.html.index("<body") :]
    assert unescape(TAG.sub("", body)).split() == letter.text.split()
    assert "\n" not in letter.subject


# A stranger could have registered with an address, and chosen what its owner reads.
def test_a_proven_address_is_greeted_by_name_and_no_other_is(ada, mailing, inbox):
    post("letter_reset", ada, mailing())
    assert inbox.letters()[0].text.startswith("Hello,\n\n")
    proven(ada, mailing, inbox)
    post("letter_reset", ada, mailing())
    assert inbox.letters()[0].text.startswith("Hello Ada,\n\n")
    move(ada, "countess@example.com", mailing, inbox)
    assert inbox.letters()[0].text.startswith("Hello,\n\n")


def test_a_hostile_name_stays_in_its_line_and_is_no_markup(mailing, inbox, db):
    eve, pile = customer("eve", mailing, db, first_name=HOSTILE), Pile()
    proven(eve, mailing, inbox)
    post("letter_reset", eve, mailing(mail=pile))
    [letter] = pile.letters
    assert letter.text.startswith(f"Hello {' '.join(HOSTILE.split())},\n\n")
    assert {tag.split()[0].strip("<>/") for tag in TAG.findall(letter.html)} == {
        "!doctype", "html", "head", "meta", "title", "body", "p", "a"}  # fmt: skip
    inbox.send(letter)
    assert inbox.letters()[0].text == letter.text


def test_the_same_job_sends_the_same_letter_and_another_one_another(ada, mailing, inbox):
    again = mailing()
    first = post("letter_reset", ada, again), token(inbox.letters()[0])
    assert first == (post("letter_reset", ada, again), token(inbox.letters()[0]))
    assert len(inbox.letters()) == 1
    post("letter_reset", ada, mailing())
    assert [token(letter) for letter in inbox.letters()] == [first[1]] * 2
    post("letter_verify", ada, again)
    assert len(inbox.letters()) == 3


def test_without_anybody_who_sends_letters_the_job_is_tried_again(ada, mailing):
    with pytest.raises(MailUnavailable):
        post("letter_verify", ada, mailing(mail=None))


def test_who_is_forgotten_is_not_written_to(ada, mailing, inbox, store):
    move(ada, "countess@example.com", mailing, inbox)
    [position] = changes(ada, store)
    count = len(inbox.letters())
    forget_customer(ada, mailing())
    for kind in KINDS:
        post(kind, ada, mailing(), position)
    assert len(inbox.letters()) == count
