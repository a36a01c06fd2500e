"""A process of its own that starts a server and waits, to be killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextmanager
def owner_of(server: str, folder: Path) -> Iterator[subprocess.Popen]:
    """`server` is module:class; its pid is the first line that the process writes."""
    module, name = server.split(":")
    code = (
        f"import sys, pathlib, {module}; server = {module}.{name}(pathlib.Path({str(folder)!r})); "
        "server.start(); print(server.pid, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
