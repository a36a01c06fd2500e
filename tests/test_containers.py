"""The container files fit the code: no engine is needed to see that."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from cli import COMMANDS
from settings import Settings

ROOT = Path(__file__).parents[1]
OWNER = "TOTETAXI_OWNER_URL"
PROCESSES = {"migrate", "api", "relay", "projector", "reactions", "jobs"}
SECRETS = ("DATABASE_URL", "SECRET_KEY", "TOTETAXI_MASTER_KEYS", "TOTETAXI_IDENTITY_KEY", "STRIPE_SECRET_KEY",
           "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET")  # fmt: skip


def services(file: str) -> dict[str, dict]:
    return yaml.safe_load((ROOT / file).read_text())["services"]


def pins(file: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9-]+==[^ ]+", (ROOT / file).read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.prod.yml"])
def test_every_process_runs_and_runs_a_command_that_there_is(file):
    found = services(file)
    assert found.keys() >= PROCESSES
    ours = {name: service for name, service in found.items() if service.get("image") == "totetaxi"}
    known = {command.words for command in COMMANDS}
    assert {service["command"][0] for service in ours.values() if "command" in service} <= known
    assert all(service.get("depends_on") for name, service in ours.items() if name not in {"migrate"})


def test_the_trial_starts_with_what_it_is_given():
    settings = Settings.from_env(services("docker-compose.yml")["api"]["environment"])
    assert settings.sandbox
    assert settings.feed == "kafka"


def test_production_has_no_secret_but_its_own():
    environment = services("docker-compose.prod.yml")["api"]["environment"]
    assert [environment[name] for name in SECRETS] == [f"${{{name}:?}}" for name in SECRETS]
    assert environment["TOTETAXI_ENV"] == "production"
    assert "TOTETAXI_STRIPE_API_URL" not in environment


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.prod.yml"])
def test_only_the_migration_knows_the_owner_of_the_log(file):
    ours = {name: service for name, service in services(file).items() if service.get("image") == "totetaxi"}
    assert [name for name, service in ours.items() if OWNER in service["environment"]] == ["migrate"]
    as_application = {service["environment"]["DATABASE_URL"] for service in ours.values()}
    assert len(as_application) == 1
    assert ours["migrate"]["environment"][OWNER] not in as_application


def test_the_trial_s_owner_is_the_role_that_its_postgres_makes():
    found = services("docker-compose.yml")
    made = found["postgres"]["environment"]
    owner = conninfo_to_dict(found["migrate"]["environment"][OWNER])
    app = conninfo_to_dict(found["api"]["environment"]["DATABASE_URL"])
    assert (owner["user"], owner["password"]) == (made["POSTGRES_USER"], made["POSTGRES_PASSWORD"])
    assert owner["dbname"] == app["dbname"] == made["POSTGRES_DB"]
    assert app["user"] != owner["user"]


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.prod.yml"])
def test_the_data_folder_of_the_image_outlives_its_containers(file):
    assert "ENV TOTETAXI_DATA=/data" in (ROOT / "Dockerfile").read_text()
    ours = [service for service in services(file).values() if service.get("image") == "totetaxi"]
    assert all("data:/data" in service["volumes"] for service in ours)


def test_the_image_has_every_package_and_nothing_else_gets_in():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "docs"}
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    admitted = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == admitted == packages


def test_the_image_has_every_module_beside_the_packages():
    modules = {path.name for path in ROOT.glob("*.py")}
    copied = re.search(r"^COPY pyproject.toml (.+) \./$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1].split()
    admitted = set(re.findall(r"^!(\w+\.py)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["py-modules"]
    assert set(copied) == admitted == modules == {f"{name}.py" for name in packaged}


def test_the_image_runs_the_versions_that_are_tested():
    assert pins("requirements.run.lock") < pins("requirements.lock")
    assert not [file for file in ("requirements.lock", "requirements.run.lock") if "://" in (ROOT / file).read_text()]
