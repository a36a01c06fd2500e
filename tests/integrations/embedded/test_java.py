"""Java is found where it should be, and refused when Kafka can't run on it."""

import pytest

from integrations.embedded.child import CannotStart
from integrations.embedded.java import archive, find_java


def java_of_version(folder, version):
    program = folder / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-21' >&2\n")
    program.chmod(0o755)
    return str(program)


def test_an_old_java_is_refused_with_its_version(tmp_path):
    with pytest.raises(CannotStart, match="is Java 11, Kafka needs 17:"):
        find_java(java_of_version(tmp_path, "11.0.2"))


def test_a_setting_that_names_no_java_is_refused(tmp_path):
    with pytest.raises(CannotStart, match="no Java that runs"):
        find_java(str(tmp_path / "java"))


def test_each_java_has_an_archive_of_its_own(tmp_path):
    ours, theirs = find_java(None), find_java(java_of_version(tmp_path, "17.0.9"))
    assert theirs.major == 17
    assert archive(ours, tmp_path).file != archive(theirs, tmp_path).file
