"""Write off (账销案存): changes the books, not what the buyer owes (DOMAIN §11)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_WRITTEN_OFF
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx

PERMISSION: Final = "debts:write"


class WriteOffDebt(msgspec.Struct, frozen=True, kw_only=True):
    """Whole, today."""

    drawdown_id: UUID


async def write_off_debt(ctx: Ctx, command: WriteOffDebt) -> DrawdownView:
    """Refused: a stranger's drawdown; wrong state; written off already."""
    ctx.require(PERMISSION)
    return await recorded(
        ctx,
        command.drawdown_id,
        "write_off",
        DRAWDOWN_WRITTEN_OFF,
        lambda drawdown: decide.write_off(drawdown, today=ctx.today),
        on=ctx.today,
    )
