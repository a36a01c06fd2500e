"""The data folder tells commands of other shells where the platform is, and nothing of who has started it."""

from settings import RUNNING, Settings, read_env_file
from tests.test_settings import ENOUGH
from workers.data_folder import tell_where


def test_the_platforms_own_settings_are_told_and_nothing_else_of_the_environment(tmp_path):
    own = ENOUGH | {"PORT": "8123", "TOTETAXI_STAFF_EMAIL": "a@example.com", "TOTETAXI_STAFF_PASSWORD": "b c"}
    tell_where(tmp_path, own | {"PATH": "/bin", "SOME_TOKEN": "a secret of theirs", "PYTHONUNBUFFERED": "1"})
    assert read_env_file(tmp_path / RUNNING) == own
    assert Settings.from_env(read_env_file(tmp_path / RUNNING)).port == 8123
