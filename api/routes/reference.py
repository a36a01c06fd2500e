"""The reference of the API: as a document for programs, and as a page for people."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Any

from msgspec import json
from starlette.responses import HTMLResponse, Response

from api.call import Call
from api.openapi.fields import fields, kind, variants
from api.policies import CATALOGUE
from api.route import Route

STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 54em; margin: 3em auto; padding: 0 1em; color: #222; }
h1, h2 { font-weight: normal; } details { border-top: 1px solid #ccc; padding: .5em 0; }
summary { cursor: pointer; } code, pre { font: 14px/1.4 monospace; } pre { overflow-x: auto; background: #f6f6f6; }
p.about { white-space: pre-line; } td { padding-right: 1em; vertical-align: top; }
"""
ALLOWED = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
HEADERS = {"content-security-policy": f"{ALLOWED}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>
<body><h1>{title}</h1><p class="about">{about}</p>
<p>For programs: <a href="/openapi.json">/openapi.json</a>, OpenAPI 3.1.</p>{groups}</body></html>
"""
OPERATION = """<details id="{id}"><summary><code>{method} {path}</code> {summary}</summary>
<p>{description}</p>{parameters}{sent}{answers}</details>"""


def reference(call: Call) -> Response:
    """This reference, as OpenAPI 3.1."""
    return Response(json.encode(_document(call)), 200, media_type="application/json")


def page(call: Call) -> Response:
    """This reference as a page to read: nothing of it comes from elsewhere, nothing runs in it."""
    told = _document(call)
    groups = "".join(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>{_group(told, tag['name'])}"
                     for tag in told["tags"])  # fmt: skip
    about = told["info"]
    shown = PAGE.format(title=about["title"], about=escape(about["description"]), style=STYLE, groups=groups)
    return HTMLResponse(shown, headers=HEADERS)


def _document(call: Call) -> dict[str, Any]:
    return call.scope["app"].openapi()


def _group(told: dict[str, Any], tag: str) -> str:
    found = ((path, method, one) for path, each in told["paths"].items() for method, one in each.items())
    components = told["components"]["schemas"]
    return "".join(_operation(path, method, one, components) for path, method, one in found if tag in one["tags"])


def _operation(path: str, method: str, one: dict[str, Any], components: dict[str, Any]) -> str:
    return OPERATION.format(
        id=one["operationId"],
        method=method.upper(),
        path=escape(path),
        summary=escape(one["summary"]),
        description=escape(one["description"]),
        parameters=_parameters(one.get("parameters", ()), components),
        sent=_sent(one.get("requestBody", {}).get("content", {}), components),
        answers="".join(_answer(status, answer) for status, answer in one["responses"].items()),
    )


def _parameters(told: Sequence[dict[str, Any]], components: dict[str, Any]) -> str:
    kinds = [kind(each["schema"], components) for each in told]
    needed = ["required" if each["required"] else "optional" for each in told]
    rows = zip(told, kinds, needed, strict=True)
    return _table([(one["name"], one["in"], what, must, one["description"]) for one, what, must in rows])


def _sent(content: dict[str, Any], components: dict[str, Any]) -> str:
    """What the body may have: each field with its type, whether it is needed, and a line on it."""
    shown = ""
    for each in content.values():
        for one in variants(each["schema"], components):
            rows = [(row.name, row.kind, row.needed, row.words) for row in fields(one, components)]
            shown += f"<p>Takes. {escape(one.get('description', ''))}</p>{_table(rows)}"
    return shown + _samples("For example", content)


def _answer(status: str, answer: dict[str, Any]) -> str:
    if status.startswith("2"):
        return _samples(f"Answers {status}", answer.get("content", {}))
    return _table([(status, answer["description"].replace("`", ""))])


def _samples(title: str, content: dict[str, Any]) -> str:
    shown = []
    for sample in content.values():
        values = [one["value"] for one in sample.get("examples", {}).values()] or [sample.get("example")]
        shown += [json.format(json.encode(value), indent=2).decode() for value in values if value is not None]
    return "".join(f"<p>{title}</p><pre>{escape(one)}</pre>" for one in shown)


def _table(rows: list[tuple[str, ...]]) -> str:
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>" if rows else ""


ROUTES = [
    Route("GET /openapi.json", reference, CATALOGUE),
    Route("GET /docs", page, CATALOGUE),
]
