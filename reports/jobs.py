"""The timetable of what is worked out."""

from __future__ import annotations

from datetime import date, time

from kernel.context import Ctx
from kernel.jobs import job
from reports.buyer_facts import PERMISSION, ComputeFacts, compute_facts


@job("reports.buyer_facts", at=time(0, 30), permissions={PERMISSION})
async def buyer_facts(ctx: Ctx, slot_on: date) -> None:
    """After day end; where that is late, this is tried again. A day missed is not caught up: facts are of
    now.
    """
    if slot_on == ctx.today:
        await compute_facts(ctx, ComputeFacts())
