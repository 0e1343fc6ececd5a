"""Change the contract rate from a day on (DOMAIN §3)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded, refuse_fields
from billing.events import DRAWDOWN_RATE_CHANGED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx
from products.rules import checks

PERMISSION: Final = "debts:write"


class ChangeRate(msgspec.Struct, frozen=True, kw_only=True):
    """`rate`: daily or annual, as the terms have it. No day: today."""

    drawdown_id: UUID
    rate: Decimal
    effective_on: date | None = None


async def change_rate(ctx: Ctx, command: ChangeRate) -> DrawdownView:
    """Refused: no rate; a stranger's drawdown; in the future; before its capture; wrong state; above the
    law's cap.
    """
    ctx.require(PERMISSION)
    refuse_fields(rate=checks.rate(f"{command.rate:f}"))
    on = command.effective_on or ctx.today
    return await recorded(
        ctx,
        command.drawdown_id,
        "change_rate",
        DRAWDOWN_RATE_CHANGED,
        lambda drawdown: decide.change_rate(drawdown, rate=command.rate, on=on, today=ctx.today),
        on=on,
        rate=f"{command.rate:f}",
    )
