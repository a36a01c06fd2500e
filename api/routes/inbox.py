"""The local inbox as a page and as JSON: what the platform has written to people. There is none in production."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import HTMLResponse, Response

from api.call import Call
from api.policies import CATALOGUE
from api.route import Route
from api.validation import Body, OptionalLine
from integrations.inbox import Delivered, inbox_in

STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 42em; margin: 3em auto; padding: 0 1em; color: #222; }
article { border-top: 1px solid #ccc; padding: 1em 0; }
h1, h2 { font-weight: normal; } h2 { margin: 0; } p.about { color: #666; margin: 0 0 1em; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Inbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>
<body><h1>Inbox</h1>{letters}</body></html>
"""
LETTER = """<article><h2>{subject}</h2><p class="about">to {to}, <time datetime="{at}">{day}</time></p>
<pre>{text}</pre></article>"""
NONE = "<p>Nobody has been written to yet.</p>"
# No script at all, and this one style.
ALLOWED = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
HEADERS = {"content-security-policy": f"{ALLOWED}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
ADDRESS = re.compile(r"https?://[^\s<>\"']+")


class Whose(Body):
    to: OptionalLine = ""


def page(call: Call) -> Response:
    """The letters, the newest first, with their links."""
    letters = [_shown(letter) for letter in inbox_in(call.parts.settings.data).letters()]
    return HTMLResponse(PAGE.format(style=STYLE, letters="".join(letters) or NONE), headers=HEADERS)


def letters(call: Call, asked: Annotated[Whose, Query()]) -> dict[str, Any]:
    """The letters, the newest first; `to` asks for those to one address."""
    found = inbox_in(call.parts.settings.data).letters(asked.to.lower())
    return {"letters": [letter._asdict() for letter in found]}


def _shown(letter: Delivered) -> str:
    return LETTER.format(
        subject=escape(letter.subject),
        to=escape(letter.to),
        at=letter.sent_at.isoformat(),
        day=f"{letter.sent_at:%Y-%m-%d %H:%M:%S} UTC",
        text=_with_links(letter.text),
    )


def _with_links(text: str) -> str:
    """Everything escaped; what begins as an address of the web does, can be followed."""
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        url = escape(found[0])
        parts += [escape(text[end : found.start()]), f'<a href="{url}">{url}</a>']
        end = found.end()
    return "".join(parts) + escape(text[end:])


ROUTES = [
    Route("GET /dev/inbox", page, CATALOGUE),
    Route("GET /dev/inbox/", page, CATALOGUE),
    Route("GET /dev/inbox/letters/", letters, CATALOGUE),
]
