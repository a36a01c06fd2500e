"""What may be asked of the catalogue: to be filled with what the house offers."""

from datetime import date, timedelta

import holidays

from commands import Context
from domain import catalog
from domain.default_catalog import default_entries
from eventlog.store import Ref

FRIDAY_BEFORE = timedelta(days=3)


def seed(ctx: Context) -> int:
    """The default catalogue, with the peak days of this year and the next; what was offered before is left alone.

    Answers how many entries are new: none, the second time.
    """
    days = [day for year in (ctx.today.year, ctx.today.year + 1) for day in peak_days(year)]
    appended = ctx.append([Ref(catalog, catalog.stream())], lambda state: [catalog.stock(state, default_entries(days))])
    return len(appended.events)


def peak_days(year: int) -> list[date]:
    """The Fridays before Memorial Day and Labor Day, and July 3."""
    found = {name: day for day, name in holidays.country_holidays("US", years=year).items()}
    return [found["Memorial Day"] - FRIDAY_BEFORE, date(year, 7, 3), found["Labor Day"] - FRIDAY_BEFORE]
