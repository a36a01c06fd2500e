"""Prints the reference, as a machine for development has it: `python -m api.openapi`."""

import sys

from msgspec import json

from api.app import create
from settings import Settings

NOWHERE = Settings(database_url="dbname=none", secret_key="-" * 32, master_keys={"none": bytes(32)}, identity_key=b"-")

sys.stdout.buffer.write(json.format(json.encode(create(NOWHERE).openapi()), indent=2) + b"\n")
