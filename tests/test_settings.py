"""The settings: what is asked for, what is refused, and where they are found."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from yaml import safe_load

from integrations.embedded.postgres import EmbeddedPostgres
from settings import BadSettings, Settings, read_env_file

COMPOSE = Path(__file__).parents[1] / "docker-compose.yml"
ENOUGH = {
    "DATABASE_URL": "postgresql://db.example/totetaxi",
    "SECRET_KEY": "s" * 40,
    "TOTETAXI_MASTER_KEYS": f"new:{b64encode(b'n' * 32).decode()},old:{b64encode(b'o' * 32).decode()}",
    "TOTETAXI_IDENTITY_KEY": "i" * 40,
}
PRODUCTION = ENOUGH | {
    "TOTETAXI_ENV": "production",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "ALLOWED_HOSTS": "book.totetaxi.example, www.totetaxi.example",
    "TOTETAXI_BASE_URL": "https://book.totetaxi.example",
}


def refusal(env: dict[str, str]) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        Settings.from_env(env)
    return str(refused.value).splitlines()


def test_what_is_enough_starts_and_the_rest_has_defaults():
    settings = Settings.from_env(ENOUGH)
    assert (settings.env, settings.port, settings.feed, settings.sandbox) == ("development", 8000, "postgres", False)
    assert list(settings.master_keys) == ["new", "old"]
    assert settings.identity_key == b"i" * 40


@pytest.mark.parametrize("name", ENOUGH)
def test_nothing_starts_without_its_secrets_and_its_database(name):
    assert refusal({n: text for n, text in ENOUGH.items() if n != name}) == [f"{name} is missing"]


def test_everything_that_is_wrong_is_told_at_once():
    wrong = {"PORT": "80000", "LOG_LEVEL": "LOUD", "TOTETAXI_MASTER_KEYS": "short:aaaa", "TOTETAXI_ENV": "prod"}
    assert [line.split(":")[0] for line in refusal(ENOUGH | wrong)] == [
        "TOTETAXI_ENV", "TOTETAXI_MASTER_KEYS", "PORT", "LOG_LEVEL"]  # fmt: skip


def test_a_secret_is_in_no_message():
    assert "aaaa" not in "".join(refusal(ENOUGH | {"TOTETAXI_MASTER_KEYS": "short:aaaa"}))
    assert "s" * 40 not in repr(Settings.from_env(ENOUGH))


def test_production_starts_with_its_own_secrets():
    settings = Settings.from_env(PRODUCTION)
    assert settings.allowed_hosts == ("book.totetaxi.example", "www.totetaxi.example")


@pytest.mark.parametrize("name", sorted(PRODUCTION.keys() - {"TOTETAXI_ENV"}))
def test_production_refuses_to_start_without_each_of_its_secrets_and_its_addresses(name):
    [line] = refusal({n: text for n, text in PRODUCTION.items() if n != name})
    assert line.startswith(name)


def test_the_secrets_of_the_trial_are_those_that_production_refuses():
    """They are public; what is tested is that the file's and the ones refused are the same."""
    trial = safe_load(COMPOSE.read_text())["x-totetaxi"]["environment"]
    lines = refusal(PRODUCTION | {name: trial[name] for name in ENOUGH})
    assert [line.split()[0] for line in lines] == ["SECRET_KEY", "TOTETAXI_MASTER_KEYS", "TOTETAXI_IDENTITY_KEY"]


def test_the_owner_of_the_log_is_the_application_unless_told_otherwise():
    assert Settings.from_env(ENOUGH).owner == ENOUGH["DATABASE_URL"]
    assert Settings.from_env(ENOUGH | {"TOTETAXI_OWNER_URL": "postgresql://owner@db"}).owner == "postgresql://owner@db"


def test_heads_of_the_audit_log_lie_in_the_data_folder_unless_told_otherwise():
    assert Settings.from_env(ENOUGH | {"TOTETAXI_DATA": "/d"}).audit_heads == Path("/d/audit-heads.jsonl")
    assert Settings.from_env(ENOUGH | {"TOTETAXI_AUDIT_HEADS": "/safe/heads"}).audit_heads == Path("/safe/heads")


@pytest.mark.parametrize(("name", "text"), [
    ("TOTETAXI_RATE_LIMITS", "off"),
    ("TOTETAXI_STRIPE_API_URL", "http://127.0.0.1:12111"),
    ("STRIPE_SECRET_KEY", "sk_test_1"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_1"),
    ("SECRET_KEY", "short"),
    ("TOTETAXI_IDENTITY_KEY", "short"),
    ("SECRET_KEY", "everybody-knows-this-key-of-the-sandbox"),
    ("TOTETAXI_IDENTITY_KEY", "everybody-knows-this-key-of-the-sandbox"),
    ("TOTETAXI_MASTER_KEYS", f"public:{b64encode(b'everybody-knows'.ljust(32)).decode()}"),
    ("ALLOWED_HOSTS", "localhost"),
    ("ALLOWED_HOSTS", "book.totetaxi.example,*"),
    ("CORS_ALLOWED_ORIGINS", "https://book.totetaxi.example,*"),
    ("CORS_ALLOWED_ORIGINS", "http://book.totetaxi.example"),
    ("TOTETAXI_BASE_URL", "http://book.totetaxi.example"),
])  # fmt: skip
def test_production_refuses_what_is_left_of_the_sandbox(name, text):
    assert [name in line for line in refusal(PRODUCTION | {name: text})] == [True]
    assert Settings.from_env(ENOUGH | {name: text})


def test_a_proxy_is_believed_from_loopback_in_development_only():
    assert "127.0.0.0/8" in Settings.from_env(ENOUGH | {"TOTETAXI_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies
    assert Settings.from_env(PRODUCTION | {"TOTETAXI_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies == ("10.0.0.0/8",)


@pytest.mark.parametrize("text", ["nonsense", "10.0.0.0/8, 10.0.0.0/99"])
def test_a_proxy_that_is_no_network_is_told_with_its_setting(text):
    [line] = refusal(ENOUGH | {"TOTETAXI_TRUSTED_PROXIES": text})
    assert line.startswith("TOTETAXI_TRUSTED_PROXIES: ")


def test_outside_production_the_platform_that_runs_on_the_data_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "platform.env").write_text("".join(f"{name}='{text}'\n" for name, text in ENOUGH.items()))
    for name in (*ENOUGH, "TOTETAXI_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOTETAXI_DATA", str(tmp_path))
    assert Settings.from_env().database_url == ENOUGH["DATABASE_URL"]
    monkeypatch.setenv("TOTETAXI_ENV", "production")
    with pytest.raises(BadSettings, match="DATABASE_URL is missing"):
        Settings.from_env()


def test_an_env_file_gives_back_what_a_shell_would_read(tmp_path):
    file = tmp_path / "some.env"
    file.write_text("# kept by hand\nA='one two'\nB=x=y\n\nC=''\n")
    assert read_env_file(file) == {"A": "one two", "B": "x=y", "C": ""}


def test_a_database_that_may_forget_what_it_acknowledged_is_refused_but_by_tests(tmp_path):
    settings = Settings.from_env(ENOUGH)
    with EmbeddedPostgres(tmp_path / "postgres") as lasting, psycopg.connect(lasting.dsn) as db:
        settings.check_database(db)
        db.execute("set synchronous_commit = off")
        with pytest.raises(BadSettings, match="has synchronous_commit off"):
            settings.check_database(db)
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as forgetful, psycopg.connect(forgetful.dsn) as db:
        with pytest.raises(BadSettings, match="has fsync, full_page_writes, synchronous_commit off"):
            settings.check_database(db)
        replace(settings, env="test").check_database(db)
