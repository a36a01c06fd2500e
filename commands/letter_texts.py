"""What the house writes about accounts and lost links: short letters, the same words as text and as HTML."""

from datetime import timedelta
from html import escape
from typing import NamedTuple

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family: Georgia, serif; line-height: 1.5; max-width: 36em; margin: 2em auto; padding: 0 1em">
{paragraphs}
</body></html>
"""
GREETING, CLOSE = "Hello", "ToteTaxi"
NOT_YOU = "If it was not you, leave this letter alone: nothing changes by itself."


class Link(NamedTuple):
    """An address to follow; it stands on a line of its own."""

    url: str


class Pass(NamedTuple):
    """The token that a letter carries, where its page is, and how long it is good for."""

    token: str
    page: str
    life: timedelta

    @property
    def words(self) -> list[str | Link]:
        """The page with the token in it; then the token by itself, for whoever types it somewhere."""
        hours = int(self.life / timedelta(hours=1))
        once = f"This works once, within {hours} hours. Where you are asked for the code, it is:"
        return [Link(f"{self.page}?token={self.token}"), once, self.token]


class Words(NamedTuple):
    """A letter before it is addressed: one line of subject, then paragraphs."""

    subject: str
    paragraphs: list[str | Link]

    def text(self, name: str) -> str:
        return "\n\n".join(each.url if isinstance(each, Link) else each for each in self._whole(name)) + "\n"

    def html(self, name: str) -> str:
        paragraphs = "\n".join(f"<p>{_marked(each)}</p>" for each in self._whole(name))
        return PAGE.format(subject=escape(self.subject), paragraphs=paragraphs)

    def _whole(self, name: str) -> list[str | Link]:
        """A name is what somebody typed: it stays within the greeting's line."""
        called = " ".join(name.split())
        return [f"{GREETING} {called}," if called else f"{GREETING},", *self.paragraphs, CLOSE]


def _marked(paragraph: str | Link) -> str:
    if isinstance(paragraph, Link):
        url = escape(paragraph.url)
        return f'<a href="{url}">{url}</a>'
    return escape(paragraph)


def verify(given: Pass) -> Words:
    return Words("Please confirm your mail address", [
        "Welcome to ToteTaxi. Please confirm that this is your address:",
        *given.words,
        "What you booked with it as a guest will then be in the account as well, for whoever has registered it.",
        "So confirm only if that was you. If it was not, leave this letter alone: nothing changes by itself.",
    ])  # fmt: skip


def known() -> Words:
    return Words("You have an account already", [
        "Somebody, probably you, has just tried to register at ToteTaxi with this address. There is an account with it"
        " already, and it stays as it was.",
        "Log in with the password you have. If it has slipped your mind, ask for a new one where you log in.",
        NOT_YOU,
    ])  # fmt: skip


def known_to_staff() -> Words:
    return Words("This address belongs to a staff account", [
        "Somebody, probably you, has just tried to register as a customer at ToteTaxi with this address. It belongs to"
        " your staff account, and an address is the one or the other.",
        "For bookings of your own please take another address.",
        NOT_YOU,
    ])  # fmt: skip


def reset(given: Pass) -> Words:
    return Words("Choose a new password", [
        "You would like a new password for your account at ToteTaxi. Choose it here:",
        *given.words,
        NOT_YOU,
    ])  # fmt: skip


def locked(given: Pass) -> Words:
    return Words("Your account is locked for 15 minutes", [
        "Five times in a row somebody has entered a wrong password for your account at ToteTaxi. To keep strangers out"
        " nobody can log in to it for 15 minutes; then everything is as before.",
        "If it was you, you need not wait: choose a new password here, and log in with it at once:",
        *given.words,
        "If it was not you, they did not get in. A long password that you use nowhere else keeps it that way.",
    ])  # fmt: skip


def locked_to_staff() -> Words:
    return Words("Your staff account is locked for 15 minutes", [
        "Five times in a row somebody has entered a wrong password for your staff account at ToteTaxi. Nobody can log"
        " in to it for 15 minutes; then everything is as before.",
        "If it was you and the password has slipped your mind, ask an admin for a new one.",
        "If it was not you, they did not get in; please tell an admin all the same.",
    ])  # fmt: skip


def change(given: Pass) -> Words:
    return Words("Please confirm your new mail address", [
        "You would like ToteTaxi to write to this address from now on. Please confirm that it is yours:",
        *given.words,
        NOT_YOU,
    ])  # fmt: skip


def moved() -> Words:
    return Words("Your mail address has been changed", [
        "The mail address of your account at ToteTaxi has been changed as you wished. We shall write to the new one,"
        " and that is what you log in with. This is our last letter to this address.",
        "If this was not you, please call us right away.",
    ])  # fmt: skip


def manage(number: str, link: Link) -> Words:
    return Words(f"Your booking {number}", [
        f"Somebody, probably you, has asked for the link to your booking {number} at ToteTaxi. Here it is:",
        link,
        "Whoever has it can see and change the booking, so keep it to yourself.",
        NOT_YOU,
    ])  # fmt: skip


def booked_with_account(number: str) -> Words:
    return Words(f"Your booking {number}", [
        f"Somebody, probably you, has asked for the link to your booking {number} at ToteTaxi. You made it with your"
        " account: log in, and you find it among your bookings.",
        NOT_YOU,
    ])  # fmt: skip
