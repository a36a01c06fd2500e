"""If-Match and ETag: the version of the stream that a client has read, and that it means to change.

Asked for by the handler, once the body and whose it is are in order: 401, 403 or 404, 415, 400 and 422 come before it.
"""

import re

from api.call import Call
from api.errors import Problem

STRONG = re.compile(r'"(0|[1-9][0-9]{0,17})"')


def demand_version(call: Call) -> int:
    """The version that a PUT or PATCH is for, to be given to `Ref(…, version=…)`.

    Raises Problem: `precondition_required` (428) without If-Match and for `*`, which says nothing of what was read;
    `version_conflict` (412) for what is no ETag of ours, weak ones and lists among them.
    """
    told = call.headers.get("if-match")
    if told is None or told.strip() == "*":
        raise Problem("precondition_required", "Send the ETag of what you have read as If-Match.")
    return _version(told)


def told_version(call: Call) -> int | None:
    """For a POST or DELETE, which honour If-Match and need none. Raises Problem("version_conflict")."""
    told = call.headers.get("if-match")
    return None if told is None or told.strip() == "*" else _version(told)


def give_etag(call: Call, version: int) -> None:
    call.answer_headers["etag"] = f'"{version}"'


def _version(told: str) -> int:
    if not (written := STRONG.fullmatch(told.strip())):
        raise Problem("version_conflict", "This If-Match is no ETag of what is here: read it again.")
    return int(written[1])
