"""Open a dispute over goods: only their amount stops (DOMAIN §11)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_DISPUTED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx

PERMISSION: Final = "debts:write"


class OpenDispute(msgspec.Struct, frozen=True, kw_only=True):
    """`dispute_id`: chosen by the caller, so that the verdict can name it. No day: today."""

    drawdown_id: UUID
    dispute_id: UUID
    amount_minor: int
    capture_no: int = 1
    effective_on: date | None = None


async def open_dispute(ctx: Ctx, command: OpenDispute) -> DrawdownView:
    """Refused: a stranger's drawdown; in the future; before its capture; wrong state; no such capture; a
    dispute of it is open; more than is open.
    """
    ctx.require(PERMISSION)
    on = command.effective_on or ctx.today
    return await recorded(
        ctx,
        command.drawdown_id,
        "dispute",
        DRAWDOWN_DISPUTED,
        lambda drawdown: decide.open_dispute(
            drawdown,
            dispute_id=command.dispute_id,
            capture_no=command.capture_no,
            amount_minor=command.amount_minor,
            on=on,
            today=ctx.today,
        ),
        on=on,
        dispute_id=command.dispute_id,
        capture_no=command.capture_no,
        amount_minor=command.amount_minor,
    )
