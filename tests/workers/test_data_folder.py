"""The data folder tells commands of other shells where the platform is, and nothing of who has started it."""

import socket

from settings import RUNNING, Settings, read_env_file
from tests.test_settings import ENOUGH
from workers.data_folder import tell_where
from workers.local import Database, Wish, environment


def test_the_platforms_own_settings_are_told_and_nothing_else_of_the_environment(tmp_path):
    own = ENOUGH | {"PORT": "8123", "TOTETAXI_STAFF_EMAIL": "a@example.com", "TOTETAXI_STAFF_PASSWORD": "b c"}
    tell_where(tmp_path, own | {"PATH": "/bin", "SOME_TOKEN": "a secret of theirs", "PYTHONUNBUFFERED": "1"})
    assert read_env_file(tmp_path / RUNNING) == own
    assert Settings.from_env(read_env_file(tmp_path / RUNNING)).port == 8123


def sandbox_at(data):
    return environment(Wish(data, 8000, False), Database("", ""))["TOTETAXI_STRIPE_API_URL"]


def test_the_sandbox_is_at_the_same_address_at_every_start(tmp_path, monkeypatch):
    monkeypatch.delenv("TOTETAXI_STRIPE_API_URL", raising=False)
    first = sandbox_at(tmp_path / "data")
    assert [sandbox_at(tmp_path / "data") for _ in range(3)] == [first] * 3
    with socket.create_server(("127.0.0.1", int(first.rpartition(":")[2]))):
        assert sandbox_at(tmp_path / "data") != first
    assert sandbox_at(tmp_path / "data") == first


def test_a_port_whose_writer_was_killed_is_chosen_anew(tmp_path, monkeypatch):
    monkeypatch.delenv("TOTETAXI_STRIPE_API_URL", raising=False)
    sandbox_at(tmp_path)
    (tmp_path / "stripe" / "port").write_text("")
    assert sandbox_at(tmp_path) == sandbox_at(tmp_path)
