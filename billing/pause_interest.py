"""Pause contract interest for some nights (DOMAIN §11)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_INTEREST_PAUSED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx

PERMISSION: Final = "debts:write"


class PauseInterest(msgspec.Struct, frozen=True, kw_only=True):
    """Both days inclusive; without `from_on`: from today."""

    drawdown_id: UUID
    until_on: date
    from_on: date | None = None


async def pause_interest(ctx: Ctx, command: PauseInterest) -> DrawdownView:
    """Refused: a stranger's drawdown; from the future; before its capture; wrong state; until before it
    begins, or more than a year away.
    """
    ctx.require(PERMISSION)
    from_on = command.from_on or ctx.today
    return await recorded(
        ctx,
        command.drawdown_id,
        "pause_interest",
        DRAWDOWN_INTEREST_PAUSED,
        lambda drawdown: decide.pause_interest(
            drawdown, from_on=from_on, until_on=command.until_on, today=ctx.today
        ),
        on=from_on,
        until_on=command.until_on,
    )
