"""Stripe's published schema, as stripe-mock's Go module carries it: fetched by Go, checked by its sum, never kept."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

MODULE = "github.com/stripe/stripe-mock@v0.203.0"
SUM = "h1:EzW7nb/fphqcAkgVRHAaC88OaAZo6SBWSl54cflDTio="


def is_reachable() -> bool:
    return shutil.which("go") is not None


@cache
def specification() -> dict[str, Any]:
    """The OpenAPI document. Raises CalledProcessError without a way to the module, AssertionError for another one."""
    told = subprocess.run(["go", "mod", "download", "-json", MODULE], capture_output=True, check=True, timeout=300)
    module = json.loads(told.stdout)
    assert module["Sum"] == SUM
    return json.loads((Path(module["Dir"]) / "embedded" / "openapi" / "spec3.json").read_bytes())


@cache
def validator(name: str) -> jsonschema_rs.Draft7Validator:
    schemas = plain(specification()["components"]["schemas"])
    return jsonschema_rs.Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})


def faults(name: str, body: Any) -> list[str]:
    """What is wrong with a body by the schema of that name."""
    return [f"{name} {'/'.join(map(str, error.instance_path))}: {error.message}"
            for error in validator(name).iter_errors(body)]  # fmt: skip


def unknown(name: str, body: dict[str, Any]) -> list[str]:
    """The fields of a body that Stripe's objects of that name have not."""
    known = specification()["components"]["schemas"][name]["properties"]
    return [f"{name}: {field} is unknown" for field in sorted(set(body) - set(known))]


def plain(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: plain(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner
