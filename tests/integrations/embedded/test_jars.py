"""Only the Kafka that was checked is run, however its fetch went."""

import pytest

from integrations.embedded.child import CannotStart
from integrations.embedded.jars import JAR_LIST, drop_torn, fetch

GOOD = {"good.jar": "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"}  # of the bytes "good"


def test_a_jar_that_differs_from_the_list_is_refused_by_name(tmp_path):
    first = JAR_LIST.read_text().splitlines()[0]
    doctored = tmp_path / "list"
    doctored.write_text(JAR_LIST.read_text().replace(first[:64], "0" * 64))
    with pytest.raises(CannotStart, match=f"not the Kafka that was checked: {first[66:]}; remove"):
        fetch(doctored)


def test_a_jar_that_is_not_in_the_list_is_refused(tmp_path):
    first, *others = JAR_LIST.read_text().splitlines()
    shorter = tmp_path / "list"
    shorter.write_text("\n".join(others))
    with pytest.raises(CannotStart, match=first[66:]):
        fetch(shorter)


def test_a_repository_that_does_not_answer_is_an_error_that_says_what_to_do(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TOTETAXI_CACHE", str(tmp_path))
    with pytest.raises(CannotStart, match=r"could not be fetched.*HTTPS_PROXY"):
        fetch(repository="http://127.0.0.1:9")
    assert "fetching Apache Kafka 4.4.0, about 43 MB, once" in capfd.readouterr().err


def test_what_a_killed_fetch_left_half_written_is_fetched_again_and_the_rest_kept(tmp_path):
    for name, content in {
        "a/good.jar": "good",
        "b/good.jar": "goo",
        "a/whole.pom": "<project>\n</project>\n",
        "b/torn.pom": "<project>\n</pro",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    drop_torn(tmp_path, GOOD)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == ["a/good.jar", "a/whole.pom"]
