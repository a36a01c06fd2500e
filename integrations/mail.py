"""Mail on its way out: a letter, who sends it, and the local inbox that stands in for the world in development."""

from typing import NamedTuple, Protocol


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
    """Nobody took the letter; whether it was sent is known to be no."""
