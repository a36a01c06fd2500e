"""A client's end of the wire: an address of its own, keys for what it writes, patience, and what went wrong."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx

PATIENCE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 120, 0.05, 2.0
Answer = tuple[int, dict[str, Any]]


class Wire:
    """Sends as one client from one address; `chance` is all the luck this client has."""

    def __init__(self, http: httpx.AsyncClient, chance: random.Random, **headers: str):
        self._http, self.chance, self.headers = http, chance, headers
        self.complaints: list[str] = []

    async def get(self, path: str, params: dict[str, Any] | None = None, **headers: str) -> Answer:
        return await self._send(self._http.build_request("GET", path, params=params, headers=self.headers | headers))

    async def write(self, path: str, body: dict[str, Any], method: str = "POST", **headers: str) -> Answer:
        """Under one idempotency key, however often it has to be sent; a header's `_` stands for its `-`."""
        told = self.headers | self.key() | {name.replace("_", "-"): text for name, text in headers.items()}
        return await self._send(self._http.build_request(method, path, json=body, headers=told))

    def key(self) -> dict[str, str]:
        return {"Idempotency-Key": str(UUID(int=self.chance.getrandbits(128)))}

    def complain(self, what: str, answer: Answer) -> None:
        self.complaints.append(f"{what}: {answer[0]} {answer[1].get('code')}")

    async def _send(self, request: httpx.Request) -> Answer:
        async def once() -> httpx.Response:
            answer = await self._http.send(request)
            if answer.status_code == 500:
                self.complaints.append(f"500 of {request.method} {request.url.path}: {answer.text}")
            return answer

        return await patiently(once, self.chance)


async def patiently(send: Callable[[], Awaitable[httpx.Response]], chance: random.Random) -> Answer:
    """Status and body. No answer, 5xx and 429 are asked again, later and later, as a well-behaved client does."""
    deadline, pause = time.monotonic() + PATIENCE_S, FIRST_PAUSE_S
    while True:
        try:
            answer = await send()
            if answer.status_code < 500 and not (answer.status_code in (409, 429) and "Retry-After" in answer.headers):
                return answer.status_code, answer.json()
            wait = float(answer.headers.get("Retry-After", 0))
        except (httpx.TransportError, ValueError):
            answer, wait = None, 0.0
        if time.monotonic() > deadline:
            return (answer.status_code, {"code": "gave_up"}) if answer is not None else (0, {"code": "no_answer"})
        await asyncio.sleep(max(wait, pause * chance.uniform(0.5, 1)))
        pause = min(pause * 2, LONGEST_PAUSE_S)
