"""The timetable of what is owed."""

from __future__ import annotations

from datetime import date, time

from billing.run_day import PERMISSION, RunDay, run_day
from kernel.context import Ctx
from kernel.jobs import job


@job("billing.day_end", at=time(0, 5), permissions={PERMISSION})
async def day_end(ctx: Ctx, slot_on: date) -> None:
    """Ends every day not yet ended, `slot_on` the last of them or passed already."""
    await run_day(ctx, RunDay())
