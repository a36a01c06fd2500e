"""The staff's desk: what clients ask of it while they live, and what it sees of them when they have gone."""

import asyncio
import random
import time
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bench.counting import Booked, Seen, history_wrong, list_wrong
from bench.kept import Kept, Outcome
from bench.wanting import window
from bench.wire import Answer, Wire

NEW_YORK = ZoneInfo("America/New_York")
# Staff have 300 reads and 60 writes a minute: more than this would only wait.
HISTORIES, PAGES, CATCH_UP_S = 90, 40, 60
WRITES, WRITES_A_SECOND = 40, 0.5
COMPARED = ("bookings", "revenue", "customers")
DECLINES = {"no_capacity", "slot_taken", "blackout_day"}
DESK = "/api/staff/bookings/"


def today() -> date:
    return datetime.now(NEW_YORK).date()


class Desk:
    """A member of staff, by the header session; an admin, whose refunds need nobody else."""

    def __init__(self, wire: Wire):
        self._wire, self._chance = wire, wire.chance
        self._began, self._written = time.monotonic(), 0

    @classmethod
    async def log_in(cls, http: httpx.AsyncClient, mail: str, password: str) -> "Desk":
        wire = Wire(http, random.Random())
        status, answer = await wire.write("/api/staff/auth/login/", {"email": mail, "password": password})
        if status != 200:
            raise SystemExit(f"staff login refused: {status} {answer.get('code')}; see what `make run` printed")
        wire.headers["X-Session-Id"] = answer["session_id"]
        return cls(wire)

    @property
    def complaints(self) -> list[str]:
        return self._wire.complaints

    # What it does

    async def confirm(self, made: Kept) -> None:
        """Accepts it unpaid."""
        if self._has_time():
            await self._correct(made, status="confirmed")

    async def attend(self, made: Kept, days: list[date]) -> None:
        """What becomes of some of what was paid."""
        match self._chance.random() if self._has_time() else 1.0:
            case x if x < 0.15:
                await self._cancel(made)
            case x if x < 0.25:
                await self._reschedule(made, self._chance.choice(days))
            case x if x < 0.45:
                way = ("in_progress", "delayed", "in_progress", "completed")
                for status in way[: self._chance.randrange(1, 5)]:
                    await self._correct(made, status=status)

    def _has_time(self) -> bool:
        return self._written < WRITES + WRITES_A_SECOND * (time.monotonic() - self._began)

    async def _correct(self, made: Kept, **changes: Any) -> None:
        seen = await self._get(f"{DESK}{made.id}/", **{"X-Consistency-Position": str(made.position)})
        told = {"If_Match": f'"{seen["booking"]["version"]}"'}
        self._note(made, changes, await self._wire.write(f"{DESK}{made.id}/", changes, "PATCH", **told))

    async def _reschedule(self, made: Kept, day: date) -> None:
        """What was paid too much for the new day goes back by itself."""
        asked = {"pickup_date": day.isoformat(), "reason": "Snow on the road"}
        if self._note(made, asked, await self._wire.write(f"{DESK}{made.id}/reschedule/", asked)):
            made.returned_cents = max(0, made.paid_cents - made.price_cents)

    async def _cancel(self, made: Kept) -> None:
        """Gives back all of it, a part, or nothing."""
        back = self._chance.choice([None, made.paid_cents // 3, 0])
        asked = {"reason": "The van broke down"} | ({} if back is None else {"refund_cents": back})
        if self._note(made, asked, await self._wire.write(f"{DESK}{made.id}/cancel/", asked)):
            made.returned_cents = made.paid_cents if back is None else back

    def _note(self, made: Kept, asked: dict[str, Any], answer: Answer) -> bool:
        self._written += 1
        if answer[0] == 200:
            made.told(answer[1])
        elif answer[1].get("code") not in DECLINES:
            self._wire.complain(f"staff asked {asked}", answer)
        return answer[0] == 200

    # What it sees

    async def caught_up(self) -> None:
        """Waits until no read model is behind the log: what happened before this run is not counted in it."""
        deadline = time.monotonic() + CATCH_UP_S
        while any(model["lag_events"] for model in (await self._get("/readyz"))["read_models"].values()):
            if time.monotonic() > deadline:
                raise SystemExit(f"the read models are still behind the log after {CATCH_UP_S} s")
            await asyncio.sleep(0.2)

    async def look(self) -> Seen:
        """Dashboard and calendar of one moment: again, if something happened while they were asked."""
        dashboard = await self._get("/api/staff/dashboard/")
        while True:
            day = today()
            left = await self._left(day, window(day)[-1])
            again = await self._get("/api/staff/dashboard/")
            if day == today() and all(again[part] == dashboard[part] for part in COMPARED):
                return Seen(day, dashboard, left)
            dashboard = again

    async def _left(self, first: date, last: date) -> dict[tuple[str, str], int]:
        found = await self._get(f"/api/public/calendar/availability/?start_date={first}&end_date={last}")
        return {(day["date"], service): left for day in found["days"] for service, left in day["remaining"].items()}

    async def list_wrong(self, booked: list[Booked]) -> list[str]:
        """Page by page from the newest on, until all of this run have been listed, or the pages are enough."""
        wanted, listed, page = {one.kept.number for one in booked}, {}, {"limit": 100}
        for _ in range(PAGES):
            found = await self._get(DESK, page)
            listed |= {line["booking_number"]: line for line in found["bookings"]}
            if wanted <= listed.keys() or not found["next_cursor"]:
                return list_wrong(booked, listed)
            page = page | {"cursor": found["next_cursor"]}
        return list_wrong([one for one in booked if one.kept.number in listed], listed)

    async def histories_wrong(self, outcomes: list[Outcome], booked: list[Booked], is_every: bool) -> list[str]:
        """Some of the histories, or every one."""
        come = [outcome for outcome in outcomes if outcome.bookings]
        chosen = come if is_every else self._chance.sample(come, min(HISTORIES, len(come)))
        theirs = {outcome.mail: [one for one in booked if one.kept.mail == outcome.mail] for outcome in chosen}
        wrong = [history_wrong(mail, theirs[mail], await self._history(mail)) for mail in theirs]
        return [found for found in wrong if found]

    async def _history(self, mail: str) -> dict[str, Any] | None:
        found = await self._get("/api/staff/customers/", {"search": mail})
        persons = [person for person in found["customers"] if person["email"] == mail]
        return await self._get(f"/api/staff/customers/{persons[0]['id']}/") if persons else None

    async def _get(self, path: str, params: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        status, answer = await self._wire.get(path, params, **headers)
        if status != 200:
            raise SystemExit(f"{path} answered {status} {answer.get('code')}")
        return answer
