"""Run day end for a tenant (DOMAIN §14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from billing.day import DayEnd, end_days
from kernel.context import Ctx

PERMISSION: Final = "days:write"


class RunDay(msgspec.Struct, frozen=True, kw_only=True):
    """`progress` hears after each chunk how many drawdowns were advanced so far."""

    progress: Callable[[int], None] | None = None


async def run_day(ctx: Ctx, command: RunDay) -> DayEnd:
    """Every day not yet ended, in order, until the tenant's business date. A second run finds nothing left
    to do."""
    ctx.require(PERMISSION)
    return await end_days(ctx, command.progress or (lambda _: None))
