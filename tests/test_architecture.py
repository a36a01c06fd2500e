"""The laws of the house that can be counted: sizes, words, who imports what, what every event and every route has."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from api.app import create, policies
from docs.generate import DOCS, pages
from eventlog.envelope import EVENTS
from settings import Settings

ROOT = Path(__file__).parents[1]
FOLDERS = ("api", "bench", "commands", "docs", "domain", "eventlog", "integrations", "projections", "web", "workers")
MODULES = sorted([*ROOT.glob("*.py"), *(p for f in FOLDERS for p in (ROOT / f).rglob("*.py"))])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SOURCES = [path for path in MODULES + TESTS if path.stat().st_size]
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "services", "service", "managers", "manager",
                   "misc", "base", "shared", "lib"}  # fmt: skip
MOST_FUNCTION_LINES, MOST_FILE_LINES, MOST_LINE, MOST_ARGUMENTS = 30, 250, 120, 4
# Who may import what; everybody else may not. `tests` may import anything but mocks.
IMPORTERS = {
    "eventsourcing": ("eventlog/", "bench/"),
    "kafka": ("eventlog/feed.py", "workers/relay.py", "bench/"),
    "stripe": ("integrations/",),
    "boto3": ("integrations/",),
    "httpx": ("integrations/", "bench/"),
    "fastapi": ("api/", "web/"),
    "settings": ("cli.py", "api/", "web/", "workers/", "bench/", "docs/"),
}


SETTINGS = Settings(database_url="postgresql://127.0.0.1:1/none", secret_key="s" * 32,
                    master_keys={"test": b"m" * 32}, identity_key=b"i")  # fmt: skip


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), name(path))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def imported(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    plain = {alias.name for node in ast.walk(tree(path)) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)}


def words_of(path: Path) -> str:
    """The file without this test's own lists of what is forbidden."""
    return "" if path == Path(__file__) else path.read_text()


def test_a_function_is_at_most_thirty_lines():
    long = [f"{name(p)}:{f.lineno} {f.name}" for p in SOURCES for f in functions(p)
            if f.end_lineno - f.lineno + 1 > MOST_FUNCTION_LINES]  # fmt: skip
    assert not long


def test_a_file_is_at_most_two_hundred_and_fifty_lines_of_at_most_a_hundred_and_twenty_characters():
    lines = {path: path.read_text().splitlines() for path in SOURCES}
    assert not [name(path) for path in SOURCES if len(lines[path]) > MOST_FILE_LINES]
    assert not [f"{name(p)}:{n}" for p in SOURCES for n, line in enumerate(lines[p], 1) if len(line) > MOST_LINE]


def test_more_than_four_arguments_ask_for_a_value():
    """A function that a library calls by its own signature says so with a noqa, as for ruff, which counts alike."""

    def too_many(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        given = function.args
        named = [a.arg for a in given.posonlyargs + given.args + given.kwonlyargs if a.arg not in ("self", "cls")]
        excused = "noqa: PLR0913" in path.read_text().splitlines()[function.lineno - 1]
        return len(named) > MOST_ARGUMENTS and not excused

    assert not [f"{name(p)}:{f.lineno} {f.name}" for p in MODULES for f in functions(p) if too_many(p, f)]


def test_a_module_begins_with_one_sentence_that_says_what_it_is():
    def first_line(path: Path) -> str:
        return (ast.get_docstring(tree(path)) or "").split("\n")[0]

    is_sentence = re.compile(r"[A-Z`\"].*[.:;?]$|given\(").match
    assert not [name(p) for p in SOURCES if not is_sentence(first_line(p))]


def test_nothing_is_called_by_a_word_that_says_nothing():
    parts = {path: {*path.relative_to(ROOT).with_suffix("").parts} for path in MODULES + TESTS}
    assert not [name(path) for path, words in parts.items() if words & FORBIDDEN_NAMES]


def test_nothing_is_left_to_do_later():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert not [name(path) for path in SOURCES if marks.search(words_of(path))]


def test_what_is_imported_is_imported_where_it_belongs():
    def belongs(path: Path, package: str) -> bool:
        return any(name(path).startswith(place) for place in IMPORTERS[package])

    found = {path: {module.split(".")[0] for module in imported(path)} & IMPORTERS.keys() for path in MODULES}
    assert not [f"{name(p)} imports {package}" for p in MODULES for package in found[p] if not belongs(p, package)]


def test_the_domain_reads_no_clock_and_no_chance():
    """Imports alone don't tell: `datetime` is needed for dates."""
    reads = re.compile(r"\.now\(|\.today\(|\btime\.|\brandom\b|\burandom\b|uuid4\(|uuid1\(|\bopen\(|\benviron\b")
    assert not [name(path) for path in MODULES if name(path).startswith("domain/") and reads.search(path.read_text())]


def test_no_test_waits_for_luck_skips_or_mocks():
    """Waiting for a condition with a deadline is `tests.waiting`'s."""
    lucky = re.compile(r"\bsleep\(")
    lazy = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail)\b|importorskip|unittest\.mock|MagicMock")
    assert not [name(p) for p in TESTS if lucky.search(words_of(p)) and name(p) != "tests/waiting.py"]
    assert not [name(p) for p in TESTS if lazy.search(words_of(p))]


def test_tests_are_sentences_in_a_tree_that_mirrors_the_code():
    named = [(path, f.name) for path in TESTS for f in functions(path) if f.name.startswith("test_")]
    assert not [f"{name(path)} {test}" for path, test in named if test.count("_") < 3]
    homes = {*FOLDERS, "journeys", "proofs"}
    places = [path.relative_to(ROOT / "tests") for path in TESTS]
    assert not [str(place) for place in places if len(place.parts) > 1 and place.parts[0] not in homes]


def test_every_event_is_in_the_golden_corpus_and_in_the_catalogue():
    catalogue = (DOCS / "model" / "events.md").read_text()
    assert not [event for event in EVENTS if f"### {event}\n" not in catalogue]
    assert not [event for event in EVENTS if not (ROOT / "tests" / "eventlog" / "golden" / f"{event}.json").exists()]


def test_every_route_says_who_may_call_it():
    app = create(SETTINGS)
    assert len(policies(app)) > 20
    app.router.routes.append(APIRoute("/unguarded/", lambda: None))
    with pytest.raises(TypeError, match="has no policy"):
        policies(app)


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_generated_page_is_what_the_code_says(page):
    assert (DOCS / page).read_text() == pages()[page], "run `totetaxi docs`"
