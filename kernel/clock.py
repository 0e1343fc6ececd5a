"""The only module that asks the system for the time (DOMAIN §2).

Everything a tenant sees uses `Ctx.now` and `Ctx.today`, made from here: real time for a live tenant, the
tenant's own clock for a test tenant. Tokens, rate limits, leases and audit use `real_now`.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo


def real_now() -> datetime:
    """The machine's time as a UTC instant."""
    return datetime.now(UTC)


def real_milliseconds() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def real_seconds() -> int:
    """Seconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000_000


def business_date(at: datetime, zone: str, cut_off: time_of_day) -> date:
    """The business date at instant `at` in a tenant's `zone`; the date rolls at the cut-off time.

    A cut-off of 00:00 is the calendar date; with 06:00, 2027-03-02 05:59 local still belongs to 2027-03-01.
    It never goes back, even where the hour of the cut-off comes twice as summer time ends.
    """
    local = at.astimezone(ZoneInfo(zone)).date()
    return local if at >= opening(local, zone, cut_off) else local - timedelta(days=1)


def opening(day: date, zone: str, cut_off: time_of_day) -> datetime:
    """The UTC instant at which business date `day` begins in `zone`.

    A cut-off that summer time skips counts from the hour before; of one that comes twice the first counts.
    """
    return datetime.combine(day, cut_off, tzinfo=ZoneInfo(zone)).astimezone(UTC)
