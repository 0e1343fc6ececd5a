"""Move a test tenant's clock forward: every day end on the way runs, as it would have in life (CONVENTIONS
§1.11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from billing.day import end_days
from billing.errors import ClockBackwards, ClockNotMovable
from kernel import clock
from kernel.business_date import TenantDay, read_day, roll_business_date, set_clock
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, Invalid

PERMISSION: Final = "days:write"
FARTHEST_DAYS: Final = 3660
"""Ten years in one move: each day on the way is ended."""


class MoveClock(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: an instant, or the opening of a business date. `progress` hears each day that has ended."""

    to: datetime | date
    progress: Callable[[date], None] | None = None


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    now: datetime
    business_on: date
    days_ended: int


async def move_clock(ctx: Ctx, command: MoveClock) -> ClockView:
    """Refused: a live tenant; a time too far ahead, or before the clock's own. Interrupted, it stands at the
    last whole day: move again."""
    ctx.require(PERMISSION)
    if ctx.mode != "test":
        raise ClockNotMovable()
    async with scope(ctx, read_only=True) as tx:
        zone, cut_off = await tx.fetchrow(
            "SELECT timezone, cut_off FROM kernel.tenant WHERE id = $1", ctx.tenant_id
        )
        stored = await read_day(tx, ctx.tenant_id)
    target = _target(command.to, stored, zone, cut_off)
    last = clock.business_date(target, zone, cut_off)
    day, days = stored.business_on, 0
    while day < last:
        day += timedelta(1)
        opening = clock.opening(day, zone, cut_off)
        await roll_business_date(ctx, day)
        await set_clock(ctx, opening)
        await end_days(ctx.on_day(opening, day), lambda _: None)
        days += 1
        if command.progress is not None:
            command.progress(day)
    await set_clock(ctx, target)
    return ClockView(now=target, business_on=last, days_ended=days)


def _target(to: datetime | date, stored: TenantDay, zone: str, cut_off: time) -> datetime:
    """Dates are compared first: at the ends of the calendar there is no instant in another zone."""
    on = to.date() if isinstance(to, datetime) else to
    last_on = stored.business_on + timedelta(FARTHEST_DAYS)
    if on > last_on:
        raise Invalid(errors=(FieldProblem("#/to", "out_of_range", {"expected": f"<= {last_on}"}),))
    if on >= stored.business_on - timedelta(1):
        target = to.astimezone(UTC) if isinstance(to, datetime) else clock.opening(to, zone, cut_off)
        if stored.clock_at is None or target >= stored.clock_at:
            return target
    raise ClockBackwards(now=str(stored.clock_at))
