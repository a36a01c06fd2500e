"""Mail on its way out: a letter, who sends it, and the form in which it travels."""

from email.message import EmailMessage
from email.policy import EmailPolicy
from hashlib import sha256
from typing import NamedTuple, Protocol

SENDER = "ToteTaxi <letters@totetaxi.example>"
POLICY = EmailPolicy(utf8=True)  # an address may hold letters of any script


class Letter(NamedTuple):
    """Text and HTML of the same words. `id` is the same whenever this letter is sent again: it is delivered once."""

    id: str
    to: str
    subject: str
    text: str
    html: str


class Mailer(Protocol):
    def send(self, letter: Letter) -> str:
        """The id that the provider gave it. Raises MailUnavailable: try again later."""
        ...


class MailUnavailable(Exception):
    """Nobody took the letter; whether it was sent is known to be no. Its message names nobody: it is logged."""


def in_mime(letter: Letter) -> EmailMessage:
    """As it goes over the wire (RFC 5322), with both forms of its words.

    Raises ValueError for a line break in an address or a subject: it would be a header of somebody else's choice.
    """
    message = EmailMessage(POLICY)
    message["From"] = SENDER
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Message-ID"] = f"<{sha256(letter.id.encode()).hexdigest()}@totetaxi.example>"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
