"""The jars of Apache Kafka: fetched once from Maven's central repository, each checked against a list of sha256."""

import hashlib
import os
import shutil
import sys
import warnings
from pathlib import Path

from integrations.embedded.child import CannotStart
from integrations.embedded.claims import turn

KAFKA = "4.4.0"
# Without slf4j-simple the broker logs nothing, even when it fails.
COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA}+org.slf4j:slf4j-simple:1.7.36"
JAR_LIST = Path(__file__).with_name("kafka-jars.sha256")


def cache_folder() -> Path:
    """Where Kafka's jars and what is made of them lie: in TOTETAXI_CACHE, else in ~/.cache/totetaxi."""
    return Path(os.environ.get("TOTETAXI_CACHE") or Path.home() / ".cache" / "totetaxi").resolve() / f"kafka-{KAFKA}"


def fetch(jar_list: Path = JAR_LIST, repository: str | None = None) -> Path:
    """The folder of checked jars. `jar_list` has lines of sha256 and name; `repository` is a URL for Maven central's.

    Raises CannotStart when they can't be fetched, or when one differs from the list. What a kill leaves is used again.
    """
    cache, wanted = cache_folder(), _read_list(jar_list)
    jars = cache / "jars"
    with turn(cache / "fetch.lock"):
        if not jars.exists():
            _fetch_into(jars, wanted, repository)
        verify(jars, wanted)
    return jars


def verify(jars: Path, wanted: dict[str, str]) -> None:
    """Raises CannotStart unless the folder holds exactly the files of `wanted`, sha256 by name."""
    found = {path.name: _sha256(path) for path in jars.glob("*.jar")}
    if wrong := sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)):
        raise CannotStart(f"not the Kafka that was checked: {', '.join(wrong)}; remove {jars} to fetch it again")


def drop_torn(repository: Path, wanted: dict[str, str]) -> None:
    """Removes from a local Maven repository what a killed fetch left half-written; jgo would take it for whole."""
    for jar in repository.rglob("*.jar"):
        if _sha256(jar) != wanted.get(jar.name):
            jar.unlink()
    for pom in repository.rglob("*.pom"):
        if not pom.read_bytes().rstrip().endswith(b"</project>"):
            pom.unlink()


def _fetch_into(jars: Path, wanted: dict[str, str], repository: str | None) -> None:
    fetching = jars.with_name("fetching")
    drop_torn(fetching / "repository", wanted)
    print(f"fetching Apache Kafka {KAFKA}, about 43 MB, once, into {jars.parent} ...", file=sys.stderr, flush=True)
    fetched = _resolve(fetching, repository)
    checked = fetching / "checked"
    shutil.rmtree(checked, ignore_errors=True)
    checked.mkdir()
    for jar in fetched.rglob("*.jar"):
        shutil.copyfile(jar, checked / jar.name)  # a copy, so that the bytes that are checked are the bytes that run
    verify(checked, wanted)
    checked.rename(jars)
    shutil.rmtree(fetching)


def _resolve(fetching: Path, repository: str | None) -> Path:
    """A folder with the jars that jgo finds for the coordinates; jgo itself checks none of them."""
    jgo = _jgo()
    # A repository of our own: another program's half-fetched file in ~/.m2 is none of our business.
    context = jgo.MavenContext(
        repo_cache=fetching / "repository", remote_repos={"central": repository or jgo.MAVEN_CENTRAL_URL}
    )
    builder = jgo.EnvironmentBuilder(context=context, cache_dir=fetching / "environment")
    try:
        return Path(builder.from_endpoint(endpoint=COORDINATES, update=True).path)
    except Exception as error:
        raise CannotStart(
            f"Apache Kafka {KAFKA} could not be fetched: {error}. Look at the network and its proxy (HTTPS_PROXY), "
            f"then try again, or copy {fetching.parent} from a machine that has it"
        ) from error


def _jgo():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a missing XDG_RUNTIME_DIR
            import jgo
    except ImportError as error:
        raise CannotStart("jgo is missing, which fetches Kafka: pip install 'totetaxi[embedded]'") from error
    return jgo


def _read_list(jar_list: Path) -> dict[str, str]:
    lines = (line.split() for line in jar_list.read_text().splitlines() if line.strip())
    return {name: digest for digest, name in lines}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
